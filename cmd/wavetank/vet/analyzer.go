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
	URL:      "https://pkg.go.dev/github.com/wavetank/wavetank/cmd/wavetank/vet",
	Requires: []*analysis.Analyzer{inspect.Analyzer},
	Run:      run,
}

// rule is a family of findings. It becomes the category of the diagnostic.
type rule string

const (
	ruleTime       rule = "time"
	ruleThreads    rule = "threads"
	ruleOutside    rule = "outside"
	ruleRandomness rule = "randomness"
	ruleOrder      rule = "order"
	ruleComment    rule = "comment"
)

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
	exceptions map[string]*exceptions // by file name
}

func run(pass *analysis.Pass) (any, error) {
	c := &checker{pass: pass, exceptions: make(map[string]*exceptions)}
	for _, f := range pass.Files {
		if name := pass.Fset.Position(f.FileStart).Filename; !isTest(pass, name) {
			c.exceptions[name] = parseExceptions(pass.Fset, f)
		}
	}
	in := pass.ResultOf[inspect.Analyzer].(*inspector.Inspector)
	for file := range in.Root().Children() {
		if c.exceptions[c.filename(file.Node())] != nil {
			c.checkFile(file)
		}
	}
	for _, f := range pass.Files {
		if ex := c.exceptions[c.filename(f)]; ex != nil {
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

func (c *checker) filename(n ast.Node) string {
	pos := n.Pos()
	if f, ok := n.(*ast.File); ok {
		pos = f.FileStart
	}
	return c.pass.Fset.Position(pos).Filename
}

func (c *checker) checkFile(file inspector.Cursor) {
	for cur := range file.Preorder(
		(*ast.ImportSpec)(nil), (*ast.Ident)(nil), (*ast.CallExpr)(nil), (*ast.GoStmt)(nil),
		(*ast.SelectStmt)(nil), (*ast.SendStmt)(nil), (*ast.UnaryExpr)(nil), (*ast.RangeStmt)(nil),
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
		default:
			c.checkThreads(cur)
		}
	}
}

// report publishes f unless a comment in the source allows it.
func (c *checker) report(f finding) {
	at := c.pass.Fset.Position(f.node.Pos())
	if c.exceptions[at.Filename].allows(at.Line, f.rule) {
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
