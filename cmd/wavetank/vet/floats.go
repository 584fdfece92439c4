package vet

import (
	"go/ast"
	"go/token"
	"go/types"
)

const (
	whyFused     = "some machines round x*y + z once and others twice (Go specification, \"Floating-point operators\")"
	insteadFused = "round the product by a conversion, float64(x*y) + z, or count in integers"
)

// checkFusedSum rejects a sum of which one operand is a product of floats: the
// compiler may fuse the two where the machine has an instruction for it.
func (c *checker) checkFusedSum(sum ast.Node, op token.Token, operands ...ast.Expr) {
	if op != token.ADD && op != token.SUB {
		return
	}
	for _, e := range operands {
		if c.isFloatProduct(e) {
			c.report(finding{sum, ruleFloats, "sum with a product of floats", whyFused, insteadFused})
			return
		}
	}
}

// checkFusedAssign is checkFusedSum for z += x*y and z -= x*y.
func (c *checker) checkFusedAssign(s *ast.AssignStmt) {
	switch s.Tok {
	case token.ADD_ASSIGN:
		c.checkFusedSum(s, token.ADD, s.Rhs[0])
	case token.SUB_ASSIGN:
		c.checkFusedSum(s, token.SUB, s.Rhs[0])
	}
}

// isFloatProduct reports whether e is a product of floats that is computed when
// the program runs.
func (c *checker) isFloatProduct(e ast.Expr) bool {
	product, ok := ast.Unparen(e).(*ast.BinaryExpr)
	if !ok || product.Op != token.MUL {
		return false
	}
	tv := c.pass.TypesInfo.Types[product]
	if tv.Type == nil || tv.Value != nil {
		return false
	}
	b, ok := underlying(tv.Type).(*types.Basic)
	return ok && b.Info()&types.IsFloat != 0
}
