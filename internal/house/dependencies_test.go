package house

import (
	"regexp"
	"strings"
	"testing"
)

// required returns the modules that go.mod requires directly.
func required(mod string) map[string]bool {
	direct := map[string]bool{}
	for line := range strings.Lines(mod) {
		f := strings.Fields(strings.TrimPrefix(strings.TrimSpace(line), "require "))
		if len(f) >= 2 && strings.Contains(f[0], ".") && strings.HasPrefix(f[1], "v") && !strings.HasSuffix(strings.TrimSpace(line), "// indirect") {
			direct[f[0]] = true
		}
	}
	return direct
}

// reasons returns the rows of the dependency table of ARCHITECTURE.md: module
// and reason.
func reasons(text string) map[string]string {
	out := map[string]string{}
	row := regexp.MustCompile("(?m)^\\| `([a-z0-9.-]+\\.[a-z]+/[^`]+)` \\| (.*) \\|$")
	for _, m := range row.FindAllStringSubmatch(text, -1) {
		out[m[1]] = m[2]
	}
	return out
}

func TestEveryDependencyHasAReason(t *testing.T) {
	direct := required(document(t, "go.mod"))
	if len(direct) == 0 {
		t.Fatal("go.mod requires nothing directly: run go mod tidy")
	}
	why := reasons(document(t, "ARCHITECTURE.md"))
	for m := range direct {
		if len(why[m]) < 20 {
			t.Errorf("go.mod requires %s, and ARCHITECTURE.md does not say why: add a row \"| `%s` | the reason |\" to its table of dependencies", m, m)
		}
	}
	for m := range why {
		if !direct[m] {
			t.Errorf("ARCHITECTURE.md gives a reason for %s, which go.mod does not require directly: take the row out, or run go mod tidy", m)
		}
	}
	// Sixteen with fpdf, which gonum's canvas of PDF had brought along before.
	if len(direct) > 16 {
		t.Errorf("%d direct dependencies, want 16 at most: which one could we do without?", len(direct))
	}
}

func TestDependenciesAreReadFromBothFiles(t *testing.T) {
	mod := "module weir\n\ngo 1.26.0\n\nrequire example.org/a v1.0.0\n\nrequire (\n\texample.org/b/v2 v2.1.0\n\texample.org/c v0.1.0 // indirect\n)\n"
	got := required(mod)
	if len(got) != 2 || !got["example.org/a"] || !got["example.org/b/v2"] {
		t.Errorf("got %v, want example.org/a and example.org/b/v2", got)
	}
	text := "| module | why |\n|---|---|\n| `example.org/a` | it does what it does |\n| `cli` | no module |\n"
	if why := reasons(text); len(why) != 1 || why["example.org/a"] != "it does what it does" {
		t.Errorf("got %v, want a reason for example.org/a", why)
	}
}
