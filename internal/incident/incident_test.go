package incident

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"weir/internal/accesslog"
	"weir/internal/config"
	"weir/internal/query"
)

var update = flag.Bool("update", false, "rewrite the expected half of the scripts")

// TestTheBookOfIncidents plays every script in testdata. A change of behaviour
// is a readable difference there.
func TestTheBookOfIncidents(t *testing.T) {
	files, err := filepath.Glob("testdata/*.alert")
	if err != nil || len(files) < 20 {
		t.Fatalf("%d scripts in testdata (%v): the book is missing", len(files), err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".alert"), func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			s, err := options().Parse(file, string(text))
			if err != nil {
				t.Fatal(err)
			}
			if s.Title == "" { // which is the promise
				t.Errorf("%s: the first line says in a comment what the incident is", file)
			}
			got := s.Play()
			wrong := s.Check(file, got)
			if wrong == "" {
				return
			}
			if *update {
				if err := os.WriteFile(file, []byte(Rewrite(string(text), got)), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			t.Errorf("%s\n%s", s.Title, wrong)
		})
	}
}

// options are those of weir test: the rules that stand by default, in UTC.
func options() Options {
	c := config.Default()
	return Options{Rules: rulesOf(c), Read: func(name, text string) (Rules, error) {
		c, err := config.Parse(name, text, config.Options{})
		if err != nil {
			return Rules{}, err
		}
		return rulesOf(c), nil
	}}
}

func rulesOf(c *config.Config) Rules {
	utc := *c
	utc.Display.Zone = time.UTC
	return Rules{List: utc.Watched(), Filter: func(text string) func(*accesslog.Record) bool {
		q, err := query.Compile(text, query.Options{})
		if err != nil {
			panic(fmt.Sprintf("config let %q pass: %v", text, err))
		}
		return q.Matcher().Match
	}}
}

func TestAScriptPlaysTheSameTwice(t *testing.T) {
	s, err := Parse("x", "2m at 5/s late 2s\n1m at 40/s late 2s\n5m at 5/s\n----\n")
	if err != nil {
		t.Fatal(err)
	}
	if a, b := s.Play(), s.Play(); !slices.Equal(a, b) || len(a) != 3 {
		t.Fatalf("got %q and %q", a, b)
	}
}

