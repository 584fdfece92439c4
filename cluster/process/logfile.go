package process

import (
	"os"
	"sync"
)

// logFile appends to a file that can be opened anew, when somebody has given the old one
// another name. Its methods may be called on any goroutine.
type logFile struct {
	name string

	mu   sync.Mutex
	file *os.File
}

// openLog opens a log, which is made if need be.
func openLog(name string) (*logFile, error) {
	l := &logFile{name: name}
	return l, l.reopen()
}

// reopen goes on in the file that has the name now. On an error the old one stays.
func (l *logFile) reopen() error {
	file, err := os.OpenFile(l.name, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.file != nil {
		l.file.Close() // all of it was written by write(2)
	}
	l.file = file
	return nil
}

// Write implements io.Writer.
func (l *logFile) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.file.Write(p)
}
