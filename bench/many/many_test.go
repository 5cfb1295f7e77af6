package main

import (
	"bytes"
	"errors"
	"flag"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"weir/bench/program"
)

func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == "print-the-logs" {
		printLogs(os.Args[2:])
		return
	}
	os.Exit(m.Run())
}

// printLogs is the simplest follower: it prints what is new, and looks every 5 ms.
func printLogs(paths []string) {
	at := make([]int, len(paths))
	for range time.Tick(5 * time.Millisecond) {
		for i, p := range paths {
			if text, err := os.ReadFile(p); err == nil && len(text) > at[i] {
				os.Stdout.Write(text[at[i]:])
				at[i] = len(text)
			}
		}
	}
}

func TestTimesAreReadBehindTheNameOfTheProgram(t *testing.T) {
	stat := "4711 (a ) b (c) R 1 2 3 4 5 6 7 8 9 10 250 31 12 13 20 0 5 0 100"
	user, system, err := times(stat)
	if err != nil || user != 2500*time.Millisecond || system != 310*time.Millisecond {
		t.Errorf("got %v, %v, %v; want 2.5s and 310ms", user, system, err)
	}
	for _, broken := range []string{"", "4711 (x) R 1 2", "4711 (x) R 1 2 3 4 5 6 7 8 9 10 a b"} {
		if _, _, err := times(broken); err == nil {
			t.Errorf("%q: no error", broken)
		}
	}
}

func TestTheLoadIsThatOfTheTimeBetween(t *testing.T) {
	at := time.Unix(1000, 0)
	before := usage{at: at, user: time.Second, system: time.Second}
	after := usage{at: at.Add(time.Minute), user: 1500 * time.Millisecond, system: 1100 * time.Millisecond}
	if got := after.load(before); got != 1 {
		t.Errorf("got %v %%, want 1 %%: 0.6 s in a minute", got)
	}
}

func TestAFigureOfTheStatus(t *testing.T) {
	status := "Name:\tx\nVmHWM:\t  2048 kB\nVmRSS:\t  1024 kB\n"
	for name, want := range map[string]int64{"VmRSS": 1024, "VmHWM": 2048, "VmSwap": 0} {
		if got := kib(status, name); got != want {
			t.Errorf("%s: got %d, want %d", name, got, want)
		}
	}
}

func TestTheLogsAreOldAndInTheirFolders(t *testing.T) {
	dir := t.TempDir()
	paths, err := makeLogs(dir, options{files: 10, dirs: 3, lines: 4})
	if err != nil {
		t.Fatal(err)
	}
	folders := map[string]int{}
	for _, p := range paths {
		folders[filepath.Dir(p)]++
		text, err := os.ReadFile(p)
		if err != nil || bytes.Count(text, []byte("\n")) != 4 {
			t.Errorf("%s: %d lines, %v", p, bytes.Count(text, []byte("\n")), err)
		}
		if info, err := os.Stat(p); err != nil || time.Since(info.ModTime()) < 50*time.Minute {
			t.Errorf("%s is not an hour old: %v", p, err)
		}
	}
	if len(folders) != 3 || len(paths) != 10 {
		t.Errorf("got %d logs in %d folders, want 10 in 3", len(paths), len(folders))
	}
}

func TestACommandLineThatCannotBeCarriedOutIsToldWhy(t *testing.T) {
	for _, args := range [][]string{
		{},
		{"--", "weir", "tail"},
		{"-files", "0", "--", "x", "{logs}"},
		{"-files", "3", "-dirs", "4", "--", "x", "{logs}"},
		{"-rate", "-1", "--", "x", "{logs}"},
		{"-span", "0s", "--", "x", "{logs}"},
		{"-nonsense"},
	} {
		if _, err := parse(args, io.Discard); !errors.As(err, new(program.UsageError)) {
			t.Errorf("%q: got %v, want wrong usage", args, err)
		}
	}
	if _, err := parse([]string{"-h"}, io.Discard); !errors.Is(err, flag.ErrHelp) {
		t.Errorf("-h: got %v", err)
	}
}

func TestAFollowerIsMeasured(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("figures are taken from /proc")
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	args := []string{"-files", "5", "-dirs", "2", "-settle", "10ms", "-span", "50ms", "-rate", "100", "-echo", "-probes", "3", "-pause", "0s"}
	var out, errs bytes.Buffer
	if err := run(t.Context(), append(args, "--", self, "print-the-logs", "{logs}"), &out, &errs); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"5 logs of 20 lines in 2 folders", "\nstart ", "\nidle ", "\n100/s ", "(3 lines)"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("got\n%swant %q in it", out.String(), want)
		}
	}
	if err := run(t.Context(), []string{"-files", "2", "-dirs", "1", "-settle", "10ms", "-span", "10ms", "--", self, "-no-such-flag", "{logs}"}, &out, &errs); err == nil {
		t.Error("no error of a command that ends")
	}
}
