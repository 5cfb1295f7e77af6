package house

import (
	"fmt"
	"go/ast"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"weir/internal/accesslog"
)

// quoted returns what stands in backticks in a text.
func quoted(text string) []string {
	var out []string
	for _, m := range regexp.MustCompile("`([^`]+)`").FindAllStringSubmatch(text, -1) {
		out = append(out, m[1])
	}
	return out
}

// section returns what stands below a heading, up to the next of its level.
func section(t *testing.T, name, heading string) string {
	t.Helper()
	_, text, ok := strings.Cut(document(t, name), "\n## "+heading+"\n")
	if !ok {
		t.Fatalf("%s has lost its heading %q", name, heading)
	}
	text, _, _ = strings.Cut(text, "\n## ")
	return text
}

// literals returns the string literals of a Go file, unquoted.
func literals(n ast.Node) []string {
	var out []string
	ast.Inspect(n, func(n ast.Node) bool {
		if lit, ok := n.(*ast.BasicLit); ok {
			if s, err := strconv.Unquote(lit.Value); err == nil && lit.Value[0] != '\'' {
				out = append(out, s)
			}
		}
		return true
	})
	return out
}

// TestTheManualNamesEveryCSVColumn holds docs/formats.md against the table of
// column names, in both directions.
func TestTheManualNamesEveryCSVColumn(t *testing.T) {
	var known []string
	for _, f := range goFiles(t) {
		if f.path != "internal/accesslog/csv_header.go" {
			continue
		}
		ast.Inspect(f.syntax, func(n ast.Node) bool {
			if v, ok := n.(*ast.ValueSpec); ok && v.Names[0].Name == "columnNames" {
				known = append(known, literals(v)...)
			}
			return true
		})
	}
	if len(known) < 40 {
		t.Fatalf("%d column names found in csv_header.go: the table is not where it was", len(known))
	}
	told := quoted(section(t, "docs/formats.md", "CSV"))
	for _, name := range known {
		if !slices.Contains(told, name) {
			t.Errorf("docs/formats.md does not say that a CSV column may be named %s: add it to its table", name)
		}
	}
	csv, ok := accesslog.Lookup("csv")
	if !ok {
		t.Fatal("no format csv")
	}
	for line := range strings.Lines(section(t, "docs/formats.md", "CSV")) {
		cells := strings.Split(line, "|")
		if len(cells) != 4 {
			continue
		}
		for _, name := range quoted(cells[2]) {
			p := csv.New().(interface{ LearnHeader([]byte) bool })
			if !p.LearnHeader([]byte("rfc931," + name)) {
				t.Errorf("docs/formats.md names the CSV column %s, which no header may have", name)
			}
		}
	}
}

// TestTheManualHasNoJSONKeyThatIsNeverWritten is the other direction of tests
// in term, report, export, relay, timesite, simulate, drive, notify and cli, which looks for each key written in docs/json.md.
func TestTheManualHasNoJSONKeyThatIsNeverWritten(t *testing.T) {
	written := map[string]bool{}
	member := regexp.MustCompile(`^[{,]"([a-z0-9_]+)":`)
	tag := regexp.MustCompile(`^json:"([a-z0-9_]+)`)
	for _, f := range goFiles(t) {
		if (f.dir() == "internal/export" || f.dir() == "internal/relay") && !f.test() {
			for _, s := range literals(f.syntax) {
				if m := member.FindStringSubmatch(s); m != nil {
					written[m[1]] = true
				}
			}
		}
		if !slices.Contains([]string{"internal/term", "internal/report", "internal/relay", "internal/timesite", "internal/simulate", "internal/notify", "internal/drive", "internal/cli"}, f.dir()) || f.test() {
			continue
		}
		for _, s := range literals(f.syntax) {
			if m := tag.FindStringSubmatch(s); m != nil {
				written[m[1]] = true
			}
		}
	}
	told := 0
	for line := range strings.Lines(document(t, "docs/json.md")) {
		cells := strings.Split(line, "|")
		if len(cells) != 4 {
			continue
		}
		for _, key := range quoted(cells[1]) {
			told++
			if !written[key] {
				t.Errorf("docs/json.md tells of the key %s, which weir never writes", key)
			}
		}
	}
	if told < 30 {
		t.Errorf("%d keys found in the tables of docs/json.md, want 30 at least", told)
	}
}

// TestTheManualTellsEveryExitCode compares the constants of package cli with
// the sentence of the documents.
func TestTheManualTellsEveryExitCode(t *testing.T) {
	codes := regexp.MustCompile(`(?m)^\texit\w+\s+= (\d+)`).FindAllStringSubmatch(document(t, "internal/cli/main.go"), -1)
	if len(codes) < 6 {
		t.Fatalf("%d exit codes found in internal/cli/main.go, want 6", len(codes))
	}
	for _, name := range []string{"README.md", "docs/trouble.md"} {
		_, told, ok := strings.Cut(document(t, name), "Exit codes")
		told, _, _ = strings.Cut(told, "\n\n")
		if !ok {
			t.Errorf("%s does not tell the exit codes", name)
		}
		var want, got []string
		for _, c := range codes {
			want = append(want, c[1])
		}
		for _, m := range regexp.MustCompile(`(?:: |; )(\d+) `).FindAllStringSubmatch(strings.ReplaceAll(told, "\n", " "), -1) {
			got = append(got, m[1])
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s tells the exit codes %v, want %v", name, got, want)
		}
	}
}

