package vet

import (
	"go/ast"
	"go/types"
)

// A variable that an iteration declares without a value leads to nothing outside
// the iteration, and neither do its methods as long as nothing from outside is put
// into it: a strings.Builder, an encoder. (A method that changes a variable of its
// package is reported where that is declared.)

// declares takes note of such variables.
func (p *proof) declares(spec *ast.ValueSpec) {
	if len(spec.Values) > 0 {
		return
	}
	for _, id := range spec.Names {
		if obj := p.info.Defs[id]; obj != nil {
			p.fresh[obj] = true
		}
	}
}

// spoils takes note that something is put into what e is a part of.
func (p *proof) spoils(e ast.Expr) {
	if root := rootIdent(e); root != nil {
		delete(p.fresh, p.info.ObjectOf(root))
	}
}

// staysInside reports whether call is one of a method of such a variable, with
// arguments that it cannot reach the outside through.
func (p *proof) staysInside(call *ast.CallExpr) bool {
	sel, ok := ast.Unparen(call.Fun).(*ast.SelectorExpr)
	if !ok {
		return false
	}
	selection := p.info.Selections[sel]
	if selection == nil || selection.Kind() != types.MethodVal {
		return false
	}
	if id, ok := sel.X.(*ast.Ident); !ok || !p.fresh[p.info.Uses[id]] {
		return false
	}
	for _, arg := range call.Args {
		if !p.isPlain(arg) {
			return false
		}
	}
	return true
}

// isPlain reports whether e is a number, a string or the like, or made of nothing
// but the iteration's own variables.
func (p *proof) isPlain(e ast.Expr) bool {
	if t := p.info.TypeOf(e); t != nil {
		if b, ok := t.Underlying().(*types.Basic); ok && b.Kind() != types.UnsafePointer {
			return true
		}
	}
	plain := true
	ast.Inspect(e, func(n ast.Node) bool {
		if id, ok := n.(*ast.Ident); ok {
			v, isVar := p.info.Uses[id].(*types.Var)
			plain = plain && (!isVar || v.IsField() || p.own(v))
		}
		return plain
	})
	return plain
}
