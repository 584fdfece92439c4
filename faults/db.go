package faults

import "encoding/json"

// AdminTarget is a Target whose daemons have admin sockets.
type AdminTarget interface {
	Target
	// Admin puts a question to a daemon as an operator on its machine does, and waits for
	// no answer. It reports false if nobody takes it.
	Admin(name, request string) bool
}

// operate has the operator of everybody that who stands for, database servers of package
// sqld, give a command, and counts those who can be asked.
func operate(t Target, f Fault, who string, request map[string]string) (int, error) {
	in, ok := t.(AdminTarget)
	if !ok {
		return 0, unsupported(f, "the target has no admin sockets")
	}
	text, err := json.Marshal(request) // which sorts
	if err != nil {
		panic(err) // texts always have a form
	}
	return count(t, f, who, func(name string) bool { return in.Admin(name, string(text)) })
}
