package vet

import (
	"go/ast"
	"go/token"
	"strings"

	"golang.org/x/tools/go/analysis"
)

// exception is one //wavetank:allow or //wavetank:ordered comment.
type exception struct {
	comment *ast.Comment
	verb    string // "allow" or "ordered"
	reason  string
	used    bool
}

// exceptions are those of one file.
type exceptions struct {
	byLine map[int]*exception // by the line they speak for
	list   []*exception       // in the order of the source
}

// parseExceptions finds the exceptions of a file. One that follows code speaks
// for its own line, one that stands alone for the next.
func parseExceptions(file *token.File, f *ast.File) *exceptions {
	ex := &exceptions{byLine: make(map[int]*exception)}
	code := codeLines(file, f)
	for _, group := range f.Comments {
		for _, comment := range group.List {
			e := parseException(comment)
			if e == nil {
				continue
			}
			line := file.Line(comment.Pos())
			if !code[line] {
				line++
			}
			ex.byLine[line] = e
			ex.list = append(ex.list, e)
		}
	}
	return ex
}

func parseException(comment *ast.Comment) *exception {
	text, ok := strings.CutPrefix(comment.Text, "//wavetank:")
	if !ok {
		return nil
	}
	verb, reason, _ := strings.Cut(text, " ")
	if verb != "allow" && verb != "ordered" {
		return nil
	}
	return &exception{comment: comment, verb: verb, reason: strings.TrimSpace(reason)}
}

// codeLines are the lines on which something other than a comment begins or ends.
func codeLines(file *token.File, f *ast.File) map[int]bool {
	lines := make(map[int]bool)
	ast.Inspect(f, func(n ast.Node) bool {
		switch n.(type) {
		case nil, *ast.Comment, *ast.CommentGroup:
			return false
		case *ast.File:
			return true
		}
		lines[file.Line(n.Pos())] = true
		lines[file.Line(n.End()-1)] = true
		return true
	})
	return lines
}

// allows reports whether a finding of rule r on the line is excepted, and notes
// that the exception was needed. An exception without a reason counts as needed
// but allows nothing.
func (ex *exceptions) allows(line int, r rule) bool {
	e := ex.byLine[line]
	if e == nil || e.verb == "ordered" && r != ruleOrder {
		return false
	}
	e.used = true
	return e.reason != ""
}

// reportExceptions complains about exceptions that give no reason or are not
// needed (any more).
func (c *checker) reportExceptions(ex *exceptions) {
	for _, e := range ex.list {
		f := finding{node: e.comment, rule: ruleComment, what: "//wavetank:" + e.verb}
		switch {
		case e.reason == "":
			f.why, f.instead = "it gives no reason", "say after it why the run stays repeatable"
		case !e.used:
			f.why, f.instead = "it excepts nothing", "remove it"
		default:
			continue
		}
		c.pass.Report(analysis.Diagnostic{Pos: e.comment.Pos(), End: e.comment.End(), Category: string(f.rule), Message: f.message()})
	}
}