func TestABadScriptTellsLineAndColumn(t *testing.T) {
	for text, want := range map[string]string{
		"2m at 5/s":                          "f:1:1: the line of dashes",
		"# x\n2m at five/s\n----\n":          "f:2:7: ",
		"fast\n----\n":                       `f:1:1: "fast" is no command`,
		"2m at 5/s\nrule >5 over 1m\n----":   `f:2:1: "rule" comes before`,
		"rule 5 over 1m\n----":               `f:1:1: want "rule >10 over 2m"`,
		"rule >5 over never\n----":           "f:1:14: ",
		"rule >5 over -2m\n----":             `f:1:14: a window of "-2m" is too short`,
		"rule >5 over 0s\n----":              `f:1:14: a window of "0s" is too short`,
		"lateness -2s\n----":                 `f:1:10: a lateness of "-2s" is none`,
		"start noon\n----":                   "f:1:7: ",
		"burst -5\n----":                     `f:1:7: "-5" is no number of requests`,
		"1m quiet from moon\n----":           `f:1:15: "moon" is none of the sources`,
		"counts 1 2 x\n----":                 `f:1:12: "x" is no number`,
		"line\n----":                         `f:1:1: want "line -5s x10"`,
		"end now\n----":                      `f:1:5: "end" stands alone`,
		"2m at 5/s after 2s\n----":           `f:1:1: want "2m at 5/s"`,
		"2m at 5/s path\n----":               `f:1:11: "path" wants a value`,
		"2m at 5/s and\n----":                `f:1:1: want "2m at 5/s and 1/s path /cart": each kind begins`,
		"2m at 5/s status 99\n----":          `f:1:18: "99" is no status`,
		"2m at 5/s fail 1.5\n----":           `f:1:16: "1.5" is no share`,
		"2m at 5/s fail 101%\n----":          `f:1:16: "101%" is no share`,
		"2m at 5/s latency 2s..1s\n----":     `f:1:19: a latency of "2s..1s" ends before`,
		"2m at 5/s path /s{5..1}\n----":      `f:1:16: "/s{5..1}" has no numbers: write them as in /s{1..300}/x, once`,
		"2m at 5/s path /{1..2}{3..4}\n----": `f:1:16: "/{1..2}{3..4}" has no numbers`,
		"99999h at 1000/s\n----":             `f:2:1: the script has 3.6e+11 requests and seconds: 1e+08 at most`,
		"start yesterday\n----":              `f:1:7: "yesterday" is no time: want "start 2026-03-01T12:00:00Z"`,
		"2m at 5/s clients 0\n----":          `f:1:19: "0" is no number of clients`,
		"garbage\n----":                      `f:1:1: want "garbage N"`,
		"mute x\n----":                       `f:1:1: want "mute RULE SPAN"`,
		"ack\n----":                          `f:1:1: want "ack RULE"`,
		"restart now\n----":                  `f:1:9: "restart" stands alone`,
		"rules\n----":                        `f:1:1: the block of rules has no end`,
		"2m at 5/s\ncauses\n----":            `f:2:1: "causes" comes before`,
		"# x\nrules\n[[rule]]\nname = \"x\"\nmetric = \"errors\"\nabove = \"5/h/s\"\nend\n----": `f:6:9: `,
	} {
		_, err := options().Parse("f", text)
		if err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%q: got %v, want %s...", text, err, want)
		}
	}
}

func TestWithoutAReaderABlockOfRulesIsAnError(t *testing.T) {
	_, err := Parse("f", "# x\n rules\nend\n----\n")
	if err == nil || err.Error() != "f:2:2: a block of rules is not read here" {
		t.Fatalf("got %v", err)
	}
	o := options()
	o.Read = func(string, string) (Rules, error) { return Rules{}, errors.New("no") }
	if _, err := o.Parse("f", "rules\nend\n----\n"); err == nil || err.Error() != "no" {
		t.Fatalf("got %v, want the error of the reader", err)
	}
}

// TestADifferenceShowsTheLineOfTheScript: - is what stands in the script, + what came,
// each with what is the same around it, and Rewrite makes it pass.
func TestADifferenceShowsTheLineOfTheScript(t *testing.T) {
	const text = "# x\n2m at 20/s\n----\n\none\nHigh traffic generated an alert - hits = 10.17, triggered at 2026-03-01T12:01:01Z\ncounted 2400 hits\n"
	s, err := Parse("x.alert", text)
	if err != nil {
		t.Fatal(err)
	}
	want := "--- x.alert, expected\n+++ x.alert, played\n@@ x.alert:5 @@\n-one\n" +
		" High traffic generated an alert - hits = 10.17, triggered at 2026-03-01T12:01:01Z\n counted 2400 hits\n"
	if got := s.Check("x.alert", s.Play()); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	for _, text := range []string{text, strings.ReplaceAll(text, "\n", "\r\n"), "2m at 20/s\n----"} {
		s, err := Parse("x", text)
		if err != nil {
			t.Fatal(err)
		}
		again, err := Parse("x", Rewrite(text, s.Play()))
		if err != nil || again.Check("x", again.Play()) != "" {
			t.Errorf("%q does not pass when it was rewritten: %v", text, err)
		}
	}
}

