package mon

import "github.com/wavetank/wavetank/daemons/mon/quorum"

// MarkResent: the leader has changed before it answered, and the next one gets
// what was passed on to it.
const MarkResent = "request passed on to the next leader"

// Marks are those that a monitor states, see [host.Sometimes].
func Marks() []string { return []string{MarkResent, quorum.MarkSnapshot} }
