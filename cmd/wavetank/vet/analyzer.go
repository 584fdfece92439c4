package vet

import (
	"fmt"
	"go/ast"
	"go/token"
	"strings"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/analysis/passes/inspect"
	"golang.org/x/tools/go/ast/inspector"
)

// Analyzer is the nondeterminism linter as a go/analysis analyzer, for drivers
// such as multichecker, gopls or a custom golangci-lint. It keeps no state and
// may run on several packages at once. Drivers must not write to it.
var Analyzer = &analysis.Analyzer{
	Name:     "wavetank",
	Doc:      "report code that makes a simulated run depend on more than its seed",
	URL:      helpURI,
	Requires: []*analysis.Analyzer{inspect.Analyzer},
	Run:      run,
}

// finding is one complaint: what was found, why it is one, and what to write
// instead.
type finding struct {
	node    ast.Node
	rule    rule
	what    string
	why     string
	instead string
}

func (f finding) message() string {
	return fmt.Sprintf("%s: %s; %s", f.what, f.why, f.instead)
}

// checker checks one package.
type checker struct {
	pass       *analysis.Pass
	exceptions map[*token.File]*exceptions // of the files that are checked
}

func run(pass *analysis.Pass) (any, error) {
	c := &checker{pass: pass, exceptions: make(map[*token.File]*exceptions)}
	for _, f := range pass.Files {
		if file := pass.Fset.File(f.FileStart); !isTest(pass, file.Name()) {
			c.exceptions[file] = parseExceptions(file, f)
		}
	}
	in := pass.ResultOf[inspect.Analyzer].(*inspector.Inspector)
	c.checkState(in)
	for cur := range in.Root().Children() {
		f := cur.Node().(*ast.File)
		if ex := c.exceptions[pass.Fset.File(f.FileStart)]; ex != nil {
			c.checkFile(cur)
		}
	}
	for _, f := range pass.Files {
		if ex := c.exceptions[pass.Fset.File(f.FileStart)]; ex != nil {
			c.reportExceptions(ex)
		}
	}
	return nil, nil
}

// isTest reports whether a file is a test or the main function that the go
// command generates for one.
func isTest(pass *analysis.Pass, name string) bool {
	return strings.HasSuffix(name, "_test.go") || strings.HasSuffix(pass.Pkg.Path(), ".test")
}

func (c *checker) checkFile(file inspector.Cursor) {
	for cur := range file.Preorder(
		(*ast.ImportSpec)(nil), (*ast.Ident)(nil), (*ast.CallExpr)(nil), (*ast.GoStmt)(nil),
		(*ast.SelectStmt)(nil), (*ast.SendStmt)(nil), (*ast.UnaryExpr)(nil), (*ast.RangeStmt)(nil),
		(*ast.BinaryExpr)(nil), (*ast.AssignStmt)(nil),
	) {
		switch n := cur.Node().(type) {
		case *ast.ImportSpec:
			c.checkImport(n)
		case *ast.Ident:
			c.checkName(n)
		case *ast.CallExpr:
			c.checkCall(cur, n)
		case *ast.RangeStmt:
			c.checkRange(cur, n)
		case *ast.BinaryExpr:
			c.checkFusedSum(n, n.Op, n.X, n.Y)
		case *ast.AssignStmt:
			c.checkFusedAssign(n)
		default:
			c.checkThreads(cur)
		}
	}
}

// report publishes f unless a comment in the source allows it.
func (c *checker) report(f finding) {
	file := c.pass.Fset.File(f.node.Pos())
	if c.exceptions[file].allows(file.Line(f.node.Pos()), f.rule) {
		return
	}
	c.pass.Report(analysis.Diagnostic{
		Pos:      f.node.Pos(),
		End:      firstLineEnd(f.node),
		Category: string(f.rule),
		Message:  f.message(),
	})
}

// firstLineEnd keeps editors from underlining the whole body of a loop.
func firstLineEnd(n ast.Node) token.Pos {
	switch n := n.(type) {
	case *ast.RangeStmt:
		return n.X.End()
	case *ast.SelectStmt:
		return n.Select + token.Pos(len("select"))
	}
	return n.End()
}
