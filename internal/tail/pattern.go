package tail

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// A pattern stands for files that may come while others are followed: all that
// match it, or all in a directory that are named like logs.
type pattern struct {
	glob string
	logs bool // only names that look like a log that is being written
	dir  string
	seen time.Time // modification time of dir when it was last searched
	rest bool      // it was searched again since it has had that time

	begun   bool                   // it was searched before
	pending []string               // what matched and may be followed once something else than dir has changed
	refused map[string]fs.FileInfo // what was looked into, as it was then, and is no log
}

// searchEvery is how often patterns are searched for at most.
const searchEvery = time.Second

// mostSources bounds the files that patterns can add.
const mostSources = 20_000

// newPattern returns the pattern that a person has written, or that stands for a
// directory.
func newPattern(text string) *pattern {
	p := &pattern{glob: text, refused: map[string]fs.FileInfo{}}
	if info, err := os.Stat(text); err == nil && info.IsDir() || err != nil && text != "" && os.IsPathSeparator(text[len(text)-1]) {
		p.glob, p.logs = filepath.Join(literal(text), "*"), true
		p.dir = text
		return p
	}
	// What has a pattern in its directories may come anywhere below them.
	if dir := filepath.Dir(text); !strings.ContainsAny(dir, `*?[\`) {
		p.dir = dir
	}
	return p
}

// literal quotes what a pattern would take for more than itself.
func literal(path string) string {
	if os.PathSeparator == '\\' {
		return path // there is no quoting on Windows, and no such name
	}
	return strings.NewReplacer(`\`, `\\`, "*", `\*`, "?", `\?`, "[", `\[`).Replace(path)
}

// fits reports whether a path that matches has a name that is followed: none that
// is hidden, as for a shell, or of a compressed file.
func (p *pattern) fits(path string) bool {
	name := filepath.Base(path)
	hidden := strings.HasPrefix(name, ".") && !strings.HasPrefix(filepath.Base(p.glob), ".")
	return !hidden && plainName(path) == path && (!p.logs || looksLikeLog(name))
}

// Look searches for files that match the patterns of Options.Patterns since, at
// most once a second, and returns the sources added for them. They are among
// Sources from then on, and are read from their first byte.
func (f *Follower) Look(now time.Time) []*Source {
	if f.closed || len(f.patterns) == 0 || !f.searched.IsZero() && now.Sub(f.searched) < searchEvery {
		return nil
	}
	f.searched = now
	var added []*Source
	for _, p := range f.patterns {
		paths := f.matches(p)
		p.pending = nil
		for _, path := range paths {
			s, later := f.admit(p, path)
			if s != nil {
				added = append(added, s)
			}
			if later {
				p.pending = append(p.pending, path)
			}
		}
		if !p.begun && !slices.ContainsFunc(paths, f.named) {
			f.notify(-1, p.noneText())
		}
		p.begun = true
	}
	return added
}

// text is the pattern as a person has named it.
func (p *pattern) text() string {
	if p.logs {
		return p.dir
	}
	return p.glob
}

// noneText tells why nothing of p is followed.
func (p *pattern) noneText() string {
	if p.dir != "" {
		if _, err := os.ReadDir(p.dir); errors.Is(err, fs.ErrPermission) {
			return deniedText(p.dir, whoMayRead(p.dir))
		}
	}
	return p.text() + ": no file there is named like a log yet, or matches; waiting for one"
}

// matches lists what may be there to be followed now: all that matches, or what
// could not be decided last time if nothing can have come since.
func (f *Follower) matches(p *pattern) []string {
	if p.dir != "" {
		info, err := os.Stat(p.dir)
		if err != nil {
			p.seen, p.rest = time.Time{}, false // it may be made anew
			return nil
		}
		// A change may be followed by another within the same tick of the kernel's
		// clock, and so with the same time: after each one more search is made,
		// which is searchEvery later.
		same := info.ModTime().Equal(p.seen)
		if same && p.rest {
			return p.pending
		}
		p.seen, p.rest = info.ModTime(), same
		f.watch(filepath.Join(p.dir, "*"), nil)
	}
	all, err := filepath.Glob(p.glob)
	if err != nil {
		return nil // newPattern was given what Glob takes
	}
	return all
}

// admit makes a source for path, unless it is one, or was one under another name,
// or can be none. With later the answer may change though the directory does not.
func (f *Follower) admit(p *pattern, path string) (s *Source, later bool) {
	path = filepath.Clean(path)
	if !p.fits(path) || f.named(path) || f.rotated(path) {
		return nil, false
	}
	own := &f.opt.Choice.Own
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return nil, true // a link, perhaps, to what is yet to come
	case info.IsDir():
		return nil, false
	case !info.Mode().IsRegular():
		f.passOver(path, "left out, only files are followed")
		return nil, false
	case own.Is(path, info):
		if !slices.Contains(own.Names, path) {
			own.Names = append(slices.Clip(own.Names), path) // and with it what it is rotated to
		}
		f.passOver(path, "left out, weir writes it itself")
		return nil, false
	case own.rotated(path):
		f.passOver(path, "left out, by its name weir has written it itself")
		return nil, false
	case f.owner(info) != nil || f.knows(info):
		return nil, true
	case !f.picks(p, path, info):
		return nil, true
	case len(f.sources) >= mostSources:
		f.passOver(path, fmt.Sprintf("left out, %d files are followed already", len(f.sources)))
		return nil, false
	}
	s = &Source{f: f, index: len(f.sources), name: path}
	f.sources = append(f.sources, s)
	f.names[f.place(path)] = true
	delete(f.passed, path)
	pos, ok := f.opt.Resume[path]
	if !ok {
		pos, ok = f.opt.Resume[f.place(path)]
	}
	s.open(&pos, ok)
	return s, false
}

// picks reports whether a file of p is to be followed, by what it holds.
func (f *Follower) picks(p *pattern, path string, info fs.FileInfo) bool {
	if old, ok := p.refused[path]; ok && os.SameFile(old, info) && !worthAnother(old.Size(), info.Size()) {
		return false
	}
	ok, sure := f.opt.Choice.takes(p, path)
	delete(p.refused, path)
	if !ok && sure {
		prune(p.refused)
		p.refused[path] = info
		f.passOver(path, "left out, it does not look like an access log; name it to follow it all the same")
	}
	return ok
}

// prune drops what is known of files that are gone, each time that there are a
// thousand more: files with a date in their names come for ever.
func prune[V any](known map[string]V) {
	const often = 1000
	if n := len(known); n == 0 || n%often > 0 {
		return
	}
	maps.DeleteFunc(known, func(path string, _ V) bool {
		_, err := os.Lstat(path)
		return errors.Is(err, fs.ErrNotExist)
	})
}

// passOver tells, once, why a file that matches is not followed.
func (f *Follower) passOver(path, why string) {
	if f.passed[path] != why {
		prune(f.passed)
		f.passed[path] = why
		f.notify(-1, path+": "+why)
	}
}

// named reports whether a source has this path. Two ways to write it down are one.
func (f *Follower) named(path string) bool {
	if f.names == nil {
		f.names = map[string]bool{}
		for _, s := range f.sources {
			if s.stream == nil {
				f.names[f.place(s.name)] = true
			}
		}
	}
	return f.names[f.place(path)]
}

// place is a path from the root.
func (f *Follower) place(path string) string {
	if filepath.IsAbs(path) {
		return filepath.Clean(path)
	}
	return filepath.Join(f.dir, path)
}

// rotated reports whether path has the name of what a log that is followed is
// rotated to. It is read there, if it has to be read at all.
func (f *Follower) rotated(path string) bool { return rotatedFrom(path, f.named) }

// rotatedFrom reports whether path is named as a rotation names what stood at a
// path for which known is true.
func rotatedFrom(path string, known func(string) bool) bool {
	dir, name := filepath.Split(plainName(path))
	for i := 1; i < len(name); i++ {
		if !strings.ContainsRune(".-_", rune(name[i])) {
			continue
		}
		if _, ok := tagIn(name[i:]); ok && known(dir+name[:i]) {
			return true
		}
		ext := filepath.Ext(name)
		inner, ok := strings.CutSuffix(name[i:], ext)
		if !ok || inner == "" || ext == "" {
			continue
		}
		// access.1.log; what is dated from the start, as by cronolog, is a log of
		// its own until it is told from the others by a link.
		if t, ok := tagWithin(inner); ok && t.counts && known(dir+name[:i]+ext) {
			return true
		}
	}
	return false
}

// knows reports whether info is of a file that was read to its end.
func (f *Follower) knows(info fs.FileInfo) bool {
	return slices.ContainsFunc(f.marks, func(d done) bool { return d.same(info) && d.Offset == info.Size() })
}
