package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"
	"time"

	"weir/internal/tail"
)

// asFollower makes this test binary a program that follows one file by package
// tail.
const asFollower = "WEIR_TORTURE_FOLLOWER"

// followForTests prints the lines of a file until it is killed or asked to end.
func followForTests(path string) {
	f, err := tail.Open(tail.Options{Paths: []string{path}})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	sweep := time.NewTicker(f.Sweep())
	for {
		for b := f.Sources()[0].Next(time.Now()); b != nil; b = f.Sources()[0].Next(time.Now()) {
			os.Stdout.Write(b.Data)
			b.Release()
		}
		select {
		case <-f.Wake():
		case <-sweep.C:
		}
	}
}

func unix(t *testing.T) {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("there are no signals on Windows: processes are not tortured there")
	}
}

// tortureThis tortures this binary.
func tortureThis(t *testing.T, o options) (*report, *scene) {
	t.Helper()
	t.Setenv(asFollower, "yes")
	s, err := newScene(t.TempDir(), o)
	must(t, err)
	s.follower, err = inFolder([]string{os.Args[0], "{log}"}, s)
	must(t, err)
	r, err := s.torture(t.Context(), o, io.Discard)
	if err != nil {
		t.Fatalf("%v\n%s", err, r)
	}
	return r, s
}

func TestARealFollowerIsTorturedWithRenames(t *testing.T) {
	unix(t)
	o := someOptions(t)
	o.lines, o.rotations, o.rate = 6000, 12, 10_000
	// Package tail promises nothing for a file that comes and goes between two
	// looks; so it is given time for one.
	o.scripts = []script{{name: "rename", weight: 1, run: func(ctx context.Context, s *scene) error {
		return errors.Join(rename(ctx, s), s.looked(ctx))
	}}}
	r, _ := tortureThis(t, o)
	if !r.clean() || r.rotations < 12 {
		t.Errorf("got %s", r)
	}
}

// TestAFollowerWithoutAStateFailsRestarts lets one begin anew: it prints the
// live file again, and nothing of what was rotated meanwhile.
func TestAFollowerWithoutAStateFailsRestarts(t *testing.T) {
	unix(t)
	o := someOptions(t, "restart")
	o.lines, o.rotations, o.rate, o.halves = 3000, 2, 5_000, 0
	o.quiet = 500 * time.Millisecond
	r, _ := tortureThis(t, o)
	if r.clean() {
		t.Errorf("a follower without a state went through a restart unharmed:\n%s", r)
	}
}

func TestAKilledFollowerIsStartedAgain(t *testing.T) {
	unix(t)
	o := someOptions(t, "kill")
	o.lines, o.rotations, o.rate, o.quiet = 3000, 1, 5_000, 500*time.Millisecond
	r, s := tortureThis(t, o)
	if s.checker.kill == 0 || r.kinds != 1 {
		t.Errorf("the follower was not killed:\n%s", r)
	}
}

func TestAProgramThatEndsByItselfIsTold(t *testing.T) {
	unix(t)
	for script, want := range map[string]string{
		"echo no log here >&2; exit 3": "ended before it had printed a line: no log here",
		"head -n 200 {log}":            "ended",
	} {
		o := someOptions(t, "rename")
		o.quiet = 500 * time.Millisecond
		s, err := newScene(t.TempDir(), o)
		must(t, err)
		s.follower, err = inFolder([]string{"sh", "-c", script + " # {log}"}, s)
		must(t, err)
		_, err = s.torture(t.Context(), o, io.Discard)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q", script, err, want)
		}
	}
}

func TestAProgramThatIsNotThereIsTold(t *testing.T) {
	s := stage(t, someOptions(t), nil)
	defer s.writer.close()
	if _, err := inFolder([]string{"no-such-program-as-this", "{log}"}, s); !errors.Is(err, exec.ErrNotFound) {
		t.Errorf("got %v, want that it is not found", err)
	}
}

func TestOnlyTheEndOfWhatAFollowerSaysIsKept(t *testing.T) {
	var l lastBytes
	for i := range 10_000 {
		fmt.Fprintf(&l, "line %d\n", i)
	}
	if got := l.String(); len(got) > saidRoom || !strings.HasSuffix(got, "line 9998\nline 9999") {
		t.Errorf("got %d bytes: %q", len(got), got)
	}
}
