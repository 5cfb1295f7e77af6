package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

const (
	logName = "access.log"
	oldDir  = "old" // where a rotation may move files to

	keepFor   = 5 * time.Second // rotated files are kept for so long at least
	keepCount = 5               // and so many
	patience  = 30 * time.Second
)

// A scene is one run: a log with its writer, the follower with the checker, and
// what was destroyed. Scripts work on it, one at a time.
type scene struct {
	dir, path string
	writer    *writer
	checker   *checker
	ledger    *ledger
	follower  follower
	rand      *rand.Rand
	graces    []time.Duration // how long a writer stays on the old file, one by chance
	prune     bool            // delete rotated files that were read long ago
	rotations int
	missed    int64 // lines lost when the folder was last emptied
	most      int64 // the highest number seen before the last truncation
}

// newScene makes the folder of a run in dir.
func newScene(dir string, o options) (*scene, error) {
	s := &scene{
		dir: dir, path: filepath.Join(dir, logName), ledger: &ledger{},
		rand: rand.New(rand.NewPCG(o.seed, 2)), graces: o.graces, prune: true,
	}
	if err := os.Mkdir(filepath.Join(dir, oldDir), 0o755); err != nil {
		return nil, err
	}
	var err error
	if s.writer, err = newWriter(s.path, o.seed, o.halves); err != nil {
		return nil, err
	}
	s.checker = newChecker(s.writer.position)
	return s, nil
}

// grace is how long a writer takes to follow a request to reopen.
func (s *scene) grace() time.Duration { return s.graces[s.rand.IntN(len(s.graces))] }

// lines waits until n more lines have been written, or until a second has
// passed.
func (s *scene) lines(ctx context.Context, n int64) error {
	target := s.writer.position() + n
	for range 1000 {
		if s.writer.position() >= target {
			return nil
		}
		if err := wait(ctx, turn); err != nil {
			return err
		}
	}
	return nil
}

// looked waits until the follower has printed a line that is written from now
// on, or until a second has passed.
func (s *scene) looked(ctx context.Context) error {
	target := s.writer.position()
	for range 1000 {
		if s.checker.most.Load() >= target {
			return nil
		}
		if err := wait(ctx, turn); err != nil {
			return err
		}
	}
	return nil
}

// rotated returns the files that were rotated away, in no order.
func (s *scene) rotated() ([]string, error) {
	var names []string
	for _, dir := range []string{s.dir, filepath.Join(s.dir, oldDir)} {
		entries, err := os.ReadDir(dir)
		if err != nil {
			return nil, err
		}
		for _, e := range entries {
			name, ok := strings.CutPrefix(e.Name(), logName)
			if ok && name != "" && (name[0] == '.' || name[0] == '-') {
				names = append(names, filepath.Join(dir, e.Name()))
			}
		}
	}
	return names, nil
}

// generation reads the number of a name such as access.log.3 or access.log.3.gz.
func generation(name string) (n int, ending string, ok bool) {
	number, ok := strings.CutPrefix(filepath.Base(name), logName+".")
	if !ok {
		return 0, "", false
	}
	if number, ok = strings.CutSuffix(number, ".gz"); ok {
		ending = ".gz"
	}
	n, err := strconv.Atoi(number)
	return n, ending, err == nil
}

// shift makes room for a new access.log.1, as logrotate does.
func (s *scene) shift() error {
	names, err := s.rotated()
	if err != nil {
		return err
	}
	names = slices.DeleteFunc(names, func(name string) bool {
		_, _, ok := generation(name)
		return !ok || filepath.Dir(name) != s.dir
	})
	slices.SortFunc(names, func(a, b string) int {
		x, _, _ := generation(a)
		y, _, _ := generation(b)
		return y - x
	})
	for _, name := range names {
		n, ending, _ := generation(name)
		if err := os.Rename(name, s.path+"."+strconv.Itoa(n+1)+ending); err != nil {
			return err
		}
	}
	return nil
}

// rename moves the log to access.log.1.
func (s *scene) rename() error {
	if err := s.shift(); err != nil {
		return err
	}
	s.rotations++
	return os.Rename(s.path, s.path+".1")
}

