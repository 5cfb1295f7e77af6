package simulate

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strconv"

	"github.com/klauspost/compress/gzip"
)

// How says how a file is rotated.
type How string

// The ways of rotating, as logrotate has them.
const (
	// Rename gives the file a number and makes a new one at once.
	Rename How = "rename"
	// NoCreate gives it a number; a new one is made when there is a line for it.
	NoCreate How = "nocreate"
	// CopyTruncate copies it to a file with a number and empties it.
	CopyTruncate How = "copytruncate"
	// Delete removes it and makes a new one: what nobody has read is lost.
	Delete How = "delete"
	// Gzip is Rename, and compresses what was renamed meanwhile.
	Gzip How = "gzip"
)

// Hows returns all ways of rotating.
func Hows() []How { return []How{Rename, NoCreate, CopyTruncate, Delete, Gzip} }

// FileOptions say what a File is like. The zero value has no header and is
// never rotated by itself.
type FileOptions struct {
	Header string // what each file begins with
	Limit  int64  // it is rotated before it becomes longer than so many bytes; 0 = never
	How    How    // "" = Rename
	Keep   int    // how many rotated files stay, the newest ones; 0 = all
}

// A File is a log that is rotated by its writer. It belongs to one goroutine;
// compressing has one of its own, which Close waits for. What is written are
// whole lines.
type File struct {
	name string
	o    FileOptions
	file *os.File // nil = to be made with the next line
	size int64

	packed chan error // what came of compressing; nil = nothing to wait for
}

// OpenFile opens the file of that name, to append to.
func OpenFile(name string, o FileOptions) (*File, error) {
	if o.How == "" {
		o.How = Rename
	}
	f := &File{name: name, o: o}
	return f, f.open()
}

// open opens the file, with its header if it is empty.
func (f *File) open() error {
	file, err := os.OpenFile(f.name, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o644)
	if err != nil {
		return err
	}
	info, err := file.Stat()
	if err != nil {
		return errors.Join(err, file.Close())
	}
	f.file, f.size = file, info.Size()
	return f.head()
}

// head writes the header of an empty file.
func (f *File) head() error {
	if f.size > 0 || f.o.Header == "" {
		return nil
	}
	n, err := f.file.WriteString(f.o.Header)
	f.size += int64(n)
	return err
}

// Write implements io.Writer. It rotates between lines where the file would
// become too long; a line that is longer than the limit has a file of its own.
func (f *File) Write(p []byte) (int, error) {
	written := 0
	for len(p) > 0 {
		if f.file == nil {
			if err := f.open(); err != nil {
				return written, err
			}
		}
		part := p
		if room := f.o.Limit - f.size; f.o.Limit > 0 && int64(len(p)) > room {
			end := bytes.LastIndexByte(p[:max(room, 0)], '\n') + 1
			if end == 0 && f.size > int64(len(f.o.Header)) {
				if err := f.Rotate(); err != nil {
					return written, err
				}
				continue
			}
			if end == 0 {
				end = bytes.IndexByte(p, '\n') + 1
			}
			if end > 0 {
				part = p[:end]
			}
		}
		n, err := f.file.Write(part)
		f.size += int64(n)
		written += n
		if err != nil {
			return written, err
		}
		p = p[len(part):]
	}
	return written, nil
}

// Rotate rotates the file, unless no line is in it.
func (f *File) Rotate() error {
	if f.file == nil || f.size <= int64(len(f.o.Header)) {
		return nil
	}
	err := f.rotate()
	if err != nil {
		err = fmt.Errorf("cannot rotate %s: %w", f.name, err)
	}
	return err
}

func (f *File) rotate() error {
	if f.o.How == Delete {
		if err := errors.Join(f.close(), os.Remove(f.name)); err != nil {
			return err
		}
		return f.open()
	}
	if err := errors.Join(f.settle(), f.shift()); err != nil {
		return err
	}
	first := f.numbered(1)
	if f.o.How == CopyTruncate {
		if err := copyFile(f.name, first); err != nil {
			return err
		}
		if err := f.file.Truncate(0); err != nil {
			return err
		}
		f.size = 0
		return f.head()
	}
	if err := errors.Join(f.close(), os.Rename(f.name, first)); err != nil {
		return err
	}
	switch f.o.How {
	case NoCreate:
		return nil
	case Gzip:
		f.packed = make(chan error, 1)
		go func(done chan<- error) { done <- pack(first) }(f.packed)
	}
	return f.open()
}

// numbered returns the name of the n-th rotated file, 1 being the newest.
func (f *File) numbered(n int) string { return f.name + "." + strconv.Itoa(n) }

// shift gives each rotated file the next number, and removes those beyond what
// is kept.
func (f *File) shift() error {
	last := 0
	for f.exists(last + 1) {
		last++
	}
	for n := last; n > 0; n-- {
		for _, end := range []string{"", ".gz"} {
			var err error
			if f.o.Keep > 0 && n >= f.o.Keep {
				err = os.Remove(f.numbered(n) + end)
			} else {
				err = os.Rename(f.numbered(n)+end, f.numbered(n+1)+end)
			}
			if err != nil && !errors.Is(err, fs.ErrNotExist) {
				return err
			}
		}
	}
	return nil
}

// exists reports whether there is an n-th rotated file.
func (f *File) exists(n int) bool {
	return slices.ContainsFunc([]string{"", ".gz"}, func(end string) bool {
		_, err := os.Lstat(f.numbered(n) + end)
		return err == nil
	})
}

// settle waits for what is being compressed.
func (f *File) settle() error {
	if f.packed == nil {
		return nil
	}
	err := <-f.packed
	f.packed = nil
	return err
}

func (f *File) close() error {
	if f.file == nil {
		return nil
	}
	err := f.file.Close()
	f.file = nil
	return err
}

// Close closes the file, after what is being compressed is.
func (f *File) Close() error { return errors.Join(f.close(), f.settle()) }

// copyFile copies a file, as cp does.
func copyFile(from, to string) (err error) {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.Create(to)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Close())
}

// pack compresses a file and removes it. What could not be compressed whole
// stays as it was.
func pack(name string) (err error) {
	in, err := os.Open(name)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.Create(name + ".gz")
	if err != nil {
		return err
	}
	z := gzip.NewWriter(out)
	_, err = io.Copy(z, in)
	if err = errors.Join(err, z.Close(), out.Close()); err != nil {
		return errors.Join(err, os.Remove(name+".gz"))
	}
	return os.Remove(name)
}
