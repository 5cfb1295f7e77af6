package house

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"weir/internal/accesslog"
	"weir/internal/incident"
)

var update = flag.Bool("update", false, "rewrite the output of commands shown in the documents, and the table of formats")

// documents returns the names of all documents, from the root.
func documents(t *testing.T) []string {
	t.Helper()
	docs, err := filepath.Glob(filepath.Join(root, "docs", "*.md"))
	if err != nil {
		t.Fatal(err)
	}
	names := []string{"README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md"}
	for _, d := range docs {
		names = append(names, "docs/"+filepath.Base(d))
	}
	return names
}

// console is a block of commands and what they print.
var console = regexp.MustCompile("(?s)```console\n(.*?)```")

// TestEveryCommandOfTheDocumentsPrintsWhatTheySay runs the console blocks of
// each document, in order, in a folder of its own that has the tables of docs/.
func TestEveryCommandOfTheDocumentsPrintsWhatTheySay(t *testing.T) {
	bin := buildWeir(t)
	ran := 0
	for _, name := range documents(t) {
		t.Run(name, func(t *testing.T) {
			text := document(t, name)
			dir := t.TempDir()
			tables(t, dir)
			got := console.ReplaceAllStringFunc(text, func(block string) string {
				var out strings.Builder
				out.WriteString("```console\n")
				for line := range strings.Lines(strings.TrimPrefix(block, "```console\n")) {
					command, ok := strings.CutPrefix(strings.TrimSpace(line), "$ ")
					if !ok {
						continue
					}
					ran++
					fmt.Fprintf(&out, "$ %s\n%s", command, runShown(t, dir, bin, command))
				}
				return out.String() + "```"
			})
			pictures(t, name, text, dir)
			if got == text {
				return
			}
			if *update {
				if err := os.WriteFile(filepath.Join(root, name), []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			t.Errorf("%s shows other output than its commands give; go test ./internal/house -update rewrites it:\n%s", name, firstDifference(got, text))
		})
	}
	if ran < 6 {
		t.Errorf("only %d commands were run: the documents have lost their examples", ran)
	}
}

// tables copies what was recorded for the documents to where their commands are run.
func tables(t *testing.T, dir string) {
	t.Helper()
	all, err := filepath.Glob(filepath.Join(root, "docs", "*.tsv"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range all {
		text, err := os.ReadFile(name)
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, filepath.Base(name)), text, 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// pictures compares the pictures that a document shows with those its commands have drawn.
func pictures(t *testing.T, name, text, dir string) {
	for _, m := range regexp.MustCompile(`\]\(([a-z-]+\.svg)\)`).FindAllStringSubmatch(text, -1) {
		drawn, err := os.ReadFile(filepath.Join(dir, m[1]))
		if err != nil {
			t.Errorf("%s shows %s, which none of its commands draws: %v", name, m[1], err)
			continue
		}
		file := filepath.Join(root, filepath.Dir(name), m[1])
		if *update {
			if err := os.WriteFile(file, drawn, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		if shown, err := os.ReadFile(file); err != nil || !bytes.Equal(shown, drawn) {
			t.Errorf("%s shows another %s than its commands draw; go test ./internal/house -update rewrites it (%v)", name, m[1], err)
		}
	}
}

// runShown runs one command as a reader would type it, and returns what it
// prints.
func runShown(t *testing.T, dir, bin, command string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "sh", "-c", command)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "PATH="+filepath.Dir(bin)+string(os.PathListSeparator)+os.Getenv("PATH"), "NO_COLOR=1", "WEIR_STATE=none")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Errorf("$ %s: %v\n%s", command, err, out)
	}
	// A long line would not fit the page; what is cut is shown to be.
	var b strings.Builder
	for line := range strings.Lines(string(out)) {
		if len(line) > 400 {
			line = line[:397] + "...\n"
		}
		b.WriteString(line)
	}
	return b.String()
}

func buildWeir(t *testing.T) string {
	t.Helper()
	bin := filepath.Join(t.TempDir(), "weir")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", bin, "../../cmd/weir").CombinedOutput(); err != nil {
		t.Fatalf("go build ./cmd/weir: %v\n%s", err, out)
	}
	return bin
}

func firstDifference(a, b string) string {
	x, y := strings.Split(a, "\n"), strings.Split(b, "\n")
	for i := range min(len(x), len(y)) {
		if x[i] != y[i] {
			return fmt.Sprintf("line %d\n got  %s\n want %s", i+1, x[i], y[i])
		}
	}
	return fmt.Sprintf("%d lines, want %d", len(x), len(y))
}

// TestOtherCommandsOfTheDocumentsExist looks at what is shown indented or in
// the running text: make targets, and weir with flags and commands it knows.
func TestOtherCommandsOfTheDocumentsExist(t *testing.T) {
	makefile := document(t, "Makefile")
	help := helpOf(t, buildWeir(t))
	target := regexp.MustCompile("(?m)(?:^    |`|sudo )make ([a-z]+)")
	flags := regexp.MustCompile(`(?:^|[\s(` + "`" + `'])(--[a-z][a-z_-]+)`)
	for _, name := range documents(t) {
		text := document(t, name)
		for _, m := range target.FindAllStringSubmatch(text, -1) {
			if !strings.Contains(makefile, "\n"+m[1]+":") {
				t.Errorf("%s shows make %s, and the Makefile has no such target", name, m[1])
			}
		}
		for _, m := range flags.FindAllStringSubmatch(text, -1) {
			if f := strings.ReplaceAll(m[1], "_", "-"); !strings.Contains(help, f) && !strings.Contains(help, m[1]) {
				t.Errorf("%s names the flag %s, which no command has", name, m[1])
			}
		}
	}
}

// TestEveryFlagIsInTheManual is the other direction.
func TestEveryFlagIsInTheManual(t *testing.T) {
	var manual bytes.Buffer
	for _, name := range documents(t) {
		manual.WriteString(strings.ReplaceAll(document(t, name), "_", "-"))
	}
	flag := regexp.MustCompile(`(?m)^\s+(?:-\w, )?(--[a-z-]+)`)
	for _, m := range flag.FindAllStringSubmatch(helpOf(t, buildWeir(t)), -1) {
		if m[1] != "--help" && !strings.Contains(manual.String(), m[1]) {
			t.Errorf("no document says what %s does: add it to README.md or docs/", m[1])
		}
	}
}

// helpOf returns the help of all commands of ours.
func helpOf(t *testing.T, bin string) string {
	t.Helper()
	var all strings.Builder
	for _, args := range [][]string{{"--help"}, {"report", "--help"}, {"parse", "--help"}, {"tail", "--help"}, {"log", "--help"}, {"history", "--help"}, {"alerts", "--help"}, {"state", "--help"}, {"state", "check", "--help"}, {"state", "export", "--help"}, {"state", "prune", "--help"}, {"mark", "--help"}, {"explain", "--help"}, {"formats", "--help"}, {"config", "--help"}, {"config", "check", "--help"}, {"config", "show", "--help"}, {"loggen", "--help"}, {"plot", "--help"}, {"timeserver", "--help"}, {"collector", "--help"}, {"trafficgen", "--help"}, {"trafficgen", "report", "--help"}, {"notify", "--help"}, {"notify", "test", "--help"}, {"test", "--help"}, {"backtest", "--help"}, {"demo", "--help"}, {"version", "--help"}} {
		out, err := exec.CommandContext(t.Context(), bin, args...).CombinedOutput()
		if err != nil {
			t.Fatalf("weir %v: %v", args, err)
		}
		all.Write(out)
	}
	return all.String()
}

// TestTheManualListsEveryFormat holds docs/formats.md against the table that
// the parsers come from.
func TestTheManualListsEveryFormat(t *testing.T) {
	const begin, end = "<!-- formats -->\n", "<!-- end -->\n"
	text := document(t, "docs/formats.md")
	head, rest, ok := strings.Cut(text, begin)
	_, tail, ok2 := strings.Cut(rest, end)
	if !ok || !ok2 {
		t.Fatalf("docs/formats.md has lost the marks %q and %q", begin, end)
	}
	var b strings.Builder
	for _, f := range accesslog.Formats() {
		fmt.Fprintf(&b, "\n### %s\n\n%s\n\n    %s\n", f.Name, f.Title, strings.ReplaceAll(f.Example, "\n", "\n    "))
	}
	want := head + begin + b.String() + "\n" + end + tail
	if want == text {
		return
	}
	if *update {
		if err := os.WriteFile(filepath.Join(root, "docs/formats.md"), []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	t.Errorf("docs/formats.md does not list what accesslog.Formats has; go test ./internal/house -update rewrites it:\n%s", firstDifference(want, text))
}

// TestTheScriptsOfTheManualPlayAsShown plays the alert scripts of
// docs/scripts.md.
func TestTheScriptsOfTheManualPlayAsShown(t *testing.T) {
	const name = "docs/scripts.md"
	text, shown := document(t, name), 0
	block := regexp.MustCompile("(?s)```alert\n(.*?)```")
	got := block.ReplaceAllStringFunc(text, func(old string) string {
		shown++
		script := block.FindStringSubmatch(old)[1]
		s, err := scriptOptions().Parse(fmt.Sprintf("docs/scripts.md script %d", shown), script)
		if err != nil {
			t.Error(err)
			return old
		}
		return "```alert\n" + incident.Rewrite(script, s.Play()) + "```"
	})
	if shown < 2 {
		t.Fatalf("docs/scripts.md has %d scripts, want 2 at least", shown)
	}
	if got == text {
		return
	}
	if *update {
		if err := os.WriteFile(filepath.Join(root, name), []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	t.Errorf("%s expects other messages than its scripts give; go test ./internal/house -update rewrites it:\n%s", name, firstDifference(got, text))
}
