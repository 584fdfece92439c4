package vet

import (
	"go/ast"
	"go/token"
	"go/types"
)

// block reads a list of statements.
func (p *proof) block(b *ast.BlockStmt, breaks bool) {
	p.list(b, b.List, breaks)
}

func (p *proof) list(block ast.Node, list []ast.Stmt, breaks bool) {
	for _, s := range list {
		p.stmt(s, where{block, breaks})
	}
}

func (p *proof) read(exprs ...ast.Expr) {
	for _, e := range exprs {
		if e != nil {
			p.reads = append(p.reads, e)
		}
	}
}

func (p *proof) stmt(s ast.Stmt, at where) {
	switch s := s.(type) {
	case nil, *ast.EmptyStmt:
	case *ast.BlockStmt:
		p.block(s, at.breaks)
	case *ast.DeclStmt:
		p.declaration(s)
	case *ast.AssignStmt:
		p.assignment(s, at)
	case *ast.IncDecStmt:
		p.fold(s, s.X, "adds to", at)
	case *ast.ExprStmt:
		p.call(s, at)
	case *ast.BranchStmt:
		p.branch(s, at)
	case *ast.ReturnStmt:
		p.returns(s, at)
	default:
		p.nested(s, at)
	}
}

// nested reads the statements that contain others.
func (p *proof) nested(s ast.Stmt, at where) {
	switch s := s.(type) {
	case *ast.IfStmt:
		p.ifStmt(s, at)
	case *ast.SwitchStmt:
		p.stmt(s.Init, at)
		p.read(s.Tag)
		p.clauses(s.Body)
	case *ast.TypeSwitchStmt:
		p.stmt(s.Init, at)
		p.typeSwitchSubject(s.Assign)
		p.clauses(s.Body)
	case *ast.ForStmt:
		p.stmt(s.Init, at)
		p.read(s.Cond)
		p.stmt(s.Post, at)
		p.block(s.Body, false)
	case *ast.RangeStmt:
		if s.Tok == token.ASSIGN && !(p.owns(s.Key) && (s.Value == nil || p.owns(s.Value))) {
			p.fail(s, "the inner loop writes a variable declared outside")
		}
		p.read(s.X)
		p.block(s.Body, false)
	default:
		p.fail(s, "the linter cannot judge this statement")
	}
}

func (p *proof) ifStmt(s *ast.IfStmt, at where) {
	p.stmt(s.Init, at)
	if p.extremum(s, at) {
		return
	}
	p.read(s.Cond)
	p.block(s.Body, at.breaks)
	p.stmt(s.Else, at)
}

func (p *proof) clauses(body *ast.BlockStmt) {
	for _, s := range body.List {
		clause := s.(*ast.CaseClause)
		for _, e := range clause.List {
			if !p.info.Types[e].IsType() {
				p.read(e)
			}
		}
		p.list(clause, clause.Body, false)
	}
}

func (p *proof) typeSwitchSubject(s ast.Stmt) {
	switch s := s.(type) {
	case *ast.ExprStmt:
		p.read(s.X)
	case *ast.AssignStmt:
		p.read(s.Rhs...)
	}
}

func (p *proof) declaration(s *ast.DeclStmt) {
	decl := s.Decl.(*ast.GenDecl)
	for _, spec := range decl.Specs {
		if v, ok := spec.(*ast.ValueSpec); ok {
			p.read(v.Values...)
			p.declares(v)
		}
	}
}

func (p *proof) branch(s *ast.BranchStmt, at where) {
	switch {
	case s.Label != nil || s.Tok == token.GOTO:
		p.fail(s, "the linter does not follow labels")
	case s.Tok == token.BREAK && at.breaks:
		p.exits = append(p.exits, exit{s, "break", at.block})
	}
}

func (p *proof) returns(s *ast.ReturnStmt, at where) {
	what := "return"
	for _, e := range s.Results {
		if p.varies(e) {
			p.fail(s, "what it returns depends on which entry comes first")
		}
		what += " " + types.ExprString(e)
	}
	p.read(s.Results...)
	p.exits = append(p.exits, exit{s, what, at.block})
}

// call reads a statement that is a call: of delete, or one that checkCalls judges.
func (p *proof) call(s *ast.ExprStmt, at where) {
	args, ok := builtinCall(p.info, s.X, "delete")
	if call, isCall := ast.Unparen(s.X).(*ast.CallExpr); isCall && !ok {
		p.calls = append(p.calls, call)
		p.read(call.Args...)
		return
	}
	if !ok {
		p.fail(s, "the linter cannot judge this statement")
		return
	}
	p.read(indexes(args[0])...)
	p.read(args[1])
	target := pathOf(p.info, args[0]).append("[]")
	switch {
	case target.root == nil:
		p.fail(s, "the linter cannot tell which map this is")
	case p.isKey(args[1]):
		p.write(s, target, effectKeyed, at)
	case p.ranged(args[0]):
		p.fail(s, "entries deleted before their turn are not visited")
	default:
		p.write(s, target, effectDelete, at)
	}
}

func calledName(e ast.Expr) string {
	if call, ok := ast.Unparen(e).(*ast.CallExpr); ok {
		if _, lit := call.Fun.(*ast.FuncLit); !lit {
			return types.ExprString(call.Fun)
		}
	}
	return "a function"
}

// ranged reports whether e is the map that the loop ranges over.
func (p *proof) ranged(e ast.Expr) bool {
	subject := p.loop.X
	if call, ok := ast.Unparen(subject).(*ast.CallExpr); ok && mapIterator(p.info, call) != "" {
		subject = call.Args[0]
	}
	return pathOf(p.info, subject).same(pathOf(p.info, e))
}

func (p *proof) write(n ast.Node, to path, e effect, at where) {
	p.writes = append(p.writes, write{n, to, e, at.block})
}
