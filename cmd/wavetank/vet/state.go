package vet

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"strings"

	"golang.org/x/tools/go/ast/inspector"
)

const (
	whyState     = "all simulated machines share it, and it outlives their processes"
	insteadState = "keep it in a value that the program makes when it starts"
)

// checkState rejects variables of packages that change while the program runs.
// What only init functions and initialisers set is as good as a constant.
func (c *checker) checkState(in *inspector.Inspector) {
	s := stateSearch{pkg: c.pass.Pkg, info: c.pass.TypesInfo, changing: make(map[*types.Func]bool), written: make(map[*types.Var]ast.Node)}
	s.findChanging(c.pass.Files)
	for cur := range in.Root().Preorder((*ast.FuncDecl)(nil), (*ast.FuncLit)(nil)) {
		if c.exceptions[c.pass.Fset.File(cur.Node().Pos())] == nil {
			continue // a test
		}
		switch fn := cur.Node().(type) {
		case *ast.FuncDecl:
			if fn.Body != nil && (fn.Name.Name != "init" || fn.Recv != nil) {
				s.body(fn.Body)
			}
		case *ast.FuncLit:
			if enclosingBody(cur.Parent()) == nil { // not read with a function around it
				s.body(fn.Body)
			}
		}
	}
	for _, v := range s.order {
		c.reportState(v, s.written[v])
	}
}

func (c *checker) reportState(v *types.Var, at ast.Node) {
	if v.Pkg() != c.pass.Pkg {
		c.report(finding{at, ruleState, "change of " + v.Pkg().Path() + "." + v.Name(), whyState, insteadState})
		return
	}
	if c.exceptions[c.pass.Fset.File(v.Pos())] == nil {
		return
	}
	name := &ast.Ident{NamePos: v.Pos(), Name: v.Name()}
	where := c.pass.Fset.Position(at.Pos())
	c.report(finding{name, ruleState, "package variable " + v.Name(),
		fmt.Sprintf("%s (changed in %s, line %d)", whyState, base(where.Filename), where.Line), insteadState})
}

func base(name string) string { return name[strings.LastIndexAny(name, `/\`)+1:] }

// stateSearch finds the package-level variables that functions change.
type stateSearch struct {
	pkg      *types.Package
	info     *types.Info
	changing map[*types.Func]bool    // methods of this package that change what their receiver leads to
	written  map[*types.Var]ast.Node // the first change of each variable
	order    []*types.Var            // its keys, as they were found
}

// body notes the package-level variables that a function changes.
func (s *stateSearch) body(body *ast.BlockStmt) {
	s.visitChanges(body, func(n ast.Node, p path) {
		v, ok := p.root.(*types.Var)
		if !ok || v.Pkg() == nil || v.Parent() != v.Pkg().Scope() || s.written[v] != nil {
			return
		}
		s.written[v] = n
		s.order = append(s.order, v)
	})
}

// findChanging finds the methods that change what their receiver leads to, by
// themselves or through another such method.
func (s *stateSearch) findChanging(files []*ast.File) {
	for grown := true; grown; {
		grown = false
		for _, f := range files {
			for _, decl := range f.Decls {
				if fn, ok := decl.(*ast.FuncDecl); ok && s.changes(fn) {
					grown = true
				}
			}
		}
	}
}

// changes marks fn if it is a method that changes its receiver, and reports
// whether that is news.
func (s *stateSearch) changes(fn *ast.FuncDecl) bool {
	obj, _ := s.info.Defs[fn.Name].(*types.Func)
	if obj == nil || fn.Body == nil || fn.Recv == nil || s.changing[obj] {
		return false
	}
	recv := obj.Signature().Recv()
	_, pointer := recv.Type().Underlying().(*types.Pointer)
	s.visitChanges(fn.Body, func(n ast.Node, p path) {
		if p.root == recv && (pointer || strings.Contains(p.tail, "[]")) {
			s.changing[obj] = true
		}
	})
	return s.changing[obj]
}

// visitChanges calls visit for each place that statements in body change, or may
// change because its address leaves them.
func (s *stateSearch) visitChanges(body *ast.BlockStmt, visit func(ast.Node, path)) {
	place := func(e ast.Expr) {
		if p := pathOf(s.info, e); p.root != nil {
			visit(e, p)
		}
	}
	ast.Inspect(body, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.AssignStmt:
			if n.Tok != token.DEFINE {
				for _, lhs := range n.Lhs {
					place(lhs)
				}
			}
		case *ast.IncDecStmt:
			place(n.X)
		case *ast.RangeStmt:
			if n.Tok == token.ASSIGN {
				place(n.Key)
				place(n.Value)
			}
		case *ast.UnaryExpr:
			if n.Op == token.AND {
				place(n.X)
			}
		case *ast.CallExpr:
			if arg := s.changedArgument(n); arg != nil {
				place(arg)
			}
		case *ast.SelectorExpr:
			if s.changesReceiver(n) {
				place(n.X)
			}
		}
		return true
	})
}

// changedArgument is what a call of a builtin function changes.
func (s *stateSearch) changedArgument(call *ast.CallExpr) ast.Expr {
	for _, name := range []string{"delete", "clear", "copy"} {
		if args, ok := builtinCall(s.info, call, name); ok {
			return args[0]
		}
	}
	return nil
}

// changesReceiver reports whether sel is a method that may change what it is
// called on: one of this package that does, or one of another that takes the
// address of a variable.
func (s *stateSearch) changesReceiver(sel *ast.SelectorExpr) bool {
	selection := s.info.Selections[sel]
	if selection == nil || selection.Kind() != types.MethodVal {
		return false
	}
	fn := selection.Obj().(*types.Func).Origin()
	if s.changing[fn] {
		return true
	}
	_, byPointer := fn.Signature().Recv().Type().Underlying().(*types.Pointer)
	_, isPointer := selection.Recv().Underlying().(*types.Pointer)
	return byPointer && !isPointer && fn.Pkg() != s.pkg
}
