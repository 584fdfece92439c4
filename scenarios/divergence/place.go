package divergence

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"strings"

	"github.com/wavetank/wavetank/sim"
)

// Place is a function, or a line in it.
type Place struct {
	// Func is its name with its package; File its file, relative to the working
	// directory if it is below it.
	Func, File string
	Line       int
}

// String is the place as a compiler names it, with the function.
func (p Place) String() string {
	short := p.Func[strings.LastIndexByte(p.Func, '/')+1:]
	if p.Line == 0 {
		return short
	}
	return fmt.Sprintf("%s:%d in %s", p.File, p.Line, short)
}

// origin is where the program was when it posted a callback: return addresses,
// the innermost first.
type origin [10]uintptr

// callers fills c with where the program is, seen from the caller of its caller.
func callers(c []uintptr) { runtime.Callers(3, c) }

// places are those of the daemon and of the owner of the simulation, which leave
// out the simulator between.
func places(c []uintptr) (list []Place) {
	n := 0
	for n < len(c) && c[n] != 0 {
		n++
	}
	if n == 0 {
		return nil
	}
	frames := runtime.CallersFrames(c[:n])
	for {
		f, more := frames.Next()
		if !skipped(f.Function) && f.Line > 0 {
			list = append(list, Place{Func: f.Function, File: relative(f.File), Line: f.Line})
		}
		if !more || atBottom(f.Function) {
			return list
		}
	}
}

// Names of the code that is in between, with what precedes a function's name.
const (
	module    = "github.com/wavetank/wavetank/"
	simulator = module + "sim."
	seam      = module + "daemons/host"
	coroutine = module + "daemons/host/task."
)

// atBottom: what is below is the simulator's business, or the owner's, who has
// only let time pass.
func atBottom(function string) bool {
	return strings.HasPrefix(function, simulator+"(*Sim).call") || strings.HasPrefix(function, simulator+"(*kernel).step") ||
		strings.HasPrefix(function, coroutine+"(*Set).resume")
}

func skipped(function string) bool {
	for _, p := range []string{simulator, seam, module + "cluster.(*SimWorld)", module + "scenarios/divergence.(*runner)", "runtime.", "iter.", "log/slog.", "reflect."} {
		if strings.HasPrefix(function, p) {
			return true
		}
	}
	return false
}

// codeOf is the address of the function that an act is about; 0 if it is about
// none.
func codeOf(a *sim.Act) uintptr {
	v := reflect.ValueOf(a.Func)
	switch {
	case !v.IsValid():
		return 0
	case v.Kind() == reflect.Func:
		return v.Pointer()
	}
	method, ok := v.Type().MethodByName(a.What)
	if !ok {
		return 0
	}
	return method.Func.Pointer()
}

// placeOf is a function by its address. Of one that the compiler has made, such as
// that of a method's value, only the name is known.
func placeOf(entry uintptr) Place {
	f := runtime.FuncForPC(entry)
	if f == nil {
		return Place{}
	}
	file, line := f.FileLine(entry)
	p := Place{Func: strings.TrimSuffix(f.Name(), "-fm"), File: relative(file), Line: line}
	if strings.HasPrefix(file, "<") {
		p.File, p.Line = "", 0
	}
	return p
}

// relative is a file as seen from the working directory, if it is below that.
func relative(file string) string {
	dir, err := os.Getwd()
	if err != nil {
		return file
	}
	if below, err := filepath.Rel(dir, file); err == nil && filepath.IsLocal(below) {
		return below
	}
	return file
}
