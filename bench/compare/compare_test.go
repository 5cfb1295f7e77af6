//go:build unix

package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"weir/bench/program"
)

// script makes an executable of a shell script.
func script(tb testing.TB, dir, name, text string) string {
	tb.Helper()
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, []byte("#!/bin/sh\n"+text), 0o755); err != nil {
		tb.Fatal(err)
	}
	return path
}

// weirScript counts hits hits, however many lines there are.
func weirScript(hits string) string {
	return `case $1 in version) echo "weir 1.2.3 commit abc"; exit;; esac
echo '{"from":"x","hits":` + hits + `,"rejected":{"total":0}}'
`
}

// goaccessScript writes its report where -o says.
func goaccessScript(hits string) string {
	return `case $1 in --version) echo "GoAccess - 1.9."; exit;; --help) echo " -j, --jobs=<1-6>"; exit 1;; esac
while [ "$1" != -o ]; do shift; done
echo '{"general":{"total_requests":` + hits + `,"failed_requests":0}}' > "$2"
`
}

// lab is a folder with small logs, and a PATH of nothing but scripts.
func lab(t *testing.T, programs map[string]string) (dir string) {
	t.Helper()
	dir = t.TempDir()
	bin := t.TempDir()
	t.Setenv("PATH", bin)
	for name, text := range programs {
		script(t, bin, name, text)
	}
	for _, v := range []string{"c100m", "ip10k", "ip200k", "ip2m"} {
		if err := os.WriteFile(filepath.Join(dir, v+".log"), []byte(strings.Repeat("a line\n", 10)), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// compare runs the program in a lab.
func compare(t *testing.T, dir string, args ...string) (report, told string, err error) {
	t.Helper()
	var out, stderr bytes.Buffer
	err = run(t.Context(), append([]string{"-dir", dir, "-weir", "weir", "-runs", "2"}, args...), &out, &stderr)
	return out.String(), stderr.String(), err
}

func contains(t *testing.T, text string, parts ...string) {
	t.Helper()
	for _, p := range parts {
		if !strings.Contains(text, p) {
			t.Errorf("no %q in\n%s", p, text)
		}
	}
}

func TestTheReportHasEveryToolAndGate(t *testing.T) {
	dir := lab(t, map[string]string{
		"weir": weirScript("10"), "goaccess": goaccessScript("10"),
		"wc": "echo 10 $2\n", "cat": "echo x\n", "gzip": "echo x\n",
	})
	report, told, err := compare(t, dir, "c100m", "ip10k", "ip200k", "ip2m")
	if err != nil {
		t.Fatalf("%v\n%s", err, told)
	}
	contains(t, report,
		"| wc -l | 10 |", "| weir report --workers 2 | 1.2.3 commit abc |", "| weir report --workers 8 |",
		"| goaccess -j1 | 1.9 |", "| lnav, hits by status |  | not installed |", "| mawk, hits by section, by status |  | not installed |",
		"## c100m.log.gz", "| klauspost/compress, read to the end |", "| gzip -dc |",
		"ns of CPU a line:", "the CPU of wc -l:", "less CPU than GoAccess:", "the CPU of one:", "as fast as one", "decompressor's own speed",
		"peak memory at most 64 MiB: ", "8 MiB apart: ", "Load average", "Machine: ", "Go: go1",
		"    weir report --workers 1 -o json FILE\n")
	if strings.Contains(report, dir) {
		t.Errorf("the report tells the folder:\n%s", report)
	}
	if strings.Contains(report, "NOT ALL PROGRAMS") || strings.Contains(report, "FAILED") {
		t.Errorf("the report tells of a failure:\n%s", report)
	}
	if left, _ := filepath.Glob(filepath.Join(dir, "*.part")); len(left) > 0 {
		t.Errorf("left behind: %q", left)
	}
}

func TestADisagreementOfHitsIsToldAndFails(t *testing.T) {
	right := map[string]string{"weir": weirScript("10"), "goaccess": goaccessScript("10"), "wc": "echo 10\n"}
	for name, c := range map[string]struct{ program, text, says string }{
		"weir counts less":       {"weir", weirScript("9"), "it counted 9 hits, and the log has 10 lines"},
		"weir counts nothing":    {"weir", `echo '{}'`, `its JSON has no "hits"`},
		"weir writes no JSON":    {"weir", "echo hello\n", "its output is no JSON"},
		"weir fails":             {"weir", "echo no such flag >&2; exit 2\n", "exit status 2: no such flag"},
		"GoAccess counts more":   {"goaccess", goaccessScript("11"), "it counted 11 hits"},
		"GoAccess reads not all": {"goaccess", strings.ReplaceAll(goaccessScript("10"), `"failed_requests":0`, `"failed_requests":2`), "it could not read 2 lines"},
		"GoAccess writes none":   {"goaccess", "exit 0\n", "no such file"},
		"wc counts less":         {"wc", "echo 8\n", "it counted 8 hits"},
		"wc writes nothing":      {"wc", "exit 0\n", "it wrote nothing"},
	} {
		t.Run(name, func(t *testing.T) {
			programs := maps.Clone(right)
			programs[c.program] = c.text
			report, told, err := compare(t, lab(t, programs), "c100m")
			if !errors.Is(err, errDisagree) {
				t.Errorf("got %v, want a disagreement", err)
			}
			contains(t, told, "DISAGREEMENT: ", c.says)
			contains(t, report, "NOT ALL PROGRAMS RAN AND COUNTED THE SAME", "| FAILED |", "not measured: ")
		})
	}
}

func TestTheReportGoesToAFile(t *testing.T) {
	dir := lab(t, map[string]string{"weir": weirScript("10")})
	name := filepath.Join(dir, "R.md")
	out, told, err := compare(t, dir, "-o", name, "c100m")
	if err != nil || out != "" {
		t.Fatalf("got %q, %v\n%s", out, err, told)
	}
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	contains(t, string(text), "# Measured", "wc has no figures", "GoAccess has no figures", "| wc -l |  | not installed |")
}

func TestWhatWasMeasuredApartStaysInTheReport(t *testing.T) {
	dir := lab(t, map[string]string{"weir": weirScript("10")})
	name := filepath.Join(dir, "R.md")
	const others = apart + "\n\n## Soak\n\n0 lost\n"
	for _, before := range []string{"# Measured: of old\n\n" + others, ""} {
		if before != "" {
			if err := os.WriteFile(name, []byte(before), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		if _, told, err := compare(t, dir, "-o", name, "c100m"); err != nil {
			t.Fatalf("%v\n%s", err, told)
		}
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		contains(t, string(text), "# Measured: weir against others")
		if !strings.HasSuffix(string(text), "\n\n"+others) || strings.Count(string(text), apart) != 1 || strings.Contains(string(text), "of old") {
			t.Errorf("got:\n%s", text)
		}
	}
}

// newBench is a bench whose programs leave what they leave in a folder.
func newBench(t *testing.T) *bench {
	t.Helper()
	return &bench{options: options{runs: 3, dir: t.TempDir()}, scratch: t.TempDir(), stderr: io.Discard}
}

func TestSlowProgramsRunOnceOnALargeLog(t *testing.T) {
	for _, c := range []struct {
		size       int64
		full       bool
		slow, fast int
	}{
		{gib, false, 1, 3},
		{gib, true, 3, 3},
		{gib - 1, false, 3, 3},
	} {
		b := newBench(t)
		b.full = c.full
		path := script(t, b.scratch, "x", "exit 0\n")
		none := func(logFile) []string { return nil }
		tb := table{
			file: logFile{dir: b.dir, bytes: c.size, lines: 1},
			rows: []row{
				{tool: tool{key: "slow", path: path, slow: true, args: none}},
				{tool: tool{key: "fast", path: path, args: none}},
				{tool: tool{key: "absent"}},
			},
		}
		if err := b.rounds(t.Context(), &tb, nil); err != nil {
			t.Fatal(err)
		}
		if s, f, a := len(tb.rows[0].samples), len(tb.rows[1].samples), len(tb.rows[2].samples); s != c.slow || f != c.fast || a != 0 {
			t.Errorf("%d bytes, full %t: %d slow runs, %d fast, %d of what is not there; want %d, %d, 0", c.size, c.full, s, f, a, c.slow, c.fast)
		}
	}
}

func TestProgramsTakeTurns(t *testing.T) {
	b := newBench(t)
	order := filepath.Join(b.scratch, "order")
	path := script(t, b.scratch, "x", `printf %s "$1" >> '`+order+"'\n")
	var tb table
	tb.file = logFile{dir: b.dir}
	for _, name := range []string{"a", "b", "c"} {
		tb.rows = append(tb.rows, row{tool: tool{key: name, path: path, args: func(logFile) []string { return []string{name} }}})
	}
	if err := b.rounds(t.Context(), &tb, nil); err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(order); err != nil || string(got) != "abcabcabc" {
		t.Errorf("got %s, %v", got, err)
	}
}

func TestAnInterruptEndsTheRun(t *testing.T) {
	b := newBench(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	tb := table{rows: []row{{tool: tool{path: script(t, b.scratch, "x", "exit 0\n"), args: func(logFile) []string { return nil }}}}}
	if err := b.rounds(ctx, &tb, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestAChildWritesToAPipeAndItsPeakIsTold(t *testing.T) {
	dir := t.TempDir()
	s, out, err := child(t.Context(), dir, dir, 4096, []string{"/bin/sh", "-c", `[ -p /dev/fd/1 ] && pwd -P && echo "$HOME $LC_ALL"`})
	if err != nil {
		t.Fatal(err)
	}
	real, err := filepath.EvalSymlinks(dir)
	if err != nil {
		t.Fatal(err)
	}
	if want := fmt.Sprintf("%s\n%s C\n", real, dir); string(out) != want {
		t.Errorf("got %q, want %q", out, want)
	}
	if s.wall <= 0 || s.peak < 100*kib || s.peak > gib {
		t.Errorf("got %+v", s)
	}
	if _, _, err := child(t.Context(), dir, dir, 3, []string{"/bin/sh", "-c", "echo 1234"}); err == nil {
		t.Error("5 bytes pass where 3 are the limit")
	}
	if _, out, err := child(t.Context(), dir, dir, 0, []string{"/bin/sh", "-c", "echo 1234"}); err != nil || len(out) > 0 {
		t.Errorf("got %q, %v where nothing is to be kept", out, err)
	}
}

func TestALogIsMadeWhereItIsMissing(t *testing.T) {
	b := newBench(t)
	script(t, b.scratch, "mklog", `[ "$1 $2 $3" = "-variant ip10k -o" ] && printf 'one\ntwo\n' > "$4"`+"\n")
	f, err := b.openLog(t.Context(), "ip10k")
	if err != nil || f.lines != 2 || f.bytes != 8 {
		t.Fatalf("got %+v, %v", f, err)
	}
	// What is there is used.
	script(t, b.scratch, "mklog", "exit 1\n")
	if again, err := b.openLog(t.Context(), "ip10k"); err != nil || again != f {
		t.Errorf("got %+v, %v, want %+v", again, err, f)
	}
	if _, err := b.openLog(t.Context(), "c1g"); err == nil {
		t.Error("a log that cannot be made is no error")
	}
	script(t, b.scratch, "mklog", `: > "$4"`+"\n")
	if _, err := b.openLog(t.Context(), "c1g"); err == nil {
		t.Error("an empty log is no error")
	}
}

func TestACompressedLogUnpacksToTheLog(t *testing.T) {
	b := newBench(t)
	f := logFile{name: "a.log", dir: b.dir, variant: "c100m", lines: 1}
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(f.path(), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write(strings.Repeat("a", 1000))
	z, err := b.openGzip(f)
	if err != nil || z.bytes < 20 || z.bytes > 100 {
		t.Fatalf("got %+v, %v", z, err)
	}
	if s, err := unpack(z); err != nil || s.wall <= 0 {
		t.Errorf("got %+v, %v", s, err)
	}
	// A newer log is packed again.
	write("b")
	later := time.Now().Add(time.Hour)
	if err := os.Chtimes(f.path(), later, later); err != nil {
		t.Fatal(err)
	}
	if again, err := b.openGzip(f); err != nil || again.bytes >= z.bytes {
		t.Errorf("got %+v, %v after %+v", again, err, z)
	}
	if err := os.WriteFile(z.path(), []byte("no gzip at all, but long enough"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := unpack(z); err == nil {
		t.Error("what is no gzip unpacks")
	}
}

func TestAWrongCommandLineIsRefused(t *testing.T) {
	for _, line := range []string{"-runs 0", "-nothing", "c2g", "c100m c2g", "-without weir", "-without goaccess,wc"} {
		if err := run(t.Context(), strings.Fields(line), io.Discard, io.Discard); !errors.As(err, new(program.UsageError)) {
			t.Errorf("%q: got %v, want an error of usage", line, err)
		}
	}
	if err := run(t.Context(), []string{"-h"}, io.Discard, io.Discard); !errors.Is(err, flag.ErrHelp) {
		t.Errorf("-h: got %v", err)
	}
	if err := run(t.Context(), []string{"-dir", t.TempDir(), "-weir", "no-such-weir"}, io.Discard, io.Discard); err == nil {
		t.Error("a weir that is not there is no error")
	}
}

func TestToolsCanBeLeftOut(t *testing.T) {
	dir := lab(t, map[string]string{"weir": weirScript("10"), "goaccess": "exit 1\n"})
	report, told, err := compare(t, dir, "-without", "goaccess,lnav", "-without", "gzip", "c100m")
	if err != nil {
		t.Fatalf("%v\n%s", err, told)
	}
	for _, name := range []string{"| goaccess", "| lnav", "| gzip"} {
		if strings.Contains(report, name) {
			t.Errorf("%q is in\n%s", name, report)
		}
	}
}

func TestMklogKnowsEveryVariant(t *testing.T) {
	text, err := os.ReadFile("../mklog/main.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range variants() {
		if !strings.Contains(string(text), fmt.Sprintf("{%q, options{", v)) {
			t.Errorf("mklog has no variant %s", v)
		}
	}
}
