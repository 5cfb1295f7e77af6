package main

import (
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"weir/bench/program"
)

// TestEachScriptLeavesWhatItSaysOnTheDisk runs every script twice, under a
// perfect follower: all lines are on the disk that the ledger does not call
// destroyed, the log is a plain file that is appended to, and the rotated files
// have their names.
func TestEachScriptLeavesWhatItSaysOnTheDisk(t *testing.T) {
	for _, sc := range ownScripts() {
		t.Run(sc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				o := someOptions(t, sc.name)
				s := stage(t, o, nil)
				must(t, s.follower.start(s.checker))
				must(t, s.ready(t.Context()))
				ended := make(chan struct{})
				done := make(chan error)
				go func() {
					done <- s.writer.run(t.Context(), o.rate, func(int64) bool {
						select {
						case <-ended:
							return true
						default:
							return false
						}
					})
				}()
				for range 2 {
					must(t, s.lines(t.Context(), 300))
					before := s.rotations
					must(t, sc.run(t.Context(), s))
					if s.rotations == before {
						t.Error("no rotation was counted")
					}
				}
				must(t, s.lines(t.Context(), 300))
				close(ended)
				must(t, <-done)
				_, err := s.drain(t.Context(), time.Second)
				must(t, err)
				must(t, s.follower.end(t.Context()))
				defer s.writer.close()
				leaves(t, s, sc.name)
			})
		})
	}
}

// leaves checks the state of the disk after a script has run twice.
func leaves(t *testing.T, s *scene, name string) {
	t.Helper()
	r := report{took: time.Second}
	r.fill(s)
	if !r.clean() {
		t.Errorf("a perfect follower: got %s", &r)
	}
	info, err := os.Lstat(s.path)
	must(t, err)
	if !info.Mode().IsRegular() || s.writer.absolute {
		t.Errorf("the log is a %v, its writer has its own offset: %t; want a plain file that is appended to", info.Mode(), s.writer.absolute)
	}
	open, err := s.writer.file.Stat()
	must(t, err)
	if !os.SameFile(info, open) {
		t.Error("the writer does not write to the file that has the name of the log")
	}
	got := rotatedNames(t, s)
	switch name {
	case "delete": // nobody but the follower has those lines
		gone := r.written - (s.writer.position() - s.writer.begin())
		if len(got) > 0 || r.destroyed != 0 || gone < 300 {
			t.Errorf("got files %q, %d lines destroyed, %d deleted; want none, 0, 300 at least", got, r.destroyed, gone)
		}
		return
	case "truncate", "regrow":
		if len(got) > 0 || r.destroyed < 300 {
			t.Errorf("got files %q, %d lines destroyed; want none, 300 at least", got, r.destroyed)
		}
	}
	checkDisk(t, s)
	want := map[string][]string{
		"rename": {"access.log.1", "access.log.2"}, "nocreate": {"access.log.1", "access.log.2"},
		"copytruncate": {"access.log.1", "access.log.2"}, "race": {"access.log.1", "access.log.2"},
		"late": {"access.log.1", "access.log.2"}, "compress": {"access.log.1.gz", "access.log.2.gz"},
		"copycompress": {"access.log.1.gz", "access.log.2.gz"},
		"symlink":      {"access.log-000000", "access.log-000001", "access.log-000003", "access.log-000004"},
		"replace":      nil,
	}
	if names, ok := want[name]; ok && !slices.Equal(got, names) {
		t.Errorf("got files %q, want %q", got, names)
	}
	if n := len(got); name == "burst" && (n < 4 || n > 6) || name == "hole" && n != 6 || name == "stop" && n < 4 || name == "restart" && n < 2 {
		t.Errorf("got %d files: %q", n, got)
	}
}

// TestACopyThatRacesTheWriterIsAuditedFromTheDisk writes between the copy and
// the truncation, half a line last.
func TestACopyThatRacesTheWriterIsAuditedFromTheDisk(t *testing.T) {
	s := stage(t, someOptions(t, "race"), nil)
	s.writer.halves = 1
	must(t, second(s.writer.burst(10)))
	must(t, s.writer.whole())
	must(t, s.copyOut())
	must(t, second(s.writer.burst(5)))
	must(t, s.truncate())
	must(t, s.writer.whole())
	must(t, second(s.writer.burst(5)))
	must(t, s.writer.whole())
	must(t, s.audit(t.Context(), s.path+".1"))
	s.writer.close()
	if want := []stretch{{11, 16}}; !slices.Equal(s.ledger.destroyed(), want) {
		t.Errorf("destroyed: got %v, want %v", s.ledger.destroyed(), want)
	}
	checkDisk(t, s)
	if s.writer.begin() != 16 {
		t.Errorf("the log begins with line %d, want 16", s.writer.begin())
	}
	half := s.writer.splitIn(15, 16)[0]
	if s.ledger.tornParts(half.head) == 0 || s.ledger.tornParts(half.rest) == 0 {
		t.Error("the parts of the line that the truncation has cut are not known")
	}
}