func TestDistantDifferencesAreShownApart(t *testing.T) {
	var lines []string
	for i := range 30 {
		lines = append(lines, fmt.Sprint("line ", i))
	}
	s := &Script{Line: 10, Expected: lines}
	got := slices.Clone(lines)
	got[3] = "other"
	got = slices.Delete(got, 25, 26)
	want := "--- f, expected\n+++ f, played\n@@ f:10 @@\n line 0\n line 1\n line 2\n-line 3\n+other\n line 4\n line 5\n line 6\n" +
		"@@ f:32 @@\n line 22\n line 23\n line 24\n-line 25\n line 26\n line 27\n line 28\n"
	if diff := s.Check("f", got); diff != want {
		t.Errorf("got\n%s\nwant\n%s", diff, want)
	}
}

// TestAKillAtAnySecondChangesNoMessage: what a person reads of two hours with an
// alert, failing requests and late lines is the same, whenever weir is killed.
func TestAKillAtAnySecondChangesNoMessage(t *testing.T) {
	part := func(seconds int, fail string, n int) string {
		if seconds <= 0 {
			return ""
		}
		return fmt.Sprintf("%ds at %d/s late 2s and 2/s path /cart fail %s latency 100ms..3s clients 7\n", seconds, n, fail)
	}
	want := []string(nil)
	for at := range 400 {
		var b strings.Builder
		b.WriteString("# x\n")
		left := at
		for _, p := range []struct {
			seconds, n int
			fail       string
		}{{100, 5, "0%"}, {100, 20, "50%"}, {200, 5, "0%"}} {
			if left >= 0 && left < p.seconds && at%7 == 3 {
				b.WriteString(part(left, p.fail, p.n) + "kill\n" + part(min(20, p.seconds-left), p.fail, p.n) + "restart\n" + part(p.seconds-left-20, p.fail, p.n))
			} else {
				b.WriteString(part(p.seconds, p.fail, p.n))
			}
			left -= p.seconds
		}
		if at > 0 && at%7 != 3 {
			continue
		}
		s, err := options().Parse("x", b.String()+"5s quiet\n----\n")
		if err != nil {
			t.Fatal(err)
		}
		got := s.Play()
		if want == nil {
			if want = got; len(want) < 4 {
				t.Fatalf("only %q", want)
			}
			continue
		}
		if !slices.Equal(got, want) {
			t.Fatalf("killed in second %d:\n%s", at, (&Script{Expected: want, Line: 1}).Check("x", got))
		}
	}
}

// TestAScriptIsReadAsEditorsSaveIt: with the mark of a file in UTF-8, with more dashes, with nothing expected.
func TestAScriptIsReadAsEditorsSaveIt(t *testing.T) {
	for _, text := range []string{"\ufeff2m at 5/s\n----\n", "2m at 5/s\n---\n", "2m at 5/s\r\n---------\r\n\r\n", "2m at 5/s\n----"} {
		s, err := Parse("f", text)
		if err != nil {
			t.Errorf("%q: %v", text, err)
			continue
		}
		got := s.Play()
		if wrong := s.Check("f", got); wrong != "--- f, expected\n+++ f, played\n@@ f:3 @@\n+counted 600 hits\n" {
			t.Errorf("%q: %s", text, wrong)
		}
		again, err := Parse("f", Rewrite(text, got))
		if err != nil || again.Check("f", got) != "" {
			t.Errorf("%q: rewritten it is %q (%v)", text, Rewrite(text, got), err)
		}
	}
}

// TestADifferenceOfManyLinesTakesLittleMemory, and is whole.
func TestADifferenceOfManyLinesTakesLittleMemory(t *testing.T) {
	var old, now []string
	for i := range 30_000 {
		old, now = append(old, fmt.Sprint("a", i)), append(now, fmt.Sprint("b", i))
	}
	same := []string{"the same"}
	got := compare(slices.Concat(same, old, same), slices.Concat(same, now, same))
	marks := map[byte]int{}
	for _, e := range got {
		marks[e.mark]++
	}
	if marks[' '] != 2 || marks['-'] != len(old) || marks['+'] != len(now) {
		t.Errorf("got %v", marks)
	}
}
