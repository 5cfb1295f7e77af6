package tail

import (
	"bytes"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// A shelf is a directory of logs that a Follower takes by patterns.
type shelf struct {
	t   *testing.T
	dir string
	now time.Time
	f   *Follower
	got map[string]string // what was read, by the name of the source
}

// newShelf puts empty files, or links where there is an arrow, into a directory.
func newShelf(t *testing.T, names ...string) *shelf {
	t.Helper()
	s := &shelf{t: t, dir: t.TempDir(), now: noon(), got: map[string]string{}}
	for _, name := range names {
		s.put(name, "")
	}
	return s
}

func (s *shelf) path(name string) string { return filepath.Join(s.dir, filepath.FromSlash(name)) }

func (s *shelf) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

// put appends text to a file, which it makes.
func (s *shelf) put(name, text string) {
	s.t.Helper()
	w, err := os.OpenFile(s.path(name), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	s.must(err)
	_, err = w.WriteString(text)
	s.must(err)
	s.must(w.Close())
}

// follow opens a Follower on words as a command does, relative ones below the
// directory.
func (s *shelf) follow(o Options, words ...string) {
	s.t.Helper()
	o.Poll = true
	for _, w := range words {
		if !filepath.IsAbs(w) {
			w = s.dir + string(filepath.Separator) + filepath.FromSlash(w)
		}
		paths, more := o.Choice.Match(w)
		o.Paths = append(o.Paths, paths...)
		if more {
			o.Patterns = append(o.Patterns, w)
		}
	}
	f, err := Open(o)
	s.must(err)
	s.t.Cleanup(f.Close)
	s.f = f
}

// round is what the owner of a Follower does in a second, and after it.
func (s *shelf) round() {
	s.t.Helper()
	s.f.Look(s.now)
	for _, src := range s.f.Sources() {
		for b := src.Next(s.now); b != nil; b = src.Next(s.now) {
			s.got[s.short(src.name)] += string(b.Data)
			b.Release()
		}
	}
	s.now = s.now.Add(time.Second)
}

func (s *shelf) short(path string) string {
	return filepath.ToSlash(strings.TrimPrefix(path, s.dir+string(filepath.Separator)))
}

// sources are the names of the sources, in their order.
func (s *shelf) sources() string {
	var names []string
	for _, src := range s.f.Sources() {
		names = append(names, s.short(src.name))
	}
	return strings.Join(names, " ")
}

func (s *shelf) told() string {
	var texts []string
	for _, n := range s.f.Notices() {
		text := strings.ReplaceAll(n.Text, s.dir+string(filepath.Separator)+":", ".:") // the directory itself
		texts = append(texts, strings.ReplaceAll(text, s.dir+string(filepath.Separator), ""))
	}
	return strings.Join(texts, "\n")
}

func (s *shelf) wantSources(want string) {
	s.t.Helper()
	if got := s.sources(); got != want {
		s.t.Errorf("sources: got %q, want %q", got, want)
	}
}

func (s *shelf) wantTold(want string) {
	s.t.Helper()
	if got := s.told(); got != want {
		s.t.Errorf("told: got %q, want %q", got, want)
	}
}

func (s *shelf) wantRead(want map[string]string) {
	s.t.Helper()
	for name, text := range want {
		if s.got[name] != text {
			s.t.Errorf("%s: got %q, want %q", name, s.got[name], text)
		}
	}
	for name, text := range s.got {
		if want[name] == "" {
			s.t.Errorf("%s: got %q, want nothing", name, text)
		}
	}
}

func TestMatchTakesWhatIsBeingWritten(t *testing.T) {
	s := newShelf(t,
		"access.log", "access.log.1", "access.log.2.gz", "access.1.log", "access.log-20261120", "error.log", "error.log.1",
		"site_access.log", "access_log", "apache_access", "notes.txt", ".hidden.log", "old.log.gz", "dated-2026-11-20.log", "dated-2026-11-21.log",
		"a[1].log", "access_8080.log", "access-2.log",
	)
	s.must(os.Mkdir(s.path("sub.log"), 0o755))
	s.must(os.Mkdir(s.path("sub"), 0o755))
	s.put("sub/b.log", "")
	s.must(os.Symlink("nowhere.log", s.path("broken.log")))
	for word, want := range map[string]string{
		"":                  "a[1].log access.log access_8080.log access_log apache_access dated-2026-11-20.log dated-2026-11-21.log error.log site_access.log",
		"*.log":             "a[1].log access.log access_8080.log dated-2026-11-20.log dated-2026-11-21.log error.log site_access.log",
		"access*":           "access.log access_8080.log access_log",
		"*.txt":             "notes.txt",
		".*.log":            ".hidden.log",
		"*/*.log":           "sub/b.log",
		"sub":               "sub/b.log",
		"access.log.[0-9]*": "access.log.1",
		"none*":             "",
		"later/":            "",
	} {
		paths, more := (&Choice{}).Match(s.dir + string(filepath.Separator) + word)
		for i := range paths {
			paths[i] = s.short(paths[i])
		}
		if got := strings.Join(paths, " "); got != want || !more {
			t.Errorf("%q: got %q, more %t; want %q, true", word, got, more, want)
		}
	}
	for _, word := range []string{"-", "", s.path("none.log"), s.path("access.log"), s.path("a[1].log"), s.path("a[.log")} {
		if paths, more := (&Choice{}).Match(word); len(paths) != 1 || paths[0] != word || more {
			t.Errorf("%q: got %q, more %t; want the word itself, false", word, paths, more)
		}
	}
}

func TestWhatComesIntoADirectoryIsReadFromItsFirstByte(t *testing.T) {
	s := newShelf(t)
	s.put("a.log", "before\n")
	s.follow(Options{FromEnd: true}, "", "*.txt")
	s.round()
	s.wantTold("*.txt: no file there is named like a log yet, or matches; waiting for one")
	s.put("b.log", "one\n")
	s.put("b.log.gz", "\x1f\x8b\n")
	s.put("notes", "none\n")
	s.put("c.txt", "two\n")
	s.put("a.log", "after\n")
	s.round()
	s.round()
	s.wantSources("a.log b.log c.txt")
	s.wantRead(map[string]string{"a.log": "after\n", "b.log": "one\n", "c.txt": "two\n"})
	s.wantTold("")
}

// TestTwoChangesWithinATickAreBothSeen: the directory has the same time after the
// second as after the first.
func TestTwoChangesWithinATickAreBothSeen(t *testing.T) {
	s := newShelf(t)
	s.follow(Options{}, "")
	at := time.Date(2019, 1, 1, 0, 0, 0, 0, time.UTC)
	s.put("a.log", "one\n")
	s.must(os.Chtimes(s.dir, at, at))
	s.round()
	s.put("b.log", "two\n")
	s.must(os.Chtimes(s.dir, at, at))
	s.round()
	s.wantSources("a.log b.log")
	// After that a directory that has not changed is not read again.
	s.put("c.log", "three\n")
	s.must(os.Chtimes(s.dir, at, at))
	s.round()
	s.wantSources("a.log b.log")
	s.must(os.Chtimes(s.dir, at.Add(1), at.Add(1)))
	s.round()
	s.wantSources("a.log b.log c.log")
}

func TestRotationInADirectoryMakesNoLogs(t *testing.T) {
	for name, pattern := range map[string]string{"directory": "", "pattern": "*"} {
		t.Run(name, func(t *testing.T) {
			s := newShelf(t)
			want := ""
			s.follow(Options{}, pattern)
			for i := range 6 {
				line := fmt.Sprintf("line %d of several, which is longer than what tells nothing\n", i)
				s.put("a.log", line)
				want += line
				s.round()
				for n := i; n > 0; n-- {
					s.must(os.Rename(s.path(fmt.Sprintf("a.log.%d", n)), s.path(fmt.Sprintf("a.log.%d", n+1))))
				}
				if i%2 == 0 {
					s.must(os.Rename(s.path("a.log"), s.path("a.log.1")))
					continue
				}
				text, err := os.ReadFile(s.path("a.log"))
				s.must(err)
				s.must(os.WriteFile(s.path("a.log.1"), text, 0o644))
				s.must(os.Truncate(s.path("a.log"), 0))
			}
			s.round()
			s.wantSources("a.log")
			s.wantRead(map[string]string{"a.log": want})
		})
	}
}

func TestADirectoryMayComeLateAndBeMadeAnew(t *testing.T) {
	for _, words := range [][]string{{"logs/"}, {"logs/*.log"}, {"*/*.log"}} {
		t.Run(words[0], func(t *testing.T) {
			s := newShelf(t)
			s.follow(Options{}, words...)
			s.round()
			s.must(os.Mkdir(s.path("logs"), 0o755))
			s.put("logs/a.log", "one\n")
			s.round()
			s.round()
			s.must(os.RemoveAll(s.path("logs")))
			s.round()
			s.round()
			s.must(os.Mkdir(s.path("logs"), 0o755))
			s.put("logs/a.log", "two\n")
			s.put("logs/b.log", "three\n")
			s.round()
			s.round()
			s.wantSources("logs/a.log logs/b.log")
			s.wantRead(map[string]string{"logs/a.log": "one\ntwo\n", "logs/b.log": "three\n"})
		})
	}
}

// TestAFileIsOneSource whichever words, names and links lead to it, through a
// rotation.
func TestAFileIsOneSource(t *testing.T) {
	s := newShelf(t)
	t.Chdir(s.dir)
	s.put("a.log", "one\n")
	s.must(os.Link("a.log", "hard.log"))
	s.must(os.Symlink("a.log", "soft.log"))
	s.follow(Options{Paths: []string{"./a.log"}, Patterns: []string{".", "*.log"}}, "", "a*.log", s.path("*.log"))
	all := func() string {
		var b strings.Builder
		for _, name := range slices.Sorted(maps.Keys(s.got)) {
			b.WriteString(s.got[name])
		}
		return b.String()
	}
	s.round()
	s.round()
	if got := all(); got != "one\n" {
		t.Errorf("got %q, want one line once", got)
	}
	n := len(s.f.Sources())
	s.must(os.Rename("a.log", "a.log.1"))
	s.put("a.log", "two\n")
	for range 3 {
		s.round()
	}
	if got := all(); strings.Count(got, "one\n") != 1 || strings.Count(got, "two\n") != 1 || len(s.f.Sources()) != n {
		t.Errorf("got %q from %s, want each line once, from as many sources", got, s.sources())
	}
}

func TestALinkToAFollowedFileIsFollowedOnceItLeadsElsewhere(t *testing.T) {
	s := newShelf(t)
	s.put("day-1.log", "one\n")
	s.follow(Options{}, "")
	s.must(os.Symlink("day-1.log", s.path("current.log")))
	s.round()
	s.round()
	s.wantSources("day-1.log")
	s.must(os.Mkdir(s.path("elsewhere"), 0o755))
	s.put("elsewhere/x", "two\n")
	s.must(os.Remove(s.path("current.log")))
	s.must(os.Symlink("elsewhere/x", s.path("current.log")))
	s.round()
	s.wantSources("day-1.log current.log")
	s.wantRead(map[string]string{"day-1.log": "one\n", "current.log": "two\n"})
}

func TestALinkIsFollowedWhenThereIsWhatItLeadsTo(t *testing.T) {
	s := newShelf(t)
	s.must(os.Mkdir(s.path("elsewhere"), 0o755))
	s.must(os.Symlink("elsewhere/x", s.path("a.log")))
	s.follow(Options{}, "")
	for range 3 {
		s.round() // the directory rests
	}
	s.put("elsewhere/x", "one\n")
	s.round()
	s.wantSources("a.log")
	s.wantRead(map[string]string{"a.log": "one\n"})
}

func TestMoreThanTheMostSourcesAreTold(t *testing.T) {
	s := newShelf(t)
	s.follow(Options{}, "")
	s.f.sources = make([]*Source, mostSources)
	for i := range s.f.sources {
		s.f.sources[i] = &Source{f: s.f, index: i, name: fmt.Sprint(i)}
	}
	s.put("a.log", "")
	s.f.Look(s.now)
	s.f.Look(s.now.Add(time.Second))
	s.wantTold("a.log: left out, 20000 files are followed already\n.: no file there is named like a log yet, or matches; waiting for one")
	s.f.sources = nil
}

// wanted is a Choice of files with lines of their own.
func wanted(t *testing.T) Choice {
	return Choice{Log: func(path string, head []byte) bool {
		if len(head) == 0 || len(head) > headSize || head[len(head)-1] != '\n' && len(head) < headSize {
			t.Errorf("%s: asked about %d bytes, want whole lines", path, len(head))
		}
		good := bytes.Count(head, []byte("good"))
		return 2*good >= bytes.Count(head, newline)
	}}
}

func TestOfADirectoryWhatIsNoLogIsLeftOut(t *testing.T) {
	s := newShelf(t)
	s.put("access.log", "good 1\n")
	s.put("slow.log", "bad 1\n")
	s.put("error.log", "")
	s.put("half-error.log", "go")
	s.put("empty.log", "")
	s.follow(Options{Choice: wanted(t)}, "")
	s.wantSources("access.log empty.log")
	s.round()
	s.wantTold("slow.log: left out, it does not look like an access log; name it to follow it all the same")
	s.put("error.log", "bad 2\n")
	s.put("half-error.log", "od 2\n") // a log after all
	s.put("late.log", "bad 3\n")
	s.put("later.log", "good 3\n")
	s.round()
	s.round()
	s.wantSources("access.log empty.log half-error.log later.log")
	s.wantTold("error.log: left out, it does not look like an access log; name it to follow it all the same\n" +
		"late.log: left out, it does not look like an access log; name it to follow it all the same")
	s.wantRead(map[string]string{"access.log": "good 1\n", "half-error.log": "good 2\n", "later.log": "good 3\n"})

	// What matches a pattern, or is named, is meant.
	s.follow(Options{Choice: wanted(t)}, "*.log")
	s.wantSources("access.log empty.log error.log half-error.log late.log later.log slow.log")
}

// TestWhatWasLeftOutMayBecomeALog: a program that says what it is before it logs
// its first request, and a name that is given to another file.
func TestWhatWasLeftOutMayBecomeALog(t *testing.T) {
	s := newShelf(t)
	s.put("app.log", "listening\n")
	s.put("site.log", "oops\n")
	s.put("cut.log", "oops\noops\n")
	s.put("long.log", strings.Repeat("oops\n", headSize/5+1))
	s.follow(Options{Choice: wanted(t)}, "")
	s.round()
	s.told()
	s.put("app.log", "good 1\ngood 2\n")
	s.must(os.Rename(s.path("site.log"), s.path("site.log.1")))
	s.put("site.log", "good 3\n")
	s.must(os.WriteFile(s.path("cut.log"), []byte("good 4\n"), 0o644))
	s.put("long.log", strings.Repeat("good\n", headSize))
	s.round()
	s.round()
	s.wantSources("app.log cut.log site.log")
	s.wantRead(map[string]string{"app.log": "listening\ngood 1\ngood 2\n", "cut.log": "good 4\n", "site.log": "good 3\n"})
	s.wantTold("")
}

func TestWhatTheProcessWritesIsNotFollowed(t *testing.T) {
	for name, word := range map[string]string{"directory": "", "pattern": "*.*"} {
		t.Run(name, func(t *testing.T) {
			s := newShelf(t)
			out, err := os.Create(s.path("stream.log"))
			s.must(err)
			defer out.Close()
			info, err := out.Stat()
			s.must(err)
			s.put("output.log", "own\n")
			s.put("a.log", "one\n")
			own := Own{Names: []string{s.path("output.log"), s.path("rejects.log")}, Files: []fs.FileInfo{info}}
			s.follow(Options{Choice: Choice{Own: own}}, word)
			s.wantSources("a.log")
			s.put("rejects.log", "own\n")
			s.put("stream.log", "own\n")
			s.round()
			s.round()
			s.wantTold("output.log: left out, weir writes it itself\nrejects.log: left out, weir writes it itself\nstream.log: left out, weir writes it itself")

			// Nor is what they are rotated to.
			for _, name := range []string{"output.log", "stream.log"} {
				s.must(os.Rename(s.path(name), s.path(strings.TrimSuffix(name, ".log")+"-20261121.log")))
				s.put(name, "own\n")
			}
			s.must(os.Rename(s.path("rejects.log"), s.path("rejects.log.1")))
			s.put("b.log", "two\n")
			s.round()
			s.round()
			s.wantRead(map[string]string{"a.log": "one\n", "b.log": "two\n"})
		})
	}
}

// TestAPositionIsForWhatComesLaterToo: a log that is not there when a process
// begins, because it is being rotated, goes on where the one before stopped.
func TestAPositionIsForWhatComesLaterToo(t *testing.T) {
	s := newShelf(t)
	s.put("a.log", "one of several lines\n")
	s.follow(Options{}, "")
	s.round()
	at := s.f.Sources()[0].Position()
	s.f.Close()
	s.put("a.log", "two of several lines\n")
	s.must(os.Rename(s.path("a.log"), s.path("a.log.1")))
	s.got = map[string]string{}
	s.follow(Options{Resume: map[string]Position{s.path("a.log"): at}}, "")
	s.round()
	s.put("a.log", "three\n")
	s.round()
	s.round()
	s.wantRead(map[string]string{"a.log": "two of several lines\nthree\n"})
}

func TestWhatIsKnownOfFilesThatAreGoneIsForgotten(t *testing.T) {
	f := &Follower{passed: map[string]string{}}
	dir := t.TempDir()
	here := filepath.Join(dir, "here")
	if err := os.WriteFile(here, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	f.passOver(here, "left out")
	for i := range 10_000 {
		f.passOver(filepath.Join(dir, fmt.Sprint("error-", i, ".log")), "left out")
		f.notices = nil
	}
	if n := len(f.passed); n > 1000 || f.passed[here] == "" {
		t.Errorf("got %d files left out of which one is there, known %t; want at most 1000, and that one", n, f.passed[here] != "")
	}
}
