package addresses

import (
	"fmt"
	"io"
	"log/slog"
	"reflect"
	"time"
)

type named struct{ next *named }

func (*named) String() string { return "named" }

type failure struct{ cause chan int }

func (failure) Error() string { return "failure" }

type group struct{ slog chan int }

func (group) LogValue() slog.Value { return slog.Value{} }

type point struct {
	X, Y int
	When time.Time
	Who  *named
}

func good(w io.Writer, l *slog.Logger, x *int, p *point, n *named, e error, unknown any, m map[string]int) {
	_ = fmt.Sprintf("100%%p %v %d %s", m, *x, "%p")
	_ = fmt.Sprintf("%v %+v %s", p.X, n, failure{})
	_ = fmt.Sprint(&struct{ A, B int }{1, 2}, []point{}, e, unknown, nil)
	_ = fmt.Sprintf("%T %t", x, x == nil)
	_ = fmt.Sprintf("%*.*f", 5, 2, 1.0)
	_ = fmt.Sprintf("%v", []any{x}...)
	fmt.Fprintf(w, "%v", n)
	fmt.Fprintln(w, p.When, p.Who)
	l.Info("joined", "node", n, "failure", failure{}, "at", p.When, "group", group{})
	l.Debug("joined", slog.Any("error", e), slog.Int("n", 1))
	_ = reflect.ValueOf(m).Len()
}
