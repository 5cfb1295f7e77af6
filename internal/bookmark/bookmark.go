// Package bookmark keeps where reading of logs stopped in a file, for a later
// process.
//
//	FILE       {"version":1,"sources":{"/var/log/nginx/access.log":{...}}}
//	FILE.lock  held while a process uses FILE; has its number
//	FILE.tmp   what is being written, renamed to FILE when it is on the disk
package bookmark

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"strconv"

	"weir/internal/lock"
	"weir/internal/tail"
)

// version of the file. A reader refuses later ones.
const version = 1

// mostBytes bounds what is read: some hundred sources, with all their rotated
// files and the beginnings of long lines.
const mostBytes = 64 << 20

// A File is the file of positions of one process. It belongs to one goroutine.
// Make one with Open; whoever does closes it.
type File struct {
	name   string // links followed
	lock   *lock.Lock
	stored map[string]tail.Position // what the file has, of others than this run as well
}

// content is the file as it is on the disk.
type content struct {
	Version int                      `json:"version"`
	Sources map[string]tail.Position `json:"sources"`
}

// Open locks the file and reads it. That there is none is a fresh start. A file
// that another process uses, or that cannot be understood, is an error, and is
// left as it is.
//
// A folder that cannot be written to is no error: then there is no lock, and
// Save tells what is wrong until it can be had.
func Open(name string) (*File, error) {
	name = placeOf(name)
	f := &File{name: name, stored: map[string]tail.Position{}}
	dir := filepath.Dir(name)
	if info, err := os.Stat(dir); err != nil || !info.IsDir() {
		return nil, fmt.Errorf("the folder %s of the state file %s does not exist: make it, or name another file", dir, name)
	}
	if err := f.take(); errors.As(err, new(*InUseError)) {
		return nil, err
	}
	if err := f.read(); err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

// Names returns the files that one of this name is kept in, there or not: none
// of them is a log.
func Names(name string) []string {
	name = placeOf(name)
	return []string{name, name + ".lock", name + ".tmp"}
}

// placeOf follows links: a link stays, and what it leads to is replaced.
func placeOf(name string) string {
	if place, err := filepath.EvalSymlinks(name); err == nil {
		return place
	}
	return name
}

// An InUseError says that another process uses the file.
type InUseError struct {
	Name string
	PID  int // of that process, 0 where it is not known
}

// Error returns the sentence.
func (e *InUseError) Error() string {
	number := ""
	if e.PID > 0 {
		number = " (process " + strconv.Itoa(e.PID) + ")"
	}
	return fmt.Sprintf("the state file %s is in use by another weir%s: end that one, or give this one a file of its own", e.Name, number)
}

// take gets the lock.
func (f *File) take() error {
	l, err := lock.Take(f.name)
	if held := (*lock.HeldError)(nil); errors.As(err, &held) {
		return &InUseError{Name: f.name, PID: held.PID}
	}
	f.lock = l
	return err
}

func (f *File) read() error {
	file, err := os.Open(f.name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("cannot read the state file: %w", err)
	}
	defer file.Close()
	text, err := io.ReadAll(io.LimitReader(file, mostBytes+1))
	if err != nil {
		return fmt.Errorf("cannot read the state file: %w", err)
	}
	sources, err := parse(text)
	if err != nil {
		return fmt.Errorf("the state file %s %w; it is left as it is: restore it, or move it away to start without it", f.name, err)
	}
	f.stored = sources
	return nil
}

// parse reads the text of the file. Its errors go on behind the name of it.
func parse(text []byte) (map[string]tail.Position, error) {
	if len(text) > mostBytes {
		return nil, fmt.Errorf("is larger than %d MiB, and none that weir wrote", mostBytes>>20)
	}
	if len(text) == 0 {
		return nil, errors.New("is empty")
	}
	// The version alone first: what a later one has may not fit.
	var head struct {
		Version *int `json:"version"`
	}
	if err := json.Unmarshal(text, &head); err != nil {
		return nil, fmt.Errorf("is damaged (%w)", err)
	}
	switch {
	case head.Version == nil:
		return nil, errors.New("is none that weir wrote: it has no version")
	case *head.Version > version:
		return nil, fmt.Errorf("is of version %d, written by a newer weir than this, which reads version %d", *head.Version, version)
	case *head.Version < 1:
		return nil, fmt.Errorf("is damaged (version %d)", *head.Version)
	}
	var c content
	if err := json.Unmarshal(text, &c); err != nil {
		return nil, fmt.Errorf("is damaged (%w)", err)
	}
	if c.Sources == nil {
		return nil, errors.New("is damaged (it has no sources)")
	}
	for path, p := range c.Sources {
		for _, marks := range [...][]tail.Mark{p.Files, p.Read} {
			for _, m := range marks {
				// 512 is the most that a follower compares, in UTF-16; no more is asked for.
				if m.Offset < 0 || m.Size < 0 || m.Line < 0 || m.Anchored < 0 || m.Anchored > 512 || int64(m.Anchored) > m.Offset {
					return nil, fmt.Errorf("is damaged (a position of %q is none)", path)
				}
			}
		}
	}
	return c.Sources, nil
}

// Positions returns where reading of each source stopped, by its name. It is a
// copy.
func (f *File) Positions() map[string]tail.Position { return maps.Clone(f.stored) }

// Save replaces what is known of the sources of now; others stay. After a
// failure the file is what it was, and Save may be tried again.
func (f *File) Save(now map[string]tail.Position) error {
	if f.lock == nil {
		if err := f.take(); err != nil {
			return fmt.Errorf("cannot write the state: %w", err)
		}
	}
	all := maps.Clone(f.stored)
	maps.Copy(all, now)
	text, err := json.Marshal(content{version, all})
	if err != nil {
		return fmt.Errorf("cannot write the state: %w", err)
	}
	if err := replace(f.name, append(text, '\n')); err != nil {
		return fmt.Errorf("cannot write the state: %w", err)
	}
	f.stored = all
	return nil
}

// replace makes text the content of a file, whole or not at all.
func replace(name string, text []byte) error {
	tmp := name + ".tmp"
	// One of a process that was killed. It is not written into: it could be a
	// link that somebody else has laid.
	if err := os.Remove(tmp); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	file, err := os.OpenFile(tmp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = file.Write(text)
	if err == nil {
		err = file.Sync()
	}
	if err = errors.Join(err, file.Close()); err == nil {
		err = os.Rename(tmp, name)
	}
	if err != nil {
		_ = os.Remove(tmp) // the first failure is the one to tell
	}
	return err
}

// Close lets go of the lock.
func (f *File) Close() {
	f.lock.Release()
	f.lock = nil
}
