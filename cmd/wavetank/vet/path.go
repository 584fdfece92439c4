package vet

import (
	"go/ast"
	"go/types"
	"strings"
)

// path names a place in memory as the source spells it: a variable and the
// fields and indexes that lead from it, with every index written as "[]". Two
// paths that do not overlap are different places, unless pointers conspire.
type path struct {
	root types.Object // nil if the expression does not start at a variable
	tail string       // ".field[].field"
}

// pathOf is the path of e. Its root is nil if e is not a place.
func pathOf(info *types.Info, e ast.Expr) path {
	switch e := e.(type) {
	case *ast.ParenExpr:
		return pathOf(info, e.X)
	case *ast.StarExpr:
		return pathOf(info, e.X)
	case *ast.Ident:
		if v := variable(info, e); v != nil {
			return path{root: v}
		}
	case *ast.SelectorExpr:
		if v := variable(info, e.Sel); v != nil && !v.IsField() {
			return path{root: v} // a variable of another package
		}
		if _, ok := info.ObjectOf(e.Sel).(*types.Func); ok {
			return pathOf(info, e.X) // a method sees its receiver
		}
		return pathOf(info, e.X).append("." + e.Sel.Name)
	case *ast.IndexExpr:
		return pathOf(info, e.X).append("[]")
	}
	return path{}
}

func variable(info *types.Info, id *ast.Ident) *types.Var {
	v, _ := info.ObjectOf(id).(*types.Var)
	return v
}

func (p path) append(tail string) path {
	p.tail += tail
	return p
}

func (p path) same(q path) bool {
	return p.root != nil && p == q
}

// overlaps reports whether one of the places is, or is part of, the other.
func (p path) overlaps(q path) bool {
	return p.root != nil && p.root == q.root && (within(p.tail, q.tail) || within(q.tail, p.tail))
}

// within reports whether the path tail inner continues outer.
func within(outer, inner string) bool {
	rest, ok := strings.CutPrefix(inner, outer)
	return ok && (rest == "" || rest[0] == '.' || rest[0] == '[')
}

// rootIdent is the identifier an expression of fields, indexes and dereferences
// starts with; nil if it starts with something else.
func rootIdent(e ast.Expr) *ast.Ident {
	switch e := e.(type) {
	case *ast.ParenExpr:
		return rootIdent(e.X)
	case *ast.StarExpr:
		return rootIdent(e.X)
	case *ast.SelectorExpr:
		return rootIdent(e.X)
	case *ast.IndexExpr:
		return rootIdent(e.X)
	case *ast.Ident:
		return e
	}
	return nil
}

// visitPlaces calls visit for each place that n reads or writes, the longest
// spelling only: for m[i].name that is m[].name and i. Nodes for which prune
// reports true are left out.
func visitPlaces(info *types.Info, n ast.Node, prune func(ast.Node) bool, visit func(ast.Expr, path)) {
	ast.Inspect(n, func(n ast.Node) bool {
		if n == nil || prune(n) {
			return false
		}
		e, ok := n.(ast.Expr)
		if !ok {
			return true
		}
		p := pathOf(info, e)
		if p.root == nil {
			return true
		}
		visit(e, p)
		for _, index := range indexes(e) {
			visitPlaces(info, index, prune, visit)
		}
		return false
	})
}

// indexes are the index expressions in the spelling of a place.
func indexes(e ast.Expr) []ast.Expr {
	switch e := e.(type) {
	case *ast.ParenExpr:
		return indexes(e.X)
	case *ast.StarExpr:
		return indexes(e.X)
	case *ast.SelectorExpr:
		return indexes(e.X)
	case *ast.IndexExpr:
		return append(indexes(e.X), e.Index)
	}
	return nil
}