func TestACopyOfAnEmptyLogDestroysOnlyWhatCameAfterIt(t *testing.T) {
	s := stage(t, someOptions(t, "race"), nil)
	must(t, second(s.writer.burst(10)))
	must(t, copyTruncateHeld(t.Context(), s))
	must(t, s.copyOut())
	must(t, second(s.writer.burst(5)))
	must(t, s.truncate())
	must(t, second(s.writer.burst(5)))
	must(t, s.writer.whole())
	must(t, s.audit(t.Context(), s.path+".1"))
	s.writer.close()
	if want := []stretch{{11, 16}}; !slices.Equal(s.ledger.destroyed(), want) {
		t.Errorf("destroyed: got %v, want %v", s.ledger.destroyed(), want)
	}
}

func TestADeletedFileThatNobodyCouldHaveSeenIsDestroyed(t *testing.T) {
	s := stage(t, someOptions(t, "delete"), nil)
	s.checker.most.Store(10)
	must(t, second(s.writer.burst(10)))
	must(t, deleteCreate(t.Context(), s)) // lines 1 to 10: seen
	must(t, second(s.writer.burst(10)))
	must(t, deleteCreate(t.Context(), s)) // 11 to 20: not
	s.writer.close()
	if want := []stretch{{11, 21}}; !slices.Equal(s.ledger.destroyed(), want) {
		t.Errorf("destroyed: got %v, want %v", s.ledger.destroyed(), want)
	}
}

func TestADeletedFileThatWasReadUnderItsFormerInodeIsDestroyedInPart(t *testing.T) {
	s := stage(t, someOptions(t, "replace"), nil)
	must(t, second(s.writer.burst(10)))
	s.checker.most.Store(10)
	must(t, replace(t.Context(), s)) // lines 11 to 13 come with the new file
	must(t, second(s.writer.burst(10)))
	must(t, deleteCreate(t.Context(), s))
	s.writer.close()
	if want := []stretch{{11, 24}}; !slices.Equal(s.ledger.destroyed(), want) {
		t.Errorf("destroyed: got %v, want %v", s.ledger.destroyed(), want)
	}
}

func TestRotatedFilesAreDeletedOnlyWhenTheFollowerIsPastThem(t *testing.T) {
	for _, c := range []struct {
		name string
		most int64
		want int
	}{{"behind", 50, 20}, {"past half", 2000, 14}, {"past all", 1_000_000, keepCount}} {
		t.Run(strings.ReplaceAll(c.name, " ", "-"), func(t *testing.T) {
			s := stage(t, someOptions(t), nil)
			defer s.writer.close()
			s.prune = true
			now := time.Now()
			for i := range 20 {
				name := s.path + "." + string(rune('a'+i))
				must(t, os.WriteFile(name, nil, 0o644))
				at := now.Add(-time.Duration(40-i) * time.Second)
				must(t, os.Chtimes(name, at, at))
				s.writer.history = append(s.writer.history, moment{at.Add(time.Millisecond), int64(i+1) * 300})
			}
			s.checker.most.Store(c.most)
			must(t, s.tidy(now))
			if got := rotatedNames(t, s); len(got) != c.want || !exists(s.path) || !exists(s.path+".t") {
				t.Errorf("got %d files: %q, want %d", len(got), got, c.want)
			}
			must(t, s.tidy(now.Add(-37*time.Second)))
		})
	}
}

func TestShiftKeepsTheOrderOfPlainAndCompressedFiles(t *testing.T) {
	s := stage(t, someOptions(t), nil)
	s.writer.close()
	for _, name := range []string{".1", ".2.gz", ".3", ".10", ".x", "-20261121"} {
		must(t, os.WriteFile(s.path+name, []byte(name), 0o644))
	}
	must(t, s.shift())
	for name, was := range map[string]string{".2": ".1", ".3.gz": ".2.gz", ".4": ".3", ".11": ".10", ".x": ".x", "-20261121": "-20261121"} {
		text, err := os.ReadFile(s.path + name)
		if err != nil || string(text) != was {
			t.Errorf("%s: got %q, %v; want what was %s", name, text, err, was)
		}
	}
}

