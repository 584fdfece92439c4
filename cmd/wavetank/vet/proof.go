package vet

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"slices"
	"strings"
)

// A proof tries to show that the body of a loop over a map has the same effect
// in whatever order the entries are visited. It reads the body once and takes
// note of every write to something that outlives an iteration, every expression
// that is evaluated, and every way out of the loop; then it checks that
//
//   - expressions have no effects and see nothing that the loop writes,
//   - all writes to one place commute,
//   - leaving early leaves the same behind wherever it happens.
//
// It stops at the first obstacle.
type proof struct {
	info     *types.Info
	loop     *ast.RangeStmt
	key      types.Object // the variable with the current key, or nil
	unsorted func(target ast.Expr) string
	fresh    map[types.Object]bool // see fresh.go

	writes   []write
	reads    []ast.Expr
	exits    []exit
	calls    []*ast.CallExpr // statements that may stay inside an iteration
	obstacle *obstacle
}

// obstacle is what a proof foundered on.
type obstacle struct {
	node ast.Node
	why  string
}

// effect is how a write changes its place. Writes to one place commute if they
// have the same effect. Besides the ones named here there is one for each
// operation in foldEffect, and "assigns" with the text of what is assigned.
type effect string

const (
	effectKeyed   effect = "sets the current key's entry"
	effectDelete  effect = "deletes entries"
	effectCollect effect = "appends"
	effectMin     effect = "keeps the minimum"
	effectMax     effect = "keeps the maximum"
	effectAssign  effect = "assigns "
)

// write is one write to a place that outlives the iteration.
type write struct {
	node   ast.Node
	path   path
	effect effect
	block  ast.Node // the innermost list of statements it is in
}

// exit is a way to leave the loop before every entry was visited.
type exit struct {
	stmt  ast.Stmt
	what  string
	block ast.Node
}

// where is the list of statements that is being read, and whether a break there
// leaves the loop over the map.
type where struct {
	block  ast.Node
	breaks bool
}

// prove returns nil if the order of loop does not matter. unsorted says what is
// wrong with appending to a slice in map order, if anything.
func prove(info *types.Info, loop *ast.RangeStmt, key types.Object, unsorted func(ast.Expr) string) *obstacle {
	p := &proof{info: info, loop: loop, key: key, unsorted: unsorted, fresh: make(map[types.Object]bool)}
	if loop.Tok == token.ASSIGN {
		return &obstacle{loop, "the last entry visited stays in a variable declared outside the loop"}
	}
	p.block(loop.Body, true)
	p.checkCalls()
	p.checkReads()
	p.checkWrites()
	p.checkExits()
	return p.obstacle
}

func (p *proof) fail(n ast.Node, format string, args ...any) {
	if p.obstacle == nil {
		p.obstacle = &obstacle{n, fmt.Sprintf(format, args...)}
	}
}

// own reports whether obj begins anew in each iteration.
func (p *proof) own(obj types.Object) bool {
	return obj != nil && p.loop.Pos() <= obj.Pos() && obj.Pos() < p.loop.End()
}

// owns reports whether e is a variable that begins anew in each iteration, or a
// field of one, and not of what it points to.
func (p *proof) owns(e ast.Expr) bool {
	switch e := ast.Unparen(e).(type) {
	case *ast.Ident:
		return e.Name == "_" || p.own(p.info.ObjectOf(e))
	case *ast.SelectorExpr:
		field := p.info.Selections[e]
		return field != nil && field.Kind() == types.FieldVal && !field.Indirect() && p.owns(e.X)
	}
	return false
}

// varies reports whether e mentions anything that differs between iterations.
func (p *proof) varies(e ast.Expr) bool {
	varies := false
	ast.Inspect(e, func(n ast.Node) bool {
		if id, ok := n.(*ast.Ident); ok && p.own(p.info.ObjectOf(id)) {
			varies = true
		}
		return !varies
	})
	return varies
}

// byKey reports whether e is, or is in, an entry indexed with the current key, so
// that no other iteration touches it.
func (p *proof) byKey(e ast.Expr) bool {
	return slices.ContainsFunc(indexes(e), p.isKey)
}

func (p *proof) isKey(e ast.Expr) bool {
	id, ok := ast.Unparen(e).(*ast.Ident)
	return ok && p.key != nil && p.info.Uses[id] == p.key
}

// checkCalls makes sure that calls whose results nobody takes have no effect outside
// their iteration.
func (p *proof) checkCalls() {
	ast.Inspect(p.loop.Body, func(n ast.Node) bool {
		if u, ok := n.(*ast.UnaryExpr); ok && u.Op == token.AND {
			p.spoils(u.X) // by way of its address
		}
		return true
	})
	for _, call := range p.calls {
		if !p.staysInside(call) {
			p.fail(call, "it calls %s once per entry", calledName(call))
		}
	}
}

// checkReads makes sure that evaluating expressions has no effect and that none
// sees a place the loop writes, which another iteration may or may not have
// written yet.
func (p *proof) checkReads() {
	for _, e := range p.reads {
		if n, why := impure(p.info, e, p.staysInside); n != nil {
			p.fail(n, "%s", why)
			return
		}
		visitPlaces(p.info, e, func(ast.Node) bool { return false }, p.checkRead)
	}
}

func (p *proof) checkRead(e ast.Expr, at path) {
	for _, w := range p.writes {
		if p.own(w.path.root) || w.effect == effectKeyed && p.byKey(e) {
			continue // this entry's own
		}
		if w.path.overlaps(at) {
			p.fail(e, "%s is read while the loop writes it", types.ExprString(e))
		}
	}
}

// checkWrites makes sure that the writes to each place commute.
func (p *proof) checkWrites() {
	for i, w := range p.writes {
		for _, other := range p.writes[:i] {
			if w.path.overlaps(other.path) && w.effect != other.effect {
				p.fail(w.node, "it and another statement change %s in ways that do not commute", w.path.root.Name())
			}
		}
	}
}

// checkExits makes sure that leaving early looks the same wherever it happens:
// nothing was written on the way except, in front of the only exit, values that
// are the same for every entry.
func (p *proof) checkExits() {
	if len(p.exits) == 0 {
		return
	}
	first := p.exits[0]
	for _, x := range p.exits {
		if x.what != first.what || x.block != first.block && len(p.writes) > 0 {
			p.fail(x.stmt, "which way out of the loop is taken depends on the order")
		}
	}
	for _, w := range p.writes {
		if w.block != first.block || !isAssignment(w.effect) {
			p.fail(first.stmt, "how much was done when the loop is left depends on the order")
		}
	}
}

// isAssignment reports whether e is the effect of assigning the same value each
// time.
func isAssignment(e effect) bool {
	return strings.HasPrefix(string(e), string(effectAssign))
}