// create makes an empty log, which must not be there.
func (s *scene) create() error {
	f, err := os.OpenFile(s.path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	return f.Close()
}

// copyOut copies the log to access.log.1, to the end that it has while it is
// read.
func (s *scene) copyOut() error {
	if err := s.shift(); err != nil {
		return err
	}
	in, err := os.Open(s.path)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(s.path+".1", os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Close())
}

// truncate empties the log, with whatever is in it.
func (s *scene) truncate() error {
	s.rotations++
	s.most = s.checker.most.Load()
	return os.Truncate(s.path, 0)
}

// compress turns a rotated file into one with .gz behind its name, which keeps
// its time as gzip does.
func compress(name string) error {
	in, err := os.Open(name)
	if err != nil {
		return err
	}
	defer in.Close()
	info, err := in.Stat()
	if err != nil {
		return err
	}
	out, err := os.OpenFile(name+".gz", os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	z, _ := gzip.NewWriterLevel(out, gzip.BestSpeed) // a known level is no error
	_, err = io.Copy(z, in)
	if err := errors.Join(err, z.Close(), out.Close()); err != nil {
		return err
	}
	return errors.Join(os.Chtimes(name+".gz", info.ModTime(), info.ModTime()), os.Remove(name))
}

// tidy deletes rotated files that the follower is past: it has printed later
// lines than they hold, there are newer ones, and some time went by. So a run of
// an hour needs no disk of an hour, and a follower that is behind finds all.
func (s *scene) tidy(now time.Time) error {
	names, err := s.rotated()
	if err != nil || len(names) <= keepCount || !s.prune {
		return err
	}
	times := map[string]time.Time{}
	for _, name := range names {
		info, err := os.Lstat(name)
		if err != nil {
			return err
		}
		times[name] = info.ModTime()
	}
	slices.SortFunc(names, func(a, b string) int { return times[b].Compare(times[a]) })
	live, _ := filepath.EvalSymlinks(s.path) // missing in a gap: then nothing is live
	for _, name := range names[keepCount:] {
		written := times[name]
		if filepath.Base(name) == filepath.Base(live) || now.Sub(written) < keepFor || s.checker.most.Load() < s.writer.by(written) {
			continue
		}
		if err := os.Remove(name); err != nil {
			return err
		}
	}
	return nil
}

// empty waits until the follower has printed what was written so far, then
// deletes all rotated files, so that a program with other names for them finds
// a clean folder.
func (s *scene) empty(ctx context.Context) error {
	names, err := s.rotated()
	if err != nil || len(names) == 0 {
		return err
	}
	target := s.writer.position() - 1
	for start := time.Now(); s.checker.most.Load() < target; {
		if err := wait(ctx, 5*turn); err != nil {
			return err
		}
		if time.Since(start) > patience {
			return fmt.Errorf("the follower has not printed line %d within %v; it is at %d", target, patience, s.checker.most.Load())
		}
	}
	// What it has left out since the last time may still come out of those files.
	for start := time.Now(); ; {
		lost, _ := s.checker.missing(target+1, s.ledger.excused())
		if count(lost) <= s.missed || time.Since(start) > settle {
			s.missed = count(lost)
			break
		}
		if err := wait(ctx, 20*turn); err != nil {
			return err
		}
	}
	for _, name := range names {
		if err := os.Remove(name); err != nil {
			return err
		}
	}
	return nil
}

// audit enters into the ledger what a truncation destroyed: the lines behind the
// last whole one of the copies, up to the first whole one that is in the log
// now. Only the disk tells it for a truncation by another program; so it is
// asked for all of them. Lines before those of the open file stand elsewhere,
// also when a copy has none because the log was empty.
func (s *scene) audit(ctx context.Context, copies ...string) error {
	kept := s.writer.begin() - 1
	var torn []split
	for _, name := range copies {
		text, err := contents(name)
		if err != nil {
			return err
		}
		_, last, tail := ends(text)
		kept = max(kept, last)
		if tail != "" {
			torn = append(torn, split{head: tail})
		}
	}
	for start := time.Now(); ; {
		first, head, err := s.firstLine()
		if err != nil {
			return err
		}
		if first > 0 {
			if head != "" {
				torn = append(torn, split{rest: head[:len(head)-1], bare: head == "\n"})
			}
			torn = append(torn, s.writer.splitIn(kept+1, first)...)
			s.ledger.destroy(stretch{kept + 1, first}, s.most, torn)
			s.writer.emptied(first)
			return nil
		}
		if time.Since(start) > patience {
			return fmt.Errorf("%s has no whole line %v after it was truncated", s.path, patience)
		}
		if err := wait(ctx, turn); err != nil {
			return err
		}
	}
}

// firstLine returns the number of the first whole line of the log, 0 when there
// is none yet, and what stands before it that is none.
func (s *scene) firstLine() (int64, string, error) {
	f, err := os.Open(s.path)
	if err != nil {
		return 0, "", err
	}
	defer f.Close()
	var begin []byte
	buf := make([]byte, 64<<10)
	for len(begin) < 4*lineRoom {
		n, err := f.Read(buf)
		begin = bytes.TrimLeft(append(begin, buf[:n]...), "\x00")
		if err == io.EOF {
			break
		}
		if err != nil {
			return 0, "", err
		}
	}
	first, _, _ := ends(begin)
	if first == 0 {
		return 0, "", nil
	}
	var p proof
	head := begin[:bytes.IndexByte(begin, '\n')+1]
	if _, whole := p.number(head[:len(head)-1]); whole {
		return first, "", nil
	}
	return first, string(head), nil
}

// ends returns the numbers of the first and the last whole line of text, 0
// without one, and what stands behind the last newline.
func ends(text []byte) (first, last int64, tail string) {
	var p proof
	for rest := text; len(rest) > 0; {
		line, after, _ := bytes.Cut(rest, []byte("\n"))
		if n, ok := p.number(bytes.TrimLeft(line, "\x00")); ok && len(line)+len(after) < len(rest) {
			first = n
			break
		}
		rest = after
	}
	end := bytes.LastIndexByte(text, '\n') + 1
	tail = string(text[end:])
	for end > 0 {
		begin := bytes.LastIndexByte(text[:end-1], '\n') + 1
		if n, ok := p.number(bytes.TrimLeft(text[begin:end-1], "\x00")); ok {
			return first, n, tail
		}
		end = begin
	}
	return first, 0, tail
}

// contents reads a rotated file, compressed or not.
func contents(name string) ([]byte, error) {
	text, err := os.ReadFile(name)
	if err != nil || !strings.HasSuffix(name, ".gz") {
		return text, err
	}
	z, err := gzip.NewReader(bytes.NewReader(text))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	if text, err = io.ReadAll(z); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return text, nil
}

// exists tells whether something has the name.
func exists(name string) bool {
	_, err := os.Lstat(name)
	return !errors.Is(err, fs.ErrNotExist)
}
