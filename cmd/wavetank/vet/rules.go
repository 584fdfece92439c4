package vet

// rule is a family of findings. It becomes the category of the diagnostic, and
// the rule of a SARIF result.
type rule string

const (
	ruleTime       rule = "time"
	ruleThreads    rule = "threads"
	ruleRandomness rule = "randomness"
	ruleOutside    rule = "outside"
	ruleOrder      rule = "order"
	ruleAddresses  rule = "addresses"
	ruleState      rule = "state"
	ruleFloats     rule = "floats"
	ruleComment    rule = "comment"
)

// helpURI is where the rules are explained; each has a heading of its name.
const helpURI = "https://github.com/wavetank/wavetank/blob/main/docs/vet.md"

// rules are all rules, each with what it is about in a sentence.
func rules() []ruleText {
	return []ruleText{
		{ruleTime, "Time comes from the host, not from this machine's clock or time zone."},
		{ruleThreads, "Code runs on loops of the host, not on goroutines that the Go scheduler orders."},
		{ruleRandomness, "Random numbers come from named streams of the host."},
		{ruleOutside, "Network, disk, log and everything else outside the program is reached through the host."},
		{ruleOrder, "The order of a map's entries reaches nothing that can be seen."},
		{ruleAddresses, "Addresses of memory are neither printed nor compared."},
		{ruleState, "What changes belongs to one process of one host, not to the package."},
		{ruleFloats, "Floating-point results are the same on every architecture."},
		{ruleComment, "Exceptions have a reason and are needed."},
	}
}

// ruleText is a rule and what it is about.
type ruleText struct {
	rule rule
	text string
}
