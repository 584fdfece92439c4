package vet

import (
	"go/ast"
	"go/token"
	"go/types"
)

// assignment reads an assignment or a short variable declaration.
func (p *proof) assignment(s *ast.AssignStmt, at where) {
	switch {
	case s.Tok == token.DEFINE:
		p.read(s.Rhs...)
	case s.Tok != token.ASSIGN:
		p.read(s.Rhs[0])
		p.fold(s, s.Lhs[0], foldEffect(s.Tok), at)
	case len(s.Lhs) == len(s.Rhs):
		for i := range s.Lhs {
			p.assign(s, s.Lhs[i], s.Rhs[i], at)
		}
	default:
		p.read(s.Rhs...)
		for _, lhs := range s.Lhs {
			p.spoils(lhs)
			if !p.owns(lhs) {
				p.fail(s, "the linter cannot judge what is assigned to %s", types.ExprString(lhs))
			}
		}
	}
}

// foldEffect is the effect of an assignment operator that commutes with itself;
// empty if it does not.
func foldEffect(op token.Token) effect {
	switch op {
	case token.ADD_ASSIGN, token.SUB_ASSIGN:
		return "adds to"
	case token.MUL_ASSIGN:
		return "multiplies"
	case token.OR_ASSIGN:
		return "sets bits of"
	case token.AND_ASSIGN, token.AND_NOT_ASSIGN:
		return "clears bits of"
	case token.XOR_ASSIGN:
		return "flips bits of"
	}
	return ""
}

// fold reads an assignment that combines the old value with a new one.
func (p *proof) fold(n ast.Node, target ast.Expr, e effect, at where) {
	p.read(indexes(target)...)
	to := pathOf(p.info, target)
	switch {
	case p.isKey(target):
		p.fail(n, "it changes the loop's key")
	case p.owns(target):
	case p.entryOnly(target) && to.root != nil:
		p.write(n, to, effectKeyed, at)
	case e == "":
		p.fail(n, "this operation gives another result in another order")
	case !isInteger(p.info.TypeOf(target)):
		p.fail(n, "sums of %s depend on their order", p.info.TypeOf(target))
	case to.root == nil:
		p.fail(n, "the linter cannot tell what this writes")
	default:
		p.write(n, to, e, at)
	}
}

func isInteger(t types.Type) bool {
	b, ok := t.Underlying().(*types.Basic)
	return ok && b.Info()&types.IsInteger != 0
}

// assign reads lhs = rhs.
func (p *proof) assign(n ast.Node, lhs, rhs ast.Expr, at where) {
	p.read(indexes(lhs)...)
	to := pathOf(p.info, lhs)
	switch {
	case p.isKey(lhs):
		p.fail(n, "it changes the loop's key")
	case p.owns(lhs):
		p.spoils(lhs)
		p.read(rhs)
	case to.root == nil:
		p.fail(n, "the linter cannot tell what this writes")
	case p.entryOnly(lhs):
		p.read(rhs)
		p.write(n, to, effectKeyed, at)
	case p.combines(n, lhs, rhs, to, at):
	case p.ranged(container(lhs)):
		p.fail(n, "entries added to the map may or may not be visited")
	case p.varies(rhs):
		p.fail(n, "the last entry visited decides the value of %s", types.ExprString(lhs))
	default:
		p.read(rhs)
		p.write(n, to, effectAssign+effect(types.ExprString(rhs)), at)
	}
}

// container is what lhs is an entry of, or lhs itself.
func container(lhs ast.Expr) ast.Expr {
	if index, ok := ast.Unparen(lhs).(*ast.IndexExpr); ok {
		return index.X
	}
	return lhs
}

// entryOnly reports whether lhs belongs to the entry being visited, so that no
// other iteration touches it: it is indexed with the current key, or reached
// through the loop's value variable.
func (p *proof) entryOnly(lhs ast.Expr) bool {
	if p.byKey(lhs) {
		return true
	}
	value, ok := p.loop.Value.(*ast.Ident)
	root := rootIdent(lhs)
	return ok && root != nil && p.info.Defs[value] != nil && p.info.Uses[root] == p.info.Defs[value]
}

// combines reads x = append(x, ...), x = min(x, ...) and x = max(x, ...); it
// reports whether the assignment is one of these.
func (p *proof) combines(n ast.Node, lhs, rhs ast.Expr, to path, at where) bool {
	if args, ok := builtinCall(p.info, rhs, "append"); ok && to.same(pathOf(p.info, args[0])) {
		p.read(args[1:]...)
		if why := p.unsorted(lhs); why != "" {
			p.fail(n, "%s", why)
		}
		p.write(n, to, effectCollect, at)
		return true
	}
	return p.keeps(n, "min", effectMin, lhs, rhs, to, at) || p.keeps(n, "max", effectMax, lhs, rhs, to, at)
}

// keeps reads lhs = builtin(lhs, v).
func (p *proof) keeps(n ast.Node, builtin string, e effect, lhs, rhs ast.Expr, to path, at where) bool {
	args, ok := builtinCall(p.info, rhs, builtin)
	if !ok || len(args) != 2 || types.ExprString(args[0]) != types.ExprString(lhs) {
		return false
	}
	p.read(args[1])
	p.write(n, to, e, at)
	return true
}

// extremum reads if v > x { x = v } and its like; it reports whether s is one.
func (p *proof) extremum(s *ast.IfStmt, at where) bool {
	cond, ok := s.Cond.(*ast.BinaryExpr)
	if !ok || s.Else != nil || len(s.Body.List) != 1 {
		return false
	}
	assign, ok := s.Body.List[0].(*ast.AssignStmt)
	if !ok || assign.Tok != token.ASSIGN || len(assign.Lhs) != 1 || len(assign.Rhs) != 1 {
		return false
	}
	best, v := types.ExprString(assign.Lhs[0]), types.ExprString(assign.Rhs[0])
	var keeps effect
	switch x, y := types.ExprString(cond.X), types.ExprString(cond.Y); {
	case x == v && y == best:
		keeps = keptBy(cond.Op)
	case x == best && y == v:
		keeps = keptBy(mirrored(cond.Op))
	}
	to := pathOf(p.info, assign.Lhs[0])
	if keeps == "" || to.root == nil || p.owns(assign.Lhs[0]) {
		return false
	}
	p.read(indexes(assign.Lhs[0])...)
	p.read(assign.Rhs[0])
	p.write(s, to, keeps, at)
	return true
}

// keptBy is the effect of if v op best { best = v }.
func keptBy(op token.Token) effect {
	switch op {
	case token.GTR, token.GEQ:
		return effectMax
	case token.LSS, token.LEQ:
		return effectMin
	}
	return ""
}

func mirrored(op token.Token) token.Token {
	switch op {
	case token.GTR:
		return token.LSS
	case token.GEQ:
		return token.LEQ
	case token.LSS:
		return token.GTR
	case token.LEQ:
		return token.GEQ
	}
	return token.ILLEGAL
}
