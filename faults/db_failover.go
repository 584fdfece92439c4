package faults

import "fmt"

// DBFailover makes a replica the primary, with what it has got of the primary's
// transactions; the other servers follow it, when they hear of it.
type DBFailover struct{ To string }

// Kind is "db-failover".
func (DBFailover) Kind() string     { return "db-failover" }
func (f DBFailover) String() string { return fmt.Sprintf("db-failover %s", f.To) }

// Aim is who is meant.
func (f DBFailover) Aim() []string { return []string{f.To} }

// Strike promotes the replica.
func (f DBFailover) Strike(t Target) (int, error) {
	return operate(t, f, f.To, map[string]string{"prefix": "promote"})
}

func dbFailoverWord() Word {
	return Word{
		Usage: "db-failover WHO", Doc: "a replica of the database becomes the primary, with what it has",
		Harm: Rewound,
		read: func(p *Phrase) Fault { return DBFailover{To: p.Who()} },
	}
}
