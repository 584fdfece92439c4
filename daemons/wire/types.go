package wire

import (
	"cmp"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"time"
)

// UUID is an RFC 4122 identifier in the order in which it is printed.
type UUID [16]byte

// String is the usual form, 8-4-4-4-12 hexadecimal digits.
func (u UUID) String() string {
	h := hex.EncodeToString(u[:])
	return strings.Join([]string{h[:8], h[8:12], h[12:16], h[16:20], h[20:]}, "-")
}

// ParseUUID reads the form that String writes. Error: ErrInvalid.
func ParseUUID(s string) (UUID, error) {
	var u UUID
	b, err := hex.DecodeString(strings.ReplaceAll(s, "-", ""))
	if err != nil || len(b) != len(u) || len(s) != 36 {
		return UUID{}, fmt.Errorf("uuid %q: %w", s, ErrInvalid)
	}
	copy(u[:], b)
	if u.String() != strings.ToLower(s) {
		return UUID{}, fmt.Errorf("uuid %q: %w", s, ErrInvalid)
	}
	return u, nil
}

// IsZero reports whether all bytes are 0, which stands for "none".
func (u UUID) IsZero() bool { return u == UUID{} }

// UTime is Ceph's utime_t: seconds and nanoseconds since 1970.
type UTime struct{ Sec, Nsec uint32 }

// UTimeOf is t as a UTime; the zero time is the zero UTime. It holds the years
// 1970 to 2106.
func UTimeOf(t time.Time) UTime {
	if t.IsZero() {
		return UTime{}
	}
	return UTime{Sec: uint32(t.Unix()), Nsec: uint32(t.Nanosecond())}
}

// Time is the UTime as a time.Time in UTC. That of the zero UTime is the beginning
// of 1970, as Ceph prints it, and not the zero time.
func (t UTime) Time() time.Time { return time.Unix(int64(t.Sec), int64(t.Nsec)).UTC() }

// String is seconds and nanoseconds, "12.000000345".
func (t UTime) String() string { return fmt.Sprintf("%d.%09d", t.Sec, t.Nsec) }

// SortedKeys are the keys of m, ascending: the order in which maps are encoded.
func SortedKeys[K cmp.Ordered, V any](m map[K]V) []K {
	keys := make([]K, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
