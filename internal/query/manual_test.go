package query

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

func manual(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("../../docs/query.md")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// cells returns what stands in backticks in a column of the tables, with "\|"
// as the "|" that it shows.
func cells(text string, n int) []string {
	var out []string
	for line := range strings.Lines(text) {
		row := strings.Split(strings.ReplaceAll(line, `\|`, "\x00"), "|")
		if len(row) <= n+1 {
			continue
		}
		for _, m := range regexp.MustCompile("`([^`]+)`").FindAllStringSubmatch(row[n], -1) {
			out = append(out, strings.ReplaceAll(m[1], "\x00", "|"))
		}
	}
	return out
}

func TestTheManualListsEveryFieldAliasAndOperator(t *testing.T) {
	text := manual(t)
	_, fields, _ := strings.Cut(text, "\n## Fields\n")
	fields, _, _ = strings.Cut(fields, "\n## ")
	var want []string
	for _, f := range Fields() {
		want = append(append(want, f.Name), f.Aliases...)
	}
	told := append(cells(fields, 1), cells(fields, 2)...)
	for _, name := range want {
		if !slices.Contains(told, name) {
			t.Errorf("docs/query.md does not list %s in its table of fields", name)
		}
	}
	for _, name := range told {
		if !slices.Contains(want, name) {
			t.Errorf("docs/query.md lists the field %s, which there is not", name)
		}
	}

	_, ops, _ := strings.Cut(text, "\n## Operators\n")
	ops, _, _ = strings.Cut(ops, "\n## ")
	known := []string{"and", "or", "not", "&&", "||", "!"}
	for _, s := range spellings() {
		if known = append(known, s.names...); s.negative != "" {
			known = append(known, s.negative)
		}
	}
	known = append(known, symbols()...)
	told = cells(ops, 1)
	for _, name := range known {
		if !slices.Contains(told, name) {
			t.Errorf("docs/query.md does not list %s in its table of operators", name)
		}
	}
	for _, name := range told {
		if !slices.Contains(known, name) {
			t.Errorf("docs/query.md lists the operator %s, which there is not", name)
		}
	}
}

// TestTheExamplesOfTheManualCompile takes the indented lines, and the third
// column of both tables.
func TestTheExamplesOfTheManualCompile(t *testing.T) {
	text := manual(t)
	examples := cells(text, 3)
	wrong := ""
	for line := range strings.Lines(text) {
		if example, ok := strings.CutPrefix(line, "    "); ok {
			example = strings.TrimSpace(example)
			if message, ok := strings.CutPrefix(example, "column "); ok {
				if _, err := Compile(wrong, testOptions(t)); err == nil || err.Error() != "column "+message {
					t.Errorf("docs/query.md: %s gives %v, it says column %s", wrong, err, message)
				}
				continue
			}
			if example, ok = strings.CutPrefix(example, "wrong: "); ok {
				wrong = example
				continue
			}
			examples = append(examples, example)
		}
	}
	for _, e := range examples {
		if _, err := Compile(e, testOptions(t)); err != nil {
			t.Errorf("docs/query.md shows %s: %v", e, err)
		}
	}
	if len(examples) < 50 || wrong == "" {
		t.Errorf("%d examples found, want 50 at least, and one that is wrong", len(examples))
	}
}
