package loopback

import (
	"errors"
	"syscall"
	"testing"
)

// What is claimed nobody else gets, until it is given back.
func TestClaim_isExclusive(t *testing.T) {
	n, err := Claim()
	if err != nil {
		t.Skip(err)
	}
	if again, err := claim(n.part); err == nil {
		again.Close()
		t.Errorf("%v was claimed twice", n.Addr(0))
	} else if !errors.Is(err, syscall.EADDRINUSE) {
		t.Errorf("claimed twice: %v", err)
	}
	n.Close()
	again, err := claim(n.part)
	if err != nil {
		t.Fatalf("after Close: %v", err)
	}
	again.Close()
}

func TestClaim_networksAreApart(t *testing.T) {
	seen := map[[2]byte]bool{}
	for range 300 {
		n, err := Claim()
		if err != nil {
			t.Skip(err)
		}
		defer n.Close()
		if seen[n.part] {
			t.Fatalf("%v was given twice", n.Addr(0))
		}
		seen[n.part] = true
		if a := n.Addr(7); !a.IsLoopback() || a.As4()[1] < firstPart || a.As4()[3] != 7 {
			t.Fatalf("address %v", a)
		}
	}
}
