package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"time"
)

// sample is what one run took.
type sample struct {
	cpu  time.Duration // user and system together: how they share it is a guess of the kernel's clock tick
	wall time.Duration
	peak int64 // resident bytes; 0 where the system does not tell
	// hidden: the peak is that of this program, which the child began with, and
	// its own may be less.
	hidden bool
}

// runLimit ends a program that hangs.
const runLimit = time.Hour

// child runs a program in a folder and returns what it wrote, the first keep
// bytes of it. The output goes through a pipe, never to the null device, since
// GNU grep notices that nobody reads, and stops early.
func child(ctx context.Context, dir, scratch string, keep int, argv []string) (sample, []byte, error) {
	ctx, cancel := context.WithTimeout(ctx, runLimit)
	defer cancel()
	stdout, stderr := &head{limit: keep}, &head{limit: 4096}
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = dir, stdout, stderr
	// lnav and mtail leave files at home and among the temporary ones.
	cmd.Env = append(os.Environ(), "HOME="+scratch, "TMPDIR="+scratch, "XDG_CONFIG_HOME="+scratch, "TERM=dumb", "LC_ALL=C")
	begin := time.Now()
	err := cmd.Run()
	s := sample{wall: time.Since(begin)}
	if err != nil {
		if ctx.Err() != nil {
			err = context.Cause(ctx)
		}
		return s, nil, fmt.Errorf("%w: %s", err, bytes.TrimSpace(stderr.kept))
	}
	s.cpu = cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	s.peak = peakOf(cmd.ProcessState)
	s.hidden = s.peak <= ownPeak()
	if keep > 0 && stdout.total > int64(keep) {
		return s, nil, fmt.Errorf("it wrote %d bytes, where %d at most are expected", stdout.total, keep)
	}
	return s, stdout.kept, nil
}

// head keeps the first bytes of what is written to it and counts the rest.
type head struct {
	kept  []byte
	limit int
	total int64
}

// Write never fails.
func (h *head) Write(p []byte) (int, error) {
	h.total += int64(len(p))
	h.kept = append(h.kept, p[:min(len(p), h.limit-len(h.kept))]...)
	return len(p), nil
}