func TestCompressingKeepsBytesAndTime(t *testing.T) {
	name := filepath.Join(t.TempDir(), "access.log.1")
	must(t, os.WriteFile(name, []byte(text(1, 2, 3)), 0o644))
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	must(t, os.Chtimes(name, at, at))
	must(t, compress(name))
	got, err := contents(name + ".gz")
	must(t, err)
	info, err := os.Stat(name + ".gz")
	must(t, err)
	if string(got) != text(1, 2, 3) || !info.ModTime().Equal(at) || exists(name) {
		t.Errorf("got %d bytes of %v, the old file is there: %t", len(got), info.ModTime(), exists(name))
	}
}

func TestTheEndsOfAFileAreItsWholeLines(t *testing.T) {
	part := text(7)[20:]
	for _, c := range []struct {
		text        string
		first, last int64
		tail        string
	}{
		{"", 0, 0, ""},
		{text(4, 5, 6), 4, 6, ""},
		{part + text(8, 9) + text(10)[:33], 8, 9, text(10)[:33]},
		{"\x00\x00" + text(8), 8, 8, ""},
		{strings.TrimSuffix(text(8), "\n"), 0, 0, strings.TrimSuffix(text(8), "\n")},
		{part, 0, 0, ""},
	} {
		first, last, tail := ends([]byte(c.text))
		if first != c.first || last != c.last || tail != c.tail {
			t.Errorf("%.60q: got %d, %d, %q; want %d, %d, %q", c.text, first, last, tail, c.first, c.last, c.tail)
		}
	}
}

func TestADeckGivesEachScriptAsOftenAsItsWeight(t *testing.T) {
	o := someOptions(t, "all")
	d := deck{scripts: o.scripts, rand: stage(t, o, nil).rand}
	total := 0
	for _, s := range o.scripts {
		total += s.weight
	}
	drawn := map[string]int{}
	for range 3 * total {
		drawn[d.draw().name]++
	}
	for _, s := range o.scripts {
		if drawn[s.name] != 3*s.weight {
			t.Errorf("%s: drawn %d times, want %d", s.name, drawn[s.name], 3*s.weight)
		}
	}
}

func TestCommandLinesThatCannotBeCarriedOutAreRefused(t *testing.T) {
	for line, want := range map[string]string{
		"":                                          "nothing to torture",
		"-- cat":                                    "no {log}",
		"-table -- tail {log}":                      "commands of its own",
		"-lines 0 -- tail {log}":                    "-lines 0",
		"-rate 0 -- tail {log}":                     "-rate 0",
		"-rotations -1 -- tail {log}":               "-rotations -1",
		"-halves 2 -- tail {log}":                   "-halves 2",
		"-quiet 0s -- tail {log}":                   "-quiet",
		"-soak -1s -- tail {log}":                   "-soak",
		"-scripts frobnicate -- tail {log}":         `no script named "frobnicate"`,
		"-scripts kill -- tail {log}":               "-resume",
		"-grace soon -- tail {log}":                 "durations",
		"-follower weir -table":                     "NAME=COMMAND",
		"-follower x=cat -table":                    "NAME=COMMAND",
		"-seed -- tail {log}":                       "-seed",
		"-soak 1h -resume -- tail {log}":            "-resume",
		"-lines 5 -soak 1h -every 0s -- tail {log}": "-every",
	} {
		_, err := parse(strings.Fields(line), io.Discard)
		if _, ok := err.(program.UsageError); !ok || !strings.Contains(err.Error(), want) {
			t.Errorf("torture %s: got %v, want a usage error with %q", line, err, want)
		}
	}
	o, err := parse(strings.Fields("-scripts ordinary,burst -soak 1h -rate 40000 -- tail -F {log}"), io.Discard)
	must(t, err)
	if len(o.scripts) != 5 || o.lines != 144_000_000 || o.seed == 0 || !slices.Equal(o.command, []string{"tail", "-F", "{log}"}) {
		t.Errorf("got %+v", o)
	}
	if o, err = parse(strings.Fields("-- tail {log}"), io.Discard); err != nil || slices.ContainsFunc(o.scripts, func(s script) bool { return s.resume }) {
		t.Errorf("without -resume: got %v, scripts that restart the follower", err)
	}
}
