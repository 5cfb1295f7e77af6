package tail

import (
	"fmt"
	"io/fs"
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
	told map[string]bool
}

// searchEvery is how often patterns are searched for at most.
const searchEvery = time.Second

// mostSources bounds the files that patterns can add.
const mostSources = 20_000

// newPattern returns the pattern that a person has written, or that stands for a
// directory.
func newPattern(text string) *pattern {
	p := &pattern{glob: text, told: map[string]bool{}}
	if info, err := os.Stat(text); err == nil && info.IsDir() {
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
		for _, path := range p.matches() {
			if s := f.admit(p, path); s != nil {
				added = append(added, s)
			}
		}
	}
	return added
}

// matches lists what matches now; nothing if nothing can have come since the last
// time.
func (p *pattern) matches() []string {
	if p.dir != "" {
		info, err := os.Stat(p.dir)
		if err != nil {
			return nil
		}
		// A change may be followed by another within the same tick of the kernel's
		// clock, and so with the same time: after each one more search is made,
		// which is searchEvery later.
		same := info.ModTime().Equal(p.seen)
		if same && p.rest {
			return nil
		}
		p.seen, p.rest = info.ModTime(), same
	}
	all, err := filepath.Glob(p.glob)
	if err != nil {
		return nil // newPattern was given what Glob takes
	}
	return all
}

// admit makes a source for path, unless it is one, or was one under another name,
// or can be none.
func (f *Follower) admit(p *pattern, path string) *Source {
	path = filepath.Clean(path)
	if f.named(path) || p.logs && !looksLikeLog(filepath.Base(path)) || plainName(path) != path || f.rotated(path) {
		return nil
	}
	info, err := os.Stat(path)
	if err != nil || p.told[path] {
		return nil
	}
	switch {
	case info.IsDir():
		return nil
	case !info.Mode().IsRegular():
		p.told[path] = true
		f.notify(-1, fmt.Sprintf("%s: matches %s, and is passed over: only files are followed", path, p.glob))
		return nil
	case f.owner(info) != nil || f.knows(info):
		return nil
	case len(f.sources) >= mostSources:
		p.told[path] = true
		f.notify(-1, fmt.Sprintf("%s: matches %s, and is passed over: %d files are followed already", path, p.glob, len(f.sources)))
		return nil
	}
	s := &Source{f: f, index: len(f.sources), name: path}
	f.sources = append(f.sources, s)
	f.names[path] = true
	pos, ok := f.opt.Resume[path]
	s.open(&pos, ok)
	return s
}

func (f *Follower) named(path string) bool {
	if f.names == nil {
		f.names = map[string]bool{}
		for _, s := range f.sources {
			f.names[filepath.Clean(s.name)] = true
		}
	}
	return f.names[path]
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
		if t, ok := tagIn(inner); ok && t.counts && known(dir+name[:i]+ext) {
			return true
		}
	}
	return false
}

// Match returns the files that a word of a command line stands for now, and
// whether more may come for which the word must be among Options.Patterns: it is
// a directory or a pattern. What is neither is the file itself, whether it is
// there or not. Rotated and compressed files are left out.
func Match(word string) (paths []string, more bool) {
	info, err := os.Stat(word)
	if word == "-" || err == nil && !info.IsDir() || err != nil && !strings.ContainsAny(word, "*?[") {
		return []string{word}, false
	}
	p := newPattern(word)
	all, err := filepath.Glob(p.glob)
	if err != nil {
		return []string{word}, false // no pattern, then a name
	}
	known := map[string]bool{}
	for _, path := range all {
		known[path] = true
	}
	for _, path := range all {
		info, err := os.Stat(path)
		if p.logs && !looksLikeLog(filepath.Base(path)) || plainName(path) != path || err != nil || !info.Mode().IsRegular() ||
			rotatedFrom(path, func(p string) bool { return known[p] }) {
			continue
		}
		paths = append(paths, path)
	}
	return paths, true
}

// knows reports whether info is of a file that was read to its end.
func (f *Follower) knows(info fs.FileInfo) bool {
	return slices.ContainsFunc(f.marks, func(d done) bool { return d.same(info) && d.Offset == info.Size() })
}
