package incident

import (
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

var position = regexp.MustCompile(`^f:([0-9]+):([0-9]+): `)

// FuzzParse: whatever the text, Parse does not panic; it returns a script
// whose expected lines are those of the text, or an error at a line and column
// that the text has.
func FuzzParse(f *testing.F) {
	files, err := filepath.Glob("testdata/*.alert")
	if err != nil || len(files) == 0 {
		f.Fatalf("no scripts in testdata: %v", err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(text))
	}
	for _, text := range []string{"", "----", "line\n----", "rule > over\n----", "from\nfrom x\n1m at 5/s from\n----", "counts late\n----", "line -5s x\n----", "rules\n[[rule]]\nend\n----", "1m at 5/s and 2/s fail 1% late 2s\nkill\n----", "ack x y\nmute a 2s\n----"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		s, err := options().Parse("f", text)
		if err == nil {
			for _, line := range s.Expected {
				if !strings.Contains(strings.ReplaceAll(text, "\r\n", "\n"), line) {
					t.Fatalf("%q: expected line %q is not in the text", text, line)
				}
			}
			return
		}
		m := position.FindStringSubmatch(err.Error())
		if m == nil {
			t.Fatalf("%q: the error %q has no position", text, err)
		}
		lines := strings.Split(strings.ReplaceAll(text, "\r\n", "\n"), "\n")
		line, _ := strconv.Atoi(m[1])
		column, _ := strconv.Atoi(m[2])
		if line < 1 || line > len(lines) || column < 1 || column > len(lines[line-1])+1 {
			t.Fatalf("%q: the error %q is outside of the text", text, err)
		}
	})
}
