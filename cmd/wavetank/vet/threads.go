package vet

import (
	"go/ast"
	"go/token"
	"go/types"

	"golang.org/x/tools/go/ast/inspector"
)

const (
	whyChannel     = "who is served first is up to the Go scheduler"
	insteadChannel = "hand the value over with host.Loop.Post, or wait with host.Task.Park and Wake"
)

// checkThreads rejects statements and operators that involve the Go scheduler.
func (c *checker) checkThreads(cur inspector.Cursor) {
	switch n := cur.Node().(type) {
	case *ast.GoStmt:
		c.report(finding{n, ruleThreads, "go statement", "the Go scheduler, not the seed, decides when it runs",
			"use host.Loop.Post, host.Loop.Go or another host.Host.NewLoop"})
	case *ast.SelectStmt:
		why := "it picks among ready cases at random"
		if len(n.Body.List) < 2 {
			why = "it waits for another thread"
		}
		c.report(finding{n, ruleThreads, "select statement", why, insteadChannel})
	case *ast.SendStmt:
		c.reportChannel(cur, n, "channel send")
	case *ast.UnaryExpr:
		if n.Op == token.ARROW {
			c.reportChannel(cur, n, "channel receive")
		}
	}
}

// reportChannel reports a channel operation, unless it is the case of a select
// that was reported already.
func (c *checker) reportChannel(cur inspector.Cursor, n ast.Node, what string) {
	for clause := range cur.Enclosing((*ast.CommClause)(nil), (*ast.FuncLit)(nil)) {
		comm, ok := clause.Node().(*ast.CommClause)
		if ok && comm.Comm != nil && comm.Comm.Pos() <= n.Pos() && n.End() <= comm.Comm.End() {
			return
		}
		break
	}
	c.report(finding{n, ruleThreads, what, whyChannel, insteadChannel})
}

// checkRange rejects loops over channels, and over maps unless their order does
// not matter.
func (c *checker) checkRange(cur inspector.Cursor, loop *ast.RangeStmt) {
	t := c.pass.TypesInfo.TypeOf(loop.X)
	switch {
	case t == nil:
	case isChan(t):
		c.report(finding{loop, ruleThreads, "range over a channel", whyChannel, insteadChannel})
	case isMap(t):
		c.checkMapLoop(cur, loop, keyObject(c.pass.TypesInfo, loop))
	default:
		if call, ok := ast.Unparen(loop.X).(*ast.CallExpr); ok {
			c.checkIteratorLoop(cur, loop, call)
		}
	}
}

func isChan(t types.Type) bool {
	_, ok := underlying(t).(*types.Chan)
	return ok
}

func isMap(t types.Type) bool {
	_, ok := underlying(t).(*types.Map)
	return ok
}

// underlying is the underlying type; for a type parameter it is that of the
// first type its constraint names, which is enough to tell maps and channels.
func underlying(t types.Type) types.Type {
	param, ok := types.Unalias(t).(*types.TypeParam)
	if !ok {
		return t.Underlying()
	}
	iface, ok := param.Constraint().Underlying().(*types.Interface)
	for ok && iface.NumEmbeddeds() > 0 {
		switch e := iface.EmbeddedType(0).(type) {
		case *types.Union:
			return e.Term(0).Type().Underlying()
		default:
			if iface, ok = e.Underlying().(*types.Interface); !ok {
				return e.Underlying()
			}
		}
	}
	return param.Underlying()
}
