package incident

import (
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
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
			s, err := Parse(file, string(text))
			if err != nil {
				t.Fatal(err)
			}
			if s.Title == "" {
				t.Errorf("%s: the first line says in a comment what the incident is", file)
			}
			got := s.Play()
			if slices.Equal(got, s.Expected) {
				return
			}
			if *update {
				head, _, _ := strings.Cut(string(text), dashes+"\n")
				if err := os.WriteFile(file, []byte(head+dashes+"\n"+strings.Join(got, "\n")+"\n"), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			t.Errorf("%s: %s\ngot:\n\t%s\nwant:\n\t%s", file, s.Title, strings.Join(got, "\n\t"), strings.Join(s.Expected, "\n\t"))
		})
	}
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
		"2m at 5/s":                        "f:1:1: the line of dashes",
		"# x\n2m at five/s\n----\n":        "f:2:7: ",
		"fast\n----\n":                     `f:1:1: "fast" is no command`,
		"2m at 5/s\nrule >5 over 1m\n----": `f:2:1: "rule" comes before`,
		"rule 5 over 1m\n----":             `f:1:1: want "rule >10 over 2m"`,
		"rule >5 over never\n----":         "f:1:14: ",
		"rule >5 over -2m\n----":           `f:1:14: a window of "-2m" is too short`,
		"rule >5 over 0s\n----":            `f:1:14: a window of "0s" is too short`,
		"lateness -2s\n----":               `f:1:10: a lateness of "-2s" is none`,
		"start noon\n----":                 "f:1:7: ",
		"burst -5\n----":                   `f:1:7: "-5" is no number of requests`,
		"1m quiet from moon\n----":         `f:1:15: "moon" is none of the sources`,
		"counts 1 2 x\n----":               `f:1:12: "x" is no number`,
		"line\n----":                       `f:1:1: want "line -5s x10"`,
		"end now\n----":                    `f:1:5: "end" stands alone`,
		"2m at 5/s after 2s\n----":         `f:1:1: want "2m at 5/s"`,
	} {
		_, err := Parse("f", text)
		if err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%q: got %v, want %s...", text, err, want)
		}
	}
}
