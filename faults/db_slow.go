package faults

import (
	"fmt"
	"time"
)

// DBSlow makes each statement of the database servers that Who stands for take longer,
// until DBFast or the end of the process.
type DBSlow struct {
	Who string
	By  time.Duration
}

// Kind is "db-slow".
func (DBSlow) Kind() string     { return "db-slow" }
func (f DBSlow) String() string { return fmt.Sprintf("db-slow %s by %v", f.Who, f.By) }

// Aim is who is meant.
func (f DBSlow) Aim() []string { return []string{f.Who} }

// Strike counts the servers.
func (f DBSlow) Strike(t Target) (int, error) {
	return operate(t, f, f.Who, map[string]string{"prefix": "delay", "duration": f.By.String()})
}

func dbSlowWord() Word {
	return Word{
		Usage: "db-slow WHO by D", Doc: "each statement of a database takes longer, until db-fast",
		Harm: Remaining,
		read: func(p *Phrase) Fault {
			f := DBSlow{Who: p.Who()}
			p.Expect("by")
			f.By = p.Duration("what a statement takes longer", 1)
			return f
		},
	}
}

// DBFast ends a DBSlow.
type DBFast struct{ Who string }

// Kind is "db-fast".
func (DBFast) Kind() string     { return "db-fast" }
func (f DBFast) String() string { return fmt.Sprintf("db-fast %s", f.Who) }

// Aim is who is meant.
func (f DBFast) Aim() []string { return []string{f.Who} }

// Strike counts the servers.
func (f DBFast) Strike(t Target) (int, error) {
	return operate(t, f, f.Who, map[string]string{"prefix": "delay", "duration": "0s"})
}

func dbFastWord() Word {
	return Word{
		Usage: "db-fast WHO", Doc: "a database's statements take no longer than they must",
		Harm: Remaining,
		read: func(p *Phrase) Fault { return DBFast{Who: p.Who()} },
	}
}
