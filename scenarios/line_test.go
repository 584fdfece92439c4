package scenarios

import (
	"errors"
	"strings"
	"testing"
)

func TestLine_roundTrip(t *testing.T) {
	for _, text := range []string{
		"w1:mgr-failover:seed=7",
		"w1:mgr-pause:seed=18446744073709551615:hash=00000000000000ff:step=12",
		"w1:mgr-pause:seed=3:reseed=12.5s/18446744073709551615:hash=00000000000000ff",
		"w1:swarm:seed=3:vary=12.18446744073709551615:mutant=noTickGapReset:hash=00000000000000ff",
		"w1:mgr-pause:seed=3:schedule=portfolio:hash=00000000000000ff",
		"w1:mon-pause:seed=1:world=tcp:profile=fast:mutant=noTickGapReset",
	} {
		line, err := ParseLine(text + "\n")
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if got := line.String(); got != text {
			t.Errorf("%s came back as %s", text, got)
		}
	}
}

func TestParseLine_badInput(t *testing.T) {
	for text, want := range map[string]string{
		"":                                    `begins with ""`,
		"w0:mgr-failover:seed=1":              `this program writes and reads "w1"`,
		"w1:mgr-failover":                     "has no scenario and seed",
		"w1:nope:seed=1":                      `no scenario "nope"; there are clock-steps, map-lag, messenger,`,
		"w1:mgr-failover:world=sim":           "has no seed",
		"w1:mgr-failover:seed=x":              `field "seed=x"`,
		"w1:mgr-failover:seed=1:world=mars":   `"mars" is none of sim, tcp`,
		"w1:mgr-failover:seed=1:mutant=nope":  `no mutant "nope"; there are ackWithoutWake, acknowledgesOnly, adminTouchesHeartbeat,`,
		"w1:mgr-failover:seed=1:schedule=x":   `"x" is none of uniform, pct, fair, portfolio`,
		"w1:mgr-failover:seed=1:reseed=3s":    `field "reseed=3s"`,
		"w1:mgr-failover:seed=1:reseed=-3s/1": "before the beginning",
		"w1:mgr-failover:seed=1:vary=":        `field "vary=": "": want numbers with dots`,
		"w1:mgr-failover:seed=1:vary=1,2":     `"1,2": want numbers with dots`,
		"w1:mgr-failover:seed=1:colour=red":   "there is no such field",
		"w1:mgr-failover:seed=1:hash=zz":      `field "hash=zz"`,
		"w1:mgr-failover:seed=1:seed=2":       `field "seed=2": seed was there before`,
	} {
		_, err := ParseLine(text)
		if !errors.Is(err, ErrLine) || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want it to say %q", text, err, want)
		}
	}
}

func FuzzParseLine(f *testing.F) {
	f.Add("w1:mgr-failover:seed=7:hash=0f:step=3")
	f.Fuzz(func(t *testing.T, text string) {
		line, err := ParseLine(text)
		if err != nil {
			return
		}
		again, err := ParseLine(line.String())
		if err != nil || again.String() != line.String() {
			t.Errorf("%q parses, its print %q does not: %v", text, line, err)
		}
	})
}
