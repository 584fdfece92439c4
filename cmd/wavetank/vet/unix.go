package vet

import (
	"go/ast"
	"go/types"

	"golang.org/x/tools/go/ast/inspector"
)

// checkUnix rejects time.Unix and its like where the result keeps the time zone
// of this machine, in which it would be printed and taken apart.
func (c *checker) checkUnix(cur inspector.Cursor, call *ast.CallExpr, name string) {
	switch name {
	case "Unix", "UnixMilli", "UnixMicro":
	default:
		return
	}
	switch parent := cur.Parent().Node().(type) {
	case *ast.SelectorExpr:
		if zoneless(parent.Sel.Name) {
			return
		}
	case *ast.CallExpr: // an argument of a comparison
		if sel, ok := parent.Fun.(*ast.SelectorExpr); ok && isTime(c.pass.TypesInfo.TypeOf(sel.X)) && zoneless(sel.Sel.Name) {
			return
		}
	}
	c.report(finding{call, ruleTime, "time." + name, "its result is in the time zone of this machine", "write time." + name + "(...).UTC()"})
}

// zoneless reports whether a method of time.Time looks at the instant only, or
// sets another zone.
func zoneless(method string) bool {
	switch method {
	case "UTC", "In", "Unix", "UnixMilli", "UnixMicro", "UnixNano", "IsZero",
		"Sub", "Before", "After", "Equal", "Compare":
		return true
	}
	return false
}

func isTime(t types.Type) bool {
	named, ok := types.Unalias(t).(*types.Named)
	return ok && named.Obj().Pkg() != nil && named.Obj().Pkg().Path() == "time" && named.Obj().Name() == "Time"
}
