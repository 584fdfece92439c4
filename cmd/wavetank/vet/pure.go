package vet

import (
	"go/ast"
	"go/token"
	"go/types"
)

// impure finds a part of e that may do more than compute a value, and says why;
// nil if there is none. It trusts only functions of the standard library that
// are known to have no effects, and calls for which harmless reports true.
func impure(info *types.Info, e ast.Expr, harmless func(*ast.CallExpr) bool) (n ast.Node, why string) {
	ast.Inspect(e, func(part ast.Node) bool {
		if n != nil {
			return false
		}
		switch part := part.(type) {
		case *ast.FuncLit:
			n, why = part, "a function literal may do anything"
		case *ast.UnaryExpr:
			if part.Op == token.ARROW {
				n, why = part, "it receives from a channel"
			}
		case *ast.CallExpr:
			if !pureCall(info, part) && !harmless(part) {
				n, why = part, "it calls "+calledName(part)+" once per entry"
			}
		}
		return n == nil
	})
	return n, why
}

func pureCall(info *types.Info, call *ast.CallExpr) bool {
	fun := ast.Unparen(call.Fun)
	if info.Types[fun].IsType() {
		return true // a conversion
	}
	if id, ok := fun.(*ast.Ident); ok && isBuiltin(info, id) {
		switch id.Name {
		case "len", "cap", "min", "max", "new", "make", "append", "complex", "real", "imag":
			return true
		}
		return false
	}
	if pkg, name := callee(info, call); pkg != "" {
		return pureFunction(pkg, name)
	}
	return pureMethod(info, fun)
}

// pureFunction reports whether a package-level function of the standard library
// only computes.
func pureFunction(pkg, name string) bool {
	switch pkg {
	case "bytes", "cmp", "math", "math/bits", "net/netip", "path", "strconv", "strings", "unicode", "unicode/utf8":
		return true
	case "errors":
		return name == "Is" || name == "New" || name == "Join"
	case "fmt":
		switch name {
		case "Sprint", "Sprintf", "Sprintln", "Errorf":
			return true
		}
	case "slices":
		switch name {
		case "Contains", "Index", "Equal", "Compare", "Clone", "Concat", "Max", "Min", "BinarySearch", "IsSorted":
			return true
		}
	case "time":
		return name == "Unix" || name == "UnixMilli" || name == "Date"
	}
	return false
}

// pureMethod reports whether fun is a method of a plain value of the standard
// library (a time, an address), called on a copy.
func pureMethod(info *types.Info, fun ast.Expr) bool {
	sel, ok := fun.(*ast.SelectorExpr)
	if !ok {
		return false
	}
	fn, ok := info.Uses[sel.Sel].(*types.Func)
	if !ok || fn.Pkg() == nil || fn.Signature().Recv() == nil {
		return false
	}
	if _, pointer := fn.Signature().Recv().Type().(*types.Pointer); pointer {
		return false
	}
	return fn.Pkg().Path() == "time" || fn.Pkg().Path() == "net/netip"
}
