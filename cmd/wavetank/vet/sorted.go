package vet

import (
	"go/ast"
	"go/token"
	"go/types"
	"strings"

	"golang.org/x/tools/go/ast/inspector"
)

// whyUnsorted says why the slice target, filled by stmt in map order, may be seen
// unsorted; it is empty if the same function sorts it before any other use.
func (c *checker) whyUnsorted(cur inspector.Cursor, stmt ast.Stmt, target ast.Expr) string {
	body := enclosingBody(cur)
	if body == nil {
		return "it is not sorted"
	}
	s := sortSearch{info: c.pass.TypesInfo, stmt: stmt, path: pathOf(c.pass.TypesInfo, target)}
	sorted := s.find(body)
	name := types.ExprString(target)
	if sorted == nil {
		return "nothing after the loop sorts " + name
	}
	if use := s.usedBefore(body, sorted.Pos()); use != nil {
		return name + " is used before it is sorted"
	}
	return ""
}

// enclosingBody is the body of the innermost function around cur.
func enclosingBody(cur inspector.Cursor) *ast.BlockStmt {
	for fn := range cur.Enclosing((*ast.FuncDecl)(nil), (*ast.FuncLit)(nil)) {
		switch fn := fn.Node().(type) {
		case *ast.FuncDecl:
			return fn.Body
		case *ast.FuncLit:
			return fn.Body
		}
	}
	return nil
}

// sortSearch looks for the sort that makes up for filling a slice in map order.
type sortSearch struct {
	info *types.Info
	stmt ast.Stmt // fills the slice
	path path     // the slice
}

// find returns the first statement behind s.stmt that sorts the slice and is
// always reached when s.stmt was (its block contains s.stmt).
func (s sortSearch) find(body *ast.BlockStmt) (found ast.Stmt) {
	ast.Inspect(body, func(n ast.Node) bool {
		if found != nil || n == nil || n.End() <= s.stmt.Pos() {
			return false
		}
		for _, next := range statements(n) {
			if contains(n, s.stmt) && next.Pos() >= s.stmt.End() && s.sorts(next) {
				found = next
				return false
			}
		}
		return true
	})
	return found
}

// statements are the statements directly in n, if n is a block or a case.
func statements(n ast.Node) []ast.Stmt {
	switch n := n.(type) {
	case *ast.BlockStmt:
		return n.List
	case *ast.CaseClause:
		return n.Body
	}
	return nil
}

func contains(outer, inner ast.Node) bool {
	return outer.Pos() <= inner.Pos() && inner.End() <= outer.End()
}

// sorts reports whether stmt is a call that sorts the slice in place.
func (s sortSearch) sorts(stmt ast.Stmt) bool {
	expr, ok := stmt.(*ast.ExprStmt)
	if !ok {
		return false
	}
	call, ok := expr.X.(*ast.CallExpr)
	if !ok || len(call.Args) == 0 {
		return false
	}
	switch pkg, name := callee(s.info, call); pkg {
	case "slices":
		return strings.HasPrefix(name, "Sort") && s.isSlice(call.Args[0])
	case "sort":
		switch name {
		case "Ints", "Strings", "Float64s", "Slice", "SliceStable", "Sort", "Stable":
			return s.isSlice(call.Args[0])
		}
	}
	return false
}

// isSlice reports whether arg is the slice, or a conversion of it to a type with
// methods for sorting.
func (s sortSearch) isSlice(arg ast.Expr) bool {
	if call, ok := arg.(*ast.CallExpr); ok && len(call.Args) == 1 && s.info.Types[call.Fun].IsType() {
		arg = call.Args[0]
	}
	return s.path.same(pathOf(s.info, arg))
}

// usedBefore finds a use of the slice between s.stmt and the sort at end that
// could show its order.
func (s sortSearch) usedBefore(body *ast.BlockStmt, end token.Pos) (use ast.Node) {
	elsewhere := func(n ast.Node) bool {
		return n.End() <= s.stmt.End() || n.Pos() >= end || s.harmless(n)
	}
	visitPlaces(s.info, body, elsewhere, func(e ast.Expr, p path) {
		if e.Pos() >= s.stmt.End() && s.path.overlaps(p) {
			use = e
		}
	})
	return use
}

// harmless reports whether n uses the slice without showing its order: len, cap,
// and appending to it.
func (s sortSearch) harmless(n ast.Node) bool {
	switch n := n.(type) {
	case *ast.CallExpr:
		id, ok := n.Fun.(*ast.Ident)
		return ok && isBuiltin(s.info, id) && (id.Name == "len" || id.Name == "cap")
	case *ast.AssignStmt:
		if len(n.Lhs) != 1 || len(n.Rhs) != 1 || !s.path.same(pathOf(s.info, n.Lhs[0])) {
			return false
		}
		args, ok := builtinCall(s.info, n.Rhs[0], "append")
		return ok && s.path.same(pathOf(s.info, args[0]))
	}
	return false
}

func isBuiltin(info *types.Info, id *ast.Ident) bool {
	_, ok := info.Uses[id].(*types.Builtin)
	return ok
}

// builtinCall returns the arguments if e calls the builtin function of that name.
func builtinCall(info *types.Info, e ast.Expr, name string) ([]ast.Expr, bool) {
	call, ok := ast.Unparen(e).(*ast.CallExpr)
	if !ok {
		return nil, false
	}
	id, ok := ast.Unparen(call.Fun).(*ast.Ident)
	if !ok || id.Name != name || !isBuiltin(info, id) || len(call.Args) == 0 {
		return nil, false
	}
	return call.Args, true
}
