package vet

import (
	"fmt"
	"go/ast"
	"go/types"

	"golang.org/x/tools/go/ast/inspector"
)

const (
	whyMapOrder     = "Go iterates over maps in another order each time"
	insteadMapOrder = "range over slices.Sorted(maps.Keys(m)), or keep the entries in a slice"
)

// keyObject is the variable that holds the key of the entry a loop over a map is
// visiting; nil if there is none.
func keyObject(info *types.Info, loop *ast.RangeStmt) types.Object {
	if id, ok := loop.Key.(*ast.Ident); ok {
		return info.Defs[id]
	}
	return nil
}

// checkMapLoop reports a loop over a map unless its effect is the same in any
// order. key is the variable with the current key, or nil.
func (c *checker) checkMapLoop(cur inspector.Cursor, loop *ast.RangeStmt, key types.Object) {
	if loop.Key == nil && loop.Value == nil {
		return // the body cannot tell one entry from another
	}
	obstacle := prove(c.pass.TypesInfo, loop, key, func(target ast.Expr) string {
		return c.whyUnsorted(cur, loop, target)
	})
	if obstacle == nil {
		return
	}
	line := c.pass.Fset.Position(obstacle.node.Pos()).Line
	c.report(finding{
		node: loop, rule: ruleOrder,
		what:    "range over map " + types.ExprString(loop.X),
		why:     fmt.Sprintf("%s, and the order escapes on line %d: %s", whyMapOrder, line, obstacle.why),
		instead: insteadMapOrder + ", or write //wavetank:ordered REASON",
	})
}

// checkIteratorLoop handles a range over maps.All, maps.Keys or maps.Values.
func (c *checker) checkIteratorLoop(cur inspector.Cursor, loop *ast.RangeStmt, call *ast.CallExpr) {
	switch mapIterator(c.pass.TypesInfo, call) {
	case "All", "Keys":
		c.checkMapLoop(cur, loop, keyObject(c.pass.TypesInfo, loop))
	case "Values":
		c.checkMapLoop(cur, loop, nil)
	}
}

// mapIterator is the name of the function of package maps that call calls, if
// that yields entries in map order.
func mapIterator(info *types.Info, call *ast.CallExpr) string {
	switch pkg, name := callee(info, call); {
	case pkg == "maps" && (name == "All" || name == "Keys" || name == "Values"):
		return name
	}
	return ""
}

// callee names the package-level function that call calls; both are empty for
// methods, conversions and function values.
func callee(info *types.Info, call *ast.CallExpr) (pkg, name string) {
	fun := ast.Unparen(call.Fun)
	switch index := fun.(type) { // explicit type arguments
	case *ast.IndexExpr:
		fun = index.X
	case *ast.IndexListExpr:
		fun = index.X
	}
	var id *ast.Ident
	switch fun := fun.(type) {
	case *ast.Ident:
		id = fun
	case *ast.SelectorExpr:
		id = fun.Sel
	default:
		return "", ""
	}
	fn, ok := info.Uses[id].(*types.Func)
	if !ok || fn.Pkg() == nil || fn.Signature().Recv() != nil {
		return "", ""
	}
	return fn.Pkg().Path(), fn.Name()
}

// checkCall rejects calls that let an order escape by way of their arguments.
func (c *checker) checkCall(cur inspector.Cursor, call *ast.CallExpr) {
	if mapIterator(c.pass.TypesInfo, call) != "" {
		c.checkMapIterator(cur, call)
	}
	if id, ok := ast.Unparen(call.Fun).(*ast.Ident); ok && isBuiltin(c.pass.TypesInfo, id) {
		c.checkBuiltin(call, id.Name)
	}
	pkg, name := callee(c.pass.TypesInfo, call)
	switch pkg {
	case "maps":
		c.checkMapFunc(call, name)
	case "time":
		c.checkUnix(cur, call, name)
	}
	c.checkPrinted(call, pkg, name)
}

func (c *checker) checkBuiltin(call *ast.CallExpr, name string) {
	switch name {
	case "close":
		c.report(finding{call, ruleThreads, "close of a channel", whyChannel, insteadChannel})
	case "print", "println":
		c.report(finding{call, ruleOutside, "builtin " + name, "it writes to the process's standard error", "log to host.Host.Log"})
	}
}

// checkMapFunc rejects the functions of package maps that call a function once
// per entry, unless that only computes.
func (c *checker) checkMapFunc(call *ast.CallExpr, name string) {
	if name != "DeleteFunc" && name != "EqualFunc" || len(call.Args) == 0 {
		return
	}
	if !c.onlyComputes(call.Args[len(call.Args)-1]) {
		c.report(finding{call, ruleOrder, "maps." + name, whyMapOrder + ", and the function that it calls may have effects",
			"pass a function literal that only returns a condition, or range over sorted keys"})
	}
}

// onlyComputes reports whether fn is a function literal that does nothing but
// return the value of expressions without effects.
func (c *checker) onlyComputes(fn ast.Expr) bool {
	lit, ok := ast.Unparen(fn).(*ast.FuncLit)
	if !ok || len(lit.Body.List) != 1 {
		return false
	}
	ret, ok := lit.Body.List[0].(*ast.ReturnStmt)
	if !ok {
		return false
	}
	for _, e := range ret.Results {
		if n, _ := impure(c.pass.TypesInfo, e, func(*ast.CallExpr) bool { return false }); n != nil {
			return false
		}
	}
	return true
}

// checkMapIterator accepts maps.Keys and its like where their order is undone at
// once: sorted, collected into a map, or collected into a slice that is sorted.
func (c *checker) checkMapIterator(cur inspector.Cursor, call *ast.CallExpr) {
	parent := cur.Parent()
	switch n := parent.Node().(type) {
	case *ast.RangeStmt:
		return // checkRange has judged it
	case *ast.CallExpr:
		switch pkg, name := callee(c.pass.TypesInfo, n); pkg + "." + name {
		case "slices.Sorted", "slices.SortedFunc", "slices.SortedStableFunc", "maps.Collect", "maps.Insert":
			return
		case "slices.Collect", "slices.AppendSeq":
			if assign, ok := parent.Parent().Node().(*ast.AssignStmt); ok && len(assign.Lhs) == 1 &&
				c.whyUnsorted(parent.Parent(), assign, assign.Lhs[0]) == "" {
				return
			}
		}
	}
	c.report(finding{call, ruleOrder, types.ExprString(call), whyMapOrder,
		"wrap it in slices.Sorted, or write //wavetank:ordered REASON"})
}
