package house

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestWhatShowsThePromisesOfAlertsIsThere looks for each script and each test that the table of
// promises in ARCHITECTURE.md names.
func TestWhatShowsThePromisesOfAlertsIsThere(t *testing.T) {
	tests := map[string]bool{}
	declared := regexp.MustCompile(`(?m)^func (Test\w+)\(`)
	err := filepath.WalkDir(root, func(path string, _ os.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		text, err := os.ReadFile(path)
		for _, m := range declared.FindAllStringSubmatch(string(text), -1) {
			tests[m[1]] = true
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	row := regexp.MustCompile(`(?m)^\| ([AX]\d+) \|[^|]+\|([^|]+)\|$`)
	promises := row.FindAllStringSubmatch(document(t, "ARCHITECTURE.md"), -1)
	for _, p := range promises {
		shown := quoted(p[2])
		if len(shown) == 0 {
			t.Errorf("nothing shows promise %s", p[1])
		}
		for _, name := range shown {
			script, errScript := filepath.Glob(filepath.Join(root, "internal", "*", "testdata", name+".alert"))
			command, errCommand := filepath.Glob(filepath.Join(root, "internal", "cli", "testdata", "script", name+".txtar"))
			if errScript != nil || errCommand != nil || !tests[name] && len(script)+len(command) == 0 {
				t.Errorf("promise %s is to be shown by %s, and there is no such test or script", p[1], name)
			}
		}
	}
	if len(promises) != 16 {
		t.Errorf("ARCHITECTURE.md has %d promises of alerts, want A1 to A14, X9 and X17", len(promises))
	}
}
