package sim

import (
	"errors"
	"fmt"
	"time"
)

// Verdict is what becomes of what a [Rule] matches; the zero value lets it pass.
type Verdict struct {
	action action
	delay  time.Duration
	at     int64 // bytes from where it strikes
	bit    int
}

type action uint8

const (
	actionPass action = iota
	actionDelay
	actionHold
	actionReset
	actionCut
	actionFlip
)

// PassOn lets it pass, and no later rule see it.
func PassOn() Verdict { return Verdict{} }

// DelayBy makes it, and what is behind it, arrive so much later.
func DelayBy(d time.Duration) Verdict { return Verdict{action: actionDelay, delay: d} }

// HoldBack keeps it, and what is behind it, until [Rule.Release].
func HoldBack() Verdict { return Verdict{action: actionHold} }

// BreakOff breaks the connection with RST to both ends, before it arrives.
func BreakOff() Verdict { return Verdict{action: actionReset} }

// CutAfter lets so many bytes pass and then, in this direction of the connection,
// nothing any more, acknowledgements included.
func CutAfter(bytes int64) Verdict { return Verdict{action: actionCut, at: bytes} }

// FlipBit changes one bit, of 8, in the byte so many bytes on, and lets it pass.
// TCP would notice; this is what happens behind its checksum, in a machine's memory
// or a network card's.
func FlipBit(at int64, bit int) Verdict { return Verdict{action: actionFlip, at: at, bit: bit} }

func (v Verdict) check() error {
	switch {
	case v.delay < 0:
		return errors.New("delays by less than nothing")
	case v.at < 0:
		return errors.New("strikes before where it matches")
	case v.bit < 0 || v.bit > 7:
		return fmt.Errorf("flips bit %d of 0 to 7", v.bit)
	}
	return nil
}

// String is the verdict in the words of the trace: "delay 2s", "hold".
func (v Verdict) String() string {
	switch v.action {
	case actionDelay:
		return fmt.Sprintf("delay %v", v.delay)
	case actionHold:
		return "hold"
	case actionReset:
		return "reset"
	case actionCut:
		return fmt.Sprintf("cut after %d", v.at)
	case actionFlip:
		return fmt.Sprintf("flip bit %d of %d", v.bit, v.at)
	}
	return "pass"
}
