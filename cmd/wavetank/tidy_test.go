package main_test

import (
	"fmt"
	"go/ast"
	"go/format"
	"go/parser"
	"go/token"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"
)

const (
	maxFileLines     = 700
	maxFunctionLines = 100 // outside tests
)

// TestTidy_tree reads every file of the repository and holds the habits that
// reviews should not have to talk about.
func TestTidy_tree(t *testing.T) {
	files := readTree(t)
	if len(files) < 20 {
		t.Fatalf("found only %d files below %s", len(files), root)
	}
	for _, f := range files {
		complain(t, judgeFile(f))
	}
	complain(t, judgePackages(files))
}

// judgeFile lists what is wrong with one file.
func judgeFile(f sourceFile) []string {
	complaints := judgeText(f)
	if !f.isGo() {
		return complaints
	}
	fset := token.NewFileSet()
	syntax, err := parser.ParseFile(fset, f.name, f.text, parser.ParseComments)
	if err != nil {
		return append(complaints, err.Error())
	}
	if formatted, err := format.Source([]byte(f.text)); err != nil || string(formatted) != f.text {
		complaints = append(complaints, f.name+": not formatted; run gofmt -w on it")
	}
	if lines := strings.Count(f.text, "\n"); lines > maxFileLines {
		complaints = append(complaints, fmt.Sprintf("%s: %d lines, the limit is %d; a file holds one noun, split it", f.name, lines, maxFileLines))
	}
	if !f.isTest() {
		complaints = append(complaints, judgeFunctions(fset, syntax)...)
		complaints = append(complaints, judgeDocs(fset, syntax)...)
	}
	return complaints
}

// textRule is a pattern that no file may contain.
type textRule struct {
	pattern *regexp.Regexp
	why     string
}

// textRules spells its patterns so that it does not break them itself.
func textRules() []textRule {
	return []textRule{
		{regexp.MustCompile(`\b(TO` + `DO|FIX` + `ME|XX` + `X)\b`), "finish it, or write down in docs/ what is not done"},
		{regexp.MustCompile(`(^|[^\w.])/(work|ro` + `ot|home)/`), "a path of somebody's machine; use one relative to the repository"},
		{regexp.MustCompile(`(?i)\b(issue|ticket|pr) ?#\d`), "explain it here, readers may not have the tracker"},
		{regexp.MustCompile(`(?i)\bas (discussed|requested|instructed)\b`), "readers were not there; say what and why"},
	}
}

func judgeText(f sourceFile) (complaints []string) {
	for _, rule := range textRules() {
		if at := rule.pattern.FindStringIndex(f.text); at != nil {
			line := 1 + strings.Count(f.text[:at[0]], "\n")
			complaints = append(complaints, fmt.Sprintf("%s:%d: %q: %s", f.name, line, strings.TrimSpace(f.text[at[0]:at[1]]), rule.why))
		}
	}
	return complaints
}

func judgeFunctions(fset *token.FileSet, f *ast.File) (complaints []string) {
	for _, decl := range f.Decls {
		fn, ok := decl.(*ast.FuncDecl)
		if !ok {
			continue
		}
		begin, end := fset.Position(fn.Pos()), fset.Position(fn.End())
		if lines := end.Line - begin.Line + 1; lines > maxFunctionLines {
			complaints = append(complaints, fmt.Sprintf("%s: %s has %d lines, the limit is %d; split it", begin, fn.Name.Name, lines, maxFunctionLines))
		}
	}
	return complaints
}

// judgeDocs lists the exported functions, types, constants and variables whose
// doc comment is missing or does not begin with their name. Methods are left to
// reviews: most of them implement an interface that is documented.
func judgeDocs(fset *token.FileSet, f *ast.File) (complaints []string) {
	check := func(pos token.Pos, doc string, names ...string) {
		names = slices.DeleteFunc(names, func(n string) bool { return !ast.IsExported(n) })
		if len(names) > 0 && !beginsWithName(doc, names) {
			complaints = append(complaints, fmt.Sprintf("%s: the doc comment of %s must begin with its name", fset.Position(pos), names[0]))
		}
	}
	for _, decl := range f.Decls {
		switch decl := decl.(type) {
		case *ast.FuncDecl:
			if decl.Recv == nil {
				check(decl.Pos(), decl.Doc.Text(), decl.Name.Name)
			}
		case *ast.GenDecl:
			for _, spec := range decl.Specs {
				checkSpec(decl, spec, check)
			}
		}
	}
	return complaints
}

// checkSpec checks one spec of a declaration. In a group of constants or
// variables the comment of the group serves the members that have none.
func checkSpec(decl *ast.GenDecl, spec ast.Spec, check func(token.Pos, string, ...string)) {
	alone := !decl.Lparen.IsValid()
	switch spec := spec.(type) {
	case *ast.TypeSpec:
		doc := spec.Doc.Text()
		if alone {
			doc = decl.Doc.Text()
		}
		check(spec.Pos(), doc, spec.Name.Name)
	case *ast.ValueSpec:
		if !alone && (decl.Doc != nil || spec.Doc != nil || spec.Comment != nil) {
			return
		}
		var names []string
		for _, n := range spec.Names {
			names = append(names, n.Name)
		}
		check(spec.Pos(), decl.Doc.Text(), names...)
	}
}

