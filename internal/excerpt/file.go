package excerpt

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"time"

	"weir/internal/archive"
	"weir/internal/charset"
	"weir/internal/stamp"
	"weir/internal/tail"
)

const (
	firstLook = 64 << 10  // of a file, for its first time
	headBytes = 256 << 10 // of the file that tells what the log is
)

// A file is one of the files of a log.
type file struct {
	path   string
	info   os.FileInfo
	f      *os.File      // nil while it is not open
	stream *bufio.Reader // of what can be read only once; else nil
	once   bool          // it is such
	kind   archive.Kind
	wide   bool // UTF-16
	unpack *archive.Reader

	head   []byte // the first text, while files are chosen
	stamps *stamp.Reader
	first  int64 // time of the first line that has one
	timed  bool
}

// open opens the file and looks at how it is written down.
func (f *file) open() error {
	if f.f != nil || f.stream != nil {
		return nil
	}
	opened, err := os.Open(f.path)
	if err == nil {
		info, broken := opened.Stat()
		if err = broken; err == nil && f.info.Mode().IsRegular() && !os.SameFile(info, f.info) {
			opened.Close()
			opened, err = f.find()
		}
	} else if errors.Is(err, fs.ErrNotExist) {
		opened, err = f.find()
	}
	if err != nil {
		return fmt.Errorf("cannot read %s: %w", f.path, cause(err))
	}
	f.f = opened
	if info, err := opened.Stat(); err == nil {
		f.info = info
	}
	if !f.info.Mode().IsRegular() {
		f.use(opened)
		return nil
	}
	head := make([]byte, archive.HeadSize)
	n, _ := opened.ReadAt(head, 0)
	f.sniff(head[:n])
	return nil
}

// use makes the file one that can be read only once.
func (f *file) use(r io.Reader) {
	f.once, f.stream = true, bufio.NewReaderSize(r, headBytes)
	head, _ := f.stream.Peek(archive.HeadSize)
	f.sniff(head)
}

func (f *file) sniff(head []byte) {
	f.kind = archive.Sniff(head)
	e, _ := charset.Sniff(head)
	f.wide = f.kind == archive.Plain && e != charset.UTF8
}

// find opens the file where a rotation has taken it since it was listed.
func (f *file) find() (*os.File, error) {
	dir := filepath.Dir(f.path)
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		path := filepath.Join(dir, e.Name())
		info, err := e.Info()
		if err != nil || !os.SameFile(info, f.info) && path != f.path+".gz" && path != f.path+".zst" && path != f.path+".xz" && path != f.path+".bz2" {
			continue
		}
		if opened, err := os.Open(path); err == nil {
			f.path = path
			return opened, nil
		}
	}
	return nil, errors.New("it was rotated away just now; try again")
}

// seekable reports whether places in the file are places in its text.
func (f *file) seekable() bool {
	return f.stream == nil && f.kind == archive.Plain && !f.wide && f.info.Size() > 0
}

// text returns the text from its beginning. Of a file that can be read only once
// that can be had once.
func (f *file) text() (io.Reader, error) {
	f.free()
	var r io.Reader = f.stream
	if f.stream == nil {
		size := f.info.Size() // what is written from now on was not asked for
		if !f.info.Mode().IsRegular() || size == 0 {
			size = math.MaxInt64 // of /proc, for one, it is not known
		}
		r = io.NewSectionReader(f.f, 0, size)
	}
	if f.kind != archive.Plain {
		unpack, err := archive.Open(r, f.kind)
		if err != nil {
			return nil, err
		}
		f.unpack, r = unpack, unpack
	}
	return archive.NewText(r), nil
}

// look returns the first n bytes of the text, or fewer.
func (f *file) look(n int) []byte {
	if f.stream != nil {
		raw, _ := f.stream.Peek(n)
		var r io.Reader = bytes.NewReader(raw)
		if f.kind != archive.Plain {
			unpack, err := archive.Open(r, f.kind)
			if err != nil {
				return nil
			}
			defer unpack.Close()
			r = unpack
		}
		head, _ := io.ReadAll(io.LimitReader(archive.NewText(r), int64(n)))
		return head
	}
	r, err := f.text()
	if err != nil {
		return nil // told where it is read
	}
	head := make([]byte, n)
	got, _ := io.ReadFull(r, head)
	f.free()
	return head[:got]
}

func (f *file) free() {
	if f.unpack != nil {
		f.unpack.Close()
		f.unpack = nil
	}
}

func (f *file) close() {
	f.free()
	if f.f != nil {
		f.f.Close()
	}
	f.f, f.stream, f.head = nil, nil, nil
}

// copyOf reports whether older, which is to be the file before f, is an early
// copy of it: a rotation that copies and has not truncated, or never does.
func (f *file) copyOf(older *file) bool {
	const enough = 1 << 10
	a, b := f.head, older.head
	n := min(len(a), len(b))
	if n < enough || !bytes.Equal(a[:n], b[:n]) || len(b) > len(a) {
		return false
	}
	if !f.seekable() || !older.seekable() {
		return true
	}
	size := older.info.Size()
	if size > f.info.Size() {
		return false
	}
	ends := [2][]byte{make([]byte, enough), make([]byte, enough)}
	for i, g := range []*file{f, older} {
		if _, err := g.f.ReadAt(ends[i], size-enough); err != nil && err != io.EOF {
			return false
		}
	}
	return bytes.Equal(ends[0], ends[1])
}

// family returns the files of a log, oldest first; missing says that there is none
// at its path.
func family(name string) (files []*file, missing error) {
	_, missing = os.Stat(name)
	for _, m := range tail.Family(name) {
		files = append(files, &file{path: m.Path, info: m.Info})
	}
	return files, missing
}

// written is when f was last written to.
func (f *file) written(now time.Time) time.Time {
	if f.once {
		return now
	}
	return f.info.ModTime()
}

// lineFrom returns where the first line begins at or behind at.
func (f *file) lineFrom(at int64) int64 {
	size := f.info.Size()
	if at <= 0 {
		return 0
	}
	buf := make([]byte, firstLook)
	for at--; at < size; at += int64(len(buf)) {
		n, _ := f.f.ReadAt(buf, at)
		if i := bytes.IndexByte(buf[:n], '\n'); i >= 0 {
			return at + int64(i) + 1
		}
		if n == 0 {
			break
		}
	}
	return size
}

// joined sorts ranges, lets them begin and end where lines do, and makes one of
// those that touch.
func (f *file) joined(ranges []Range) []Range {
	for i := range ranges {
		ranges[i].From, ranges[i].To = f.lineFrom(ranges[i].From), f.lineFrom(ranges[i].To)
	}
	slices.SortFunc(ranges, func(a, b Range) int { return int(min(max(a.From-b.From, -1), 1)) })
	var all []Range
	for _, r := range ranges {
		switch n := len(all); {
		case r.From >= r.To:
		case n > 0 && r.From <= all[n-1].To:
			all[n-1].To = max(all[n-1].To, r.To)
		default:
			all = append(all, r)
		}
	}
	return all
}

// cause is what is wrong with a file, without its name.
func cause(err error) error {
	if path := (*fs.PathError)(nil); errors.As(err, &path) {
		return path.Err
	}
	return err
}
