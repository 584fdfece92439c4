package invariant

import (
	"flag"
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"maps"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"golang.org/x/tools/go/packages"

	saved "github.com/wavetank/wavetank/scenarios/history"
)

var update = flag.Bool("update", false, "write needs.txt anew")

// TestNeeds: needs.txt says which fields of facts each checker reads, as its source does.
// A fact that comes and a field that is read make it write itself anew with -update.
func TestNeeds(t *testing.T) {
	sources := readSources(t, ".", "../../cluster", "..")
	s := sources["invariant"]
	var b strings.Builder
	for _, c := range All(nil, Bounds{}) {
		typ := reflect.TypeOf(c)
		if typ.Kind() == reflect.Pointer {
			typ = typ.Elem()
		}
		fmt.Fprintf(&b, "%s: %s\n", c.Name(), strings.Join(s.needs(typ.Name()), " "))
	}
	around := sources["cluster"].everything()
	maps.Copy(around, sources["scenarios"].everything())
	fmt.Fprintf(&b, "%s: %s\n", Expectations, strings.Join(slices.Sorted(maps.Keys(around)), " "))
	if *update {
		if err := os.WriteFile("needs.txt", []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if needs != b.String() {
		t.Errorf("needs.txt is not what the checkers read: go test ./scenarios/invariant -run Needs -update\nneeds.txt:\n%s\nthe source:\n%s", needs, b.String())
	}
}

// TestNeeds_some: what some checkers read, by hand.
func TestNeeds_some(t *testing.T) {
	for name, want := range map[string]string{
		"I-EL-1 one leader per term":     "mon.role.Role mon.role.Term",
		"I-PX-2 no gaps and no rollback": "quorum.applied.Index quorum.restored.Index",
		"I-PX-1 agreement":               "quorum.applied.Index quorum.applied.Sum quorum.applied.Term quorum.restored.Index quorum.restored.Term",
		"I-PROC-1 no daemon gives up":    "process.exited.Code process.exited.Reason",
	} {
		got, known := Needs(name)
		if strings.Join(got, " ") != want || !known {
			t.Errorf("%s: %v, want %v", name, got, want)
		}
	}
	if _, known := Needs("somebody else's"); known {
		t.Error("it knows what somebody else's checker reads")
	}
}

// source is a package, as its compiler sees it.
type source struct {
	pkg   *packages.Package
	facts map[string]string // kinds of facts by their types, "path.Name"
	funcs map[*types.Func]*ast.FuncDecl
}

// readSources reads packages, which it gives back by their names.
func readSources(t *testing.T, dirs ...string) map[string]*source {
	t.Helper()
	facts := make(map[string]string)
	for _, f := range saved.Facts() {
		facts[reflect.TypeOf(f).PkgPath()+"."+reflect.TypeOf(f).Name()] = f.Kind()
	}
	mode := packages.NeedName | packages.NeedFiles | packages.NeedSyntax | packages.NeedTypes | packages.NeedTypesInfo | packages.NeedImports
	all, err := packages.Load(&packages.Config{Mode: mode}, dirs...)
	if err != nil || len(all) != len(dirs) {
		t.Fatalf("%v, %v", err, all)
	}
	sources := make(map[string]*source)
	for _, pkg := range all {
		if len(pkg.Errors) > 0 {
			t.Fatal(pkg.Errors)
		}
		s := &source{pkg: pkg, facts: facts, funcs: make(map[*types.Func]*ast.FuncDecl)}
		for _, file := range pkg.Syntax {
			for _, d := range file.Decls {
				if f, ok := d.(*ast.FuncDecl); ok {
					s.funcs[pkg.TypesInfo.Defs[f.Name].(*types.Func)] = f
				}
			}
		}
		sources[pkg.Name] = s
	}
	return sources
}

// needs are the fields that a checker reads: in its methods, and in whatever of this
// package they call.
func (s *source) needs(checker string) []string {
	read := make(map[string]bool)
	seen := make(map[*types.Func]bool)
	var visit func(f *types.Func)
	visit = func(f *types.Func) {
		f = f.Origin()
		if seen[f] || s.funcs[f] == nil {
			return
		}
		seen[f] = true
		ast.Inspect(s.funcs[f], func(n ast.Node) bool {
			s.look(n, read)
			if id, ok := n.(*ast.Ident); ok {
				if called, ok := s.pkg.TypesInfo.Uses[id].(*types.Func); ok {
					visit(called)
				}
			}
			return true
		})
	}
	methods := types.NewMethodSet(types.NewPointer(s.pkg.Types.Scope().Lookup(checker).Type()))
	for i := range methods.Len() {
		visit(methods.At(i).Obj().(*types.Func))
	}
	return s.sorted(read)
}

// everything is what is read anywhere in the package, but for what facts say of themselves.
func (s *source) everything() map[string]bool {
	read := make(map[string]bool)
	for f, d := range s.funcs {
		if f.Name() != "Attrs" {
			ast.Inspect(d, func(n ast.Node) bool {
				s.look(n, read)
				return true
			})
		}
	}
	s.tidy(read)
	return read
}

// sorted are the fields that were read.
func (s *source) sorted(read map[string]bool) []string {
	s.tidy(read)
	return slices.Sorted(maps.Keys(read))
}

// tidy leaves a fact that was named only where none of its fields is read.
func (s *source) tidy(read map[string]bool) {
	for field := range maps.Clone(read) {
		if kind, ok := strings.CutSuffix(field, "."); ok {
			delete(read, field)
			if !slices.ContainsFunc(slices.Collect(maps.Keys(read)), func(o string) bool { return s.isFieldOf(o, kind) }) {
				read[kind] = true
			}
		}
	}
}

// isFieldOf reports whether "mon.role.Term" is a field of the fact "mon.role".
func (s *source) isFieldOf(field, kind string) bool {
	name, ok := strings.CutPrefix(field, kind+".")
	return ok && name != "" && !strings.Contains(name, ".")
}

// look notes what a piece of code reads of facts.
func (s *source) look(n ast.Node, read map[string]bool) {
	info := s.pkg.TypesInfo
	switch n := n.(type) {
	case *ast.Ident: // of a type: that such a fact was stated
		if name, ok := info.Uses[n].(*types.TypeName); ok {
			if kind := s.kindOf(name.Type()); kind != "" {
				read[kind+"."] = true
			}
		}
	case *ast.SelectorExpr:
		if sel := info.Selections[n]; sel != nil && sel.Kind() == types.FieldVal {
			s.lookAtField(sel, read)
		}
	case *ast.BinaryExpr:
		if n.Op == token.EQL || n.Op == token.NEQ {
			s.lookAtWhole(info.TypeOf(n.X), read)
			s.lookAtWhole(info.TypeOf(n.Y), read)
		}
	case *ast.CallExpr:
		if s.isForeign(n) {
			for _, arg := range n.Args {
				s.lookAtWhole(info.TypeOf(arg), read)
			}
		}
	}
}

// isForeign reports whether a call is to somebody of whom nothing is known here.
func (s *source) isForeign(call *ast.CallExpr) bool {
	switch fun := call.Fun.(type) {
	case *ast.Ident:
		f, ok := s.pkg.TypesInfo.Uses[fun].(*types.Func)
		return !ok || s.funcs[f] == nil || fun.Name == "violation"
	case *ast.SelectorExpr:
		f, ok := s.pkg.TypesInfo.Uses[fun.Sel].(*types.Func)
		return !ok || s.funcs[f.Origin()] == nil
	}
	return true
}

// lookAtField follows a selector through embedded structs to the field.
func (s *source) lookAtField(sel *types.Selection, read map[string]bool) {
	t := sel.Recv()
	for _, i := range sel.Index() {
		structure, ok := deref(t).Underlying().(*types.Struct)
		if !ok {
			return
		}
		field := structure.Field(i)
		if kind := s.kindOf(deref(t)); kind != "" && !field.Embedded() {
			read[kind+"."+field.Name()] = true
		} else if kind != "" { // cinder.Who, with all that is in it or what follows
			s.allOf(kind, field.Type(), read)
		}
		t = field.Type()
	}
}

// lookAtWhole notes every field of a fact, or of the facts that a struct has.
func (s *source) lookAtWhole(t types.Type, read map[string]bool) {
	if t == nil {
		return
	}
	if kind := s.kindOf(deref(t)); kind != "" {
		s.allOf(kind, t, read)
	}
}

func (s *source) allOf(kind string, t types.Type, read map[string]bool) {
	structure, ok := deref(t).Underlying().(*types.Struct)
	if !ok {
		return
	}
	for field := range structure.Fields() {
		if field.Embedded() {
			s.allOf(kind, field.Type(), read)
		} else {
			read[kind+"."+field.Name()] = true
		}
	}
}

// kindOf is the kind of the facts of a type, empty if it is none of a fact.
func (s *source) kindOf(t types.Type) string {
	named, ok := types.Unalias(t).(*types.Named)
	if !ok || named.Obj().Pkg() == nil {
		return ""
	}
	return s.facts[named.Obj().Pkg().Path()+"."+named.Obj().Name()]
}

func deref(t types.Type) types.Type {
	if p, ok := types.Unalias(t).(*types.Pointer); ok {
		return p.Elem()
	}
	return t
}
