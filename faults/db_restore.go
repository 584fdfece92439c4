package faults

import "fmt"

// DBBackup copies a database beside itself.
type DBBackup struct{ Who, Name string }

// Kind is "db-backup".
func (DBBackup) Kind() string     { return "db-backup" }
func (f DBBackup) String() string { return fmt.Sprintf("db-backup %s as %s", f.Who, quoteWord(f.Name)) }

// Aim is who is meant.
func (f DBBackup) Aim() []string { return []string{f.Who} }

// Strike counts the servers that begin.
func (f DBBackup) Strike(t Target) (int, error) {
	return operate(t, f, f.Who, map[string]string{"prefix": "backup", "name": f.Name})
}

func dbBackupWord() Word {
	return Word{
		Usage: "db-backup WHO as NAME", Doc: "a database is copied beside itself",
		Harm: Remaining,
		read: func(p *Phrase) Fault {
			f := DBBackup{Who: p.Who()}
			p.Expect("as")
			f.Name = p.Word("the backup's name")
			return f
		},
	}
}

// DBRestore puts a backup in a database's place: what was committed since is gone.
type DBRestore struct{ Who, Name string }

// Kind is "db-restore".
func (DBRestore) Kind() string { return "db-restore" }
func (f DBRestore) String() string {
	return fmt.Sprintf("db-restore %s from %s", f.Who, quoteWord(f.Name))
}

// Aim is who is meant.
func (f DBRestore) Aim() []string { return []string{f.Who} }

// Strike counts the servers that begin.
func (f DBRestore) Strike(t Target) (int, error) {
	return operate(t, f, f.Who, map[string]string{"prefix": "restore", "name": f.Name})
}

func dbRestoreWord() Word {
	return Word{
		Usage: "db-restore WHO from NAME", Doc: "a backup takes a database's place",
		Harm: Rewound,
		read: func(p *Phrase) Fault {
			f := DBRestore{Who: p.Who()}
			p.Expect("from")
			f.Name = p.Word("the backup's name")
			return f
		},
	}
}
