package wal

import "github.com/wavetank/wavetank/daemons/host"

// Replace writes a new file that holds records only, makes it durable, and puts
// it in the place of the old one, if there is one, in one step; then done runs on
// loop. A crash on the way leaves the old content or the new. What was appended but
// not flushed is forgotten, and nothing may be appended until done has run.
func (l *Log) Replace(loop host.Loop, records []Record, done func(error)) {
	if l.busy || l.err != nil {
		err := l.err
		if err == nil {
			err = ErrBusy
		}
		loop.Post(func() { done(err) })
		return
	}
	l.busy = true
	r := &replacement{log: l, loop: loop, done: done}
	if err := r.write(records); err != nil {
		loop.Post(func() { r.finish(err) })
	}
}

// replacement is a Replace under way: write, sync, rename, sync the folder.
type replacement struct {
	log  *Log
	loop host.Loop
	done func(error)
	file host.File
	end  mark
	seal seal
}

func (r *replacement) tmp() string { return r.log.name + ".new" }

func (r *replacement) write(records []Record) error {
	file, err := r.log.disk.Open(r.tmp())
	if err != nil {
		return err
	}
	r.file = file
	if err := file.Truncate(0); err != nil { // left over from a crash
		return err
	}
	_, err = file.WriteAt(r.content(records), 0)
	if err == nil {
		file.Sync(r.loop, r.fileSynced)
	}
	return err
}

// content is the whole file. Its seals may speak of a sync that is still to come: the
// file gets its name afterwards.
func (r *replacement) content(records []Record) []byte {
	b := make([]byte, firstAt)
	r.end = beginning
	for _, rec := range records {
		b, r.end.chain = appendRecord(b, r.end.chain, rec.Kind, rec.Data)
	}
	r.end.size = int64(len(b))
	for number := range uint64(2) {
		r.seal = seal{number: number, mark: r.end}
		copy(b[r.seal.offset():], r.seal.append(nil))
	}
	return b
}

func (r *replacement) fileSynced(err error) {
	if err == nil {
		err = r.log.disk.Rename(r.tmp(), r.log.name)
	}
	if err != nil {
		r.finish(err)
		return
	}
	r.log.disk.SyncDir(r.loop, r.log.folder(), r.finish)
}

// finish switches the log to the new file. The file is opened again by its new
// name, because the seam does not promise that a handle survives a rename.
func (r *replacement) finish(err error) {
	l := r.log
	l.busy = false
	if err == nil {
		if l.file != nil {
			_ = l.file.Close()
		}
		_ = r.file.Close()
		l.file, err = l.disk.Open(l.name)
	}
	if err != nil {
		r.done(l.fail("replace", err))
		return
	}
	l.end, l.seal, l.buf = r.end, r.seal, l.buf[:0]
	r.done(nil)
}