func beginsWithName(doc string, names []string) bool {
	word := strings.FieldsFunc(doc, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) && r != '_' })
	return len(word) > 0 && slices.Contains(names, word[0])
}

// judgePackages lists packages without a package comment, or with a name that
// says nothing.
func judgePackages(files []sourceFile) (complaints []string) {
	documented := make(map[string]bool) // by folder
	var folders []string
	for _, f := range files {
		if !f.isGo() || f.isTest() {
			continue
		}
		syntax, err := parser.ParseFile(token.NewFileSet(), f.name, f.text, parser.ParseComments|parser.PackageClauseOnly)
		if err != nil {
			continue // judgeFile has complained
		}
		folder := path.Dir(f.name)
		if _, known := documented[folder]; !known {
			folders = append(folders, folder)
			documented[folder] = false
			complaints = append(complaints, judgePackageName(folder, syntax.Name.Name)...)
		}
		if isPackageComment(syntax) {
			documented[folder] = true
		}
	}
	for _, folder := range folders {
		if !documented[folder] {
			complaints = append(complaints, folder+": no package comment; say what the package is for and who may import it")
		}
	}
	return complaints
}

func isPackageComment(f *ast.File) bool {
	doc := f.Doc.Text()
	if f.Name.Name == "main" {
		return strings.HasPrefix(doc, "Command ") || strings.HasPrefix(doc, "Wavetank ")
	}
	return strings.HasPrefix(doc, "Package "+f.Name.Name+" ")
}

func judgePackageName(folder, name string) []string {
	switch name {
	case "util", "utils", "common", "helper", "helpers", "misc", "manager", "shared":
		return []string{fmt.Sprintf("%s: package %s says nothing; name it after what it provides", folder, name)}
	}
	return nil
}

// TestTidy_complains shows each habit being held.
func TestTidy_complains(t *testing.T) {
	long := strings.Repeat("// and so on\n", maxFileLines)
	const ok = "// Package p is fine.\npackage p\n"
	for _, tt := range []struct {
		name, text, want string
	}{
		{"p/a.go", ok + "\n// F does.\nfunc F() {}\n\nfunc (t) String() string { return \"\" }\n", ""},
		{"p/a.go", ok + "\n// Errors of p.\nvar (\n\tErrA = 1\n\tErrB = 2\n)\n", ""},
		{"p/a.go", ok + "\nvar (\n\t// ErrA: it broke.\n\tErrA = 1\n\tErrB = 2 // it broke too\n)\n", ""},
		{"p/a_test.go", "package p\n\nfunc F() {}\n", ""},
		{"p/a.go", ok + "\nfunc F() {}\n", "the doc comment of F must begin with its name"},
		{"p/a.go", ok + "\n// Does.\nfunc F() {}\n", "the doc comment of F must begin with its name"},
		{"p/a.go", ok + "\n// Fn does.\nfunc F() {}\n", "the doc comment of F must begin with its name"},
		{"p/a.go", ok + "\ntype T int\n", "the doc comment of T must begin with its name"},
		{"p/a.go", ok + "\nconst C = 1\n", "the doc comment of C must begin with its name"},
		{"p/a.go", ok + "\nvar (\n\tx = 1\n\tX = 1\n)\n", "the doc comment of X must begin with its name"},
		{"p/a.go", ok + "\nfunc f()  {}\n", "not formatted"},
		{"p/a.go", ok + "\nfunc f() {" + strings.Repeat("\n\tf()", maxFunctionLines) + "\n}\n", "f has 102 lines"},
		{"p/a_test.go", "package p\n\n" + long, "a file holds one noun"},
		{"p/a.go", ok + "\n// TO" + "DO later\n", "finish it"},
		{"docs/a.md", "see /wo" + "rk/main", "a path of somebody's machine"},
		{"docs/a.md", "see docs/wo" + "rk/main and src/ro" + "ot/x", ""},
		{".ci/run", "# see Issue #" + "12", "readers may not have the tracker"},
		{"p/a.go", "package p\n", "no package comment"},
		{"p/a.go", "// Package q is fine.\npackage p\n", "no package comment"},
		{"p/a.go", "// Package util is not.\npackage util\n", "package util says nothing"},
	} {
		f := sourceFile{tt.name, tt.text}
		got := slices.Concat(judgeFile(f), judgePackages([]sourceFile{f}))
		switch {
		case tt.want == "" && len(got) > 0:
			t.Errorf("%q: unexpected %q", tt.text, got)
		case tt.want != "" && (len(got) != 1 || !strings.Contains(got[0], tt.want)):
			t.Errorf("%q: got %q, want one complaint with %q", tt.text, got, tt.want)
		}
	}
}