// TestTheRecordedDayOfTheManualIsTheOneOfTheBook compares the table of
// docs/alerts.md with the golden scripts.
func TestTheRecordedDayOfTheManualIsTheOneOfTheBook(t *testing.T) {
	const zero, window = 1549573000, 120
	cell := regexp.MustCompile(`^(\d+) \((\d+)\)$`)
	message := regexp.MustCompile(`hits = ([0-9.]+), (triggered|recovered) at (\S+)`)
	rows := 0
	for line := range strings.Lines(section(t, "docs/alerts.md", "A recorded day")) {
		cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), "|")
		threshold, err := strconv.Atoi(strings.TrimSpace(cells[0]))
		if err != nil {
			continue
		}
		rows++
		script := fmt.Sprintf("internal/incident/testdata/golden-%02d.alert", threshold)
		told := 0
		events := message.FindAllStringSubmatch(document(t, script), -1)
		for i, c := range cells[1:] {
			m := cell.FindStringSubmatch(strings.TrimSpace(c))
			if m == nil {
				continue
			}
			if told++; told > len(events) {
				break
			}
			at, _ := time.Parse(time.RFC3339, events[told-1][3])
			hits, _ := strconv.ParseFloat(m[2], 64)
			average, _ := strconv.ParseFloat(events[told-1][1], 64)
			if verb := []string{"triggered", "recovered"}[i%2]; events[told-1][2] != verb ||
				m[1] != strconv.FormatInt(at.Unix()-zero, 10) || math.Abs(hits/window-average) > 0.00501 {
				t.Errorf("docs/alerts.md, threshold %d: %s %s, where %s has %q", threshold, verb, m[0], script, events[told-1][0])
			}
		}
		if told != len(events) {
			t.Errorf("docs/alerts.md, threshold %d: %d messages, where %s has %d", threshold, told, script, len(events))
		}
	}
	if golden, _ := filepath.Glob("../incident/testdata/golden-*.alert"); rows != len(golden) {
		t.Errorf("docs/alerts.md has %d thresholds, the book %d", rows, len(golden))
	}
}

// TestTheMessagesOfTheManualAreSaid looks for each message of docs/trouble.md
// in the code: the longest stretch of it that no name or figure interrupts.
func TestTheMessagesOfTheManualAreSaid(t *testing.T) {
	var said []string
	for _, f := range goFiles(t) {
		if !f.test() && !f.command() {
			said = append(said, literals(f.syntax)...)
		}
	}
	variable := regexp.MustCompile(`\.\.\.|\bN lines\b|\bN\b|\b\d+\w*\b|--\w+|\bgroup adm\b|\bback\b|access\.log[.\w]*|[;:()]`)
	rows := 0
	for line := range strings.Lines(document(t, "docs/trouble.md")) {
		cells := strings.Split(line, "|")
		if len(cells) != 4 || len(quoted(cells[1])) != 1 {
			continue
		}
		rows++
		longest := ""
		for _, piece := range variable.Split(quoted(cells[1])[0], -1) {
			if piece = strings.TrimSpace(piece); len(piece) > len(longest) {
				longest = piece
			}
		}
		if len(longest) < 10 || !slices.ContainsFunc(said, func(s string) bool { return strings.Contains(s, longest) }) {
			t.Errorf("docs/trouble.md explains %q, and no code says %q", strings.TrimSpace(cells[1]), longest)
		}
	}
	if rows < 12 {
		t.Errorf("docs/trouble.md explains %d messages, want 12 at least", rows)
	}
}

// TestTheCommandForALogOfOnesOwnWorks runs the third command of the README as
// it stands there, on a log that comes in by standard input and so ends.
func TestTheCommandForALogOfOnesOwnWorks(t *testing.T) {
	m := regexp.MustCompile(`(?m)^    go (run \./cmd/weir) ACCESS_LOG$`).FindStringSubmatch(document(t, "README.md"))
	if m == nil {
		t.Fatal("README.md does not show how to run weir on a log of one's own")
	}
	format, _ := accesslog.Lookup("combined")
	log := filepath.Join(t.TempDir(), "access.log")
	if err := os.WriteFile(log, []byte(format.Example+"\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	in, err := os.Open(log)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	cmd := exec.CommandContext(t.Context(), "go", append(strings.Fields(m[1]), "-")...)
	cmd.Dir, cmd.Stdin = root, in
	out, err := cmd.CombinedOutput()
	if err != nil || !strings.Contains(string(out), "  1 hit  ") {
		t.Errorf("go %s -: %v, want a summary with 1 hit:\n%s", m[1], err, out)
	}
}

// TestEveryTargetOfTheMakefileIsExplained keeps "make", which lists them,
// complete.
func TestEveryTargetOfTheMakefileIsExplained(t *testing.T) {
	text := document(t, "Makefile")
	_, phony, _ := strings.Cut(text, "\n.PHONY:")
	phony, _, _ = strings.Cut(phony, "\n")
	names := strings.Fields(phony)
	for _, want := range []string{"demo", "test", "bench", "lint", "build", "install", "uninstall", "fuzz", "cover", "clean", "help"} {
		if !slices.Contains(names, want) {
			t.Errorf("the Makefile has lost the target %s", want)
		}
	}
	for _, name := range names {
		if !regexp.MustCompile(`(?m)^` + name + `:[a-z ]*## \S`).MatchString(text) {
			t.Errorf("the target %s of the Makefile has no line \"%s: ## what it does\"", name, name)
		}
	}
	if ci := document(t, ".ci/run"); !strings.Contains(ci, "\nmake test\n") {
		t.Errorf(".ci/run does not end in \"make test\":\n%s", ci)
	}
}
