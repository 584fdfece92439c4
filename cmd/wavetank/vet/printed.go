package vet

import (
	"go/ast"
	"go/constant"
	"go/types"
	"strings"
	"unicode/utf8"
)

const (
	whyAddress     = "addresses differ from run to run"
	insteadAddress = "print an identifier"
)

// checkPrinted rejects arguments of package fmt and of loggers that come out as
// an address.
func (c *checker) checkPrinted(call *ast.CallExpr, pkg, name string) {
	switch {
	case pkg == "fmt":
		c.checkFmt(call, name)
	case pkg == "log/slog" && name == "Any":
		c.checkOperands(call.Args)
	case c.isLoggerCall(call):
		c.checkOperands(call.Args)
	}
}

// isLoggerCall reports whether call calls a method of slog.Logger.
func (c *checker) isLoggerCall(call *ast.CallExpr) bool {
	sel, ok := ast.Unparen(call.Fun).(*ast.SelectorExpr)
	if !ok {
		return false
	}
	fn, ok := c.pass.TypesInfo.Uses[sel.Sel].(*types.Func)
	return ok && fn.Pkg() != nil && fn.Pkg().Path() == "log/slog" && receiver(fn) == "Logger"
}

// checkFmt checks a call of package fmt by its format, if it has one.
func (c *checker) checkFmt(call *ast.CallExpr, name string) {
	formatted := strings.HasSuffix(name, "f")
	if !formatted {
		if strings.HasPrefix(name, "F") && len(call.Args) > 0 { // the writer is not printed
			c.checkOperands(call.Args[1:])
		} else if strings.HasPrefix(name, "Sprint") || strings.HasPrefix(name, "Append") {
			c.checkOperands(call.Args)
		}
		return
	}
	for i, arg := range call.Args {
		v := c.pass.TypesInfo.Types[arg].Value
		if v == nil || v.Kind() != constant.String {
			continue
		}
		if !call.Ellipsis.IsValid() {
			c.checkVerbs(arg, constant.StringVal(v), call.Args[i+1:])
		}
		return // only the first constant string can be the format
	}
}

func (c *checker) checkOperands(args []ast.Expr) {
	for _, arg := range args {
		if c.printsAddress(arg, 'v') {
			c.reportAddress(arg, "printing "+types.ExprString(arg))
		}
	}
}

func (c *checker) reportAddress(n ast.Node, what string) {
	c.report(finding{n, ruleAddresses, what, whyAddress, insteadAddress})
}

// checkVerbs walks through a format and the arguments of its verbs. It gives up
// at explicit indexes, "%[1]v", where it takes all arguments for printed with %v.
func (c *checker) checkVerbs(format ast.Expr, text string, args []ast.Expr) {
	for {
		_, rest, ok := strings.Cut(text, "%")
		if !ok {
			return
		}
		flags := len(rest) - len(strings.TrimLeft(rest, "+-# 0.*123456789"))
		stars := strings.Count(rest[:flags], "*")
		args = args[min(stars, len(args)):]
		verb, size := utf8.DecodeRuneInString(rest[flags:])
		text = rest[flags+size:]
		switch verb {
		case '%':
			continue
		case '[':
			c.checkOperands(args)
			return
		case 'p':
			c.reportAddress(format, "%p")
		}
		if len(args) == 0 {
			continue
		}
		if verb != 'p' && verb != 'T' && c.printsAddress(args[0], verb) {
			c.reportAddress(args[0], "printing "+types.ExprString(args[0])+" with %"+string(verb))
		}
		args = args[1:]
	}
}

// printsAddress reports whether fmt shows e as an address, or something in it.
// What an interface holds is not known, and taken for harmless.
func (c *checker) printsAddress(e ast.Expr, verb rune) bool {
	t := c.pass.TypesInfo.TypeOf(e)
	return t != nil && !c.pass.TypesInfo.Types[e].IsNil() && showsAddress(t, verb, true, 0, make(map[visit]bool))
}

// visit is a type on the way of showsAddress, which a type may lead back to.
type visit struct {
	t               types.Type
	exported, below bool
}

// showsAddress follows a type as fmt follows a value: methods are called where
// they can be, which is nowhere below an unexported field, and a pointer is
// followed only at the top and only to what is composed of parts.
func showsAddress(t types.Type, verb rune, exported bool, depth int, seen map[visit]bool) bool {
	now := visit{t, exported, depth > 0}
	if seen[now] {
		return false
	}
	seen[now] = true
	if exported && printsItself(t, verb) {
		return false
	}
	inner := func(t types.Type, exported bool) bool { return showsAddress(t, verb, exported, depth+1, seen) }
	switch u := t.Underlying().(type) {
	case *types.Chan, *types.Signature:
		return true
	case *types.Basic:
		return u.Kind() == types.UnsafePointer
	case *types.Pointer:
		return depth > 0 || !isComposed(u.Elem()) || inner(u.Elem(), exported)
	case *types.Slice:
		return inner(u.Elem(), exported)
	case *types.Array:
		return inner(u.Elem(), exported)
	case *types.Map:
		return inner(u.Key(), exported) || inner(u.Elem(), exported)
	case *types.Struct:
		for f := range u.Fields() {
			if inner(f.Type(), exported && f.Exported()) {
				return true
			}
		}
	}
	return false
}

func isComposed(t types.Type) bool {
	switch t.Underlying().(type) {
	case *types.Struct, *types.Array, *types.Slice, *types.Map:
		return true
	}
	return false
}

// printsItself reports whether fmt leaves values of t to a method of theirs.
func printsItself(t types.Type, verb rune) bool {
	if hasMethod(t, "Format") || hasMethod(t, "LogValue") {
		return true
	}
	return strings.ContainsRune("vsxXq", verb) && (hasMethod(t, "Error") || hasMethod(t, "String"))
}

func hasMethod(t types.Type, name string) bool {
	obj, _, _ := types.LookupFieldOrMethod(t, false, nil, name)
	_, ok := obj.(*types.Func)
	return ok
}
