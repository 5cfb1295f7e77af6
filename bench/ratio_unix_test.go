//go:build unix

package bench

import (
	"syscall"
	"testing"
	"time"
)

// maxRatio is how many times the time of reading and counting lines a pass on
// one worker may take, in a log that lies in the cache of the processor. Seen
// when this was written: 37 to 42.
const maxRatio = 75

// TestAPassKeepsItsRatioToReading compares two loops of the same minute, the
// fastest of some runs each, in the time that the processors worked for them: the
// wall's was 150 times on a machine with ten times as much to do as it can.
func TestAPassKeepsItsRatioToReading(t *testing.T) {
	if testing.Short() {
		t.Skip("a ratio of two times is not taken in short mode")
	}
	path, _, lines := logFile(t)
	buf := make([]byte, block)
	least, most := time.Duration(1<<62), time.Duration(1<<62)
	for range 7 {
		start := worked(t)
		count(t, path, buf)
		counted := worked(t)
		pass(t, path, 1, lines)
		least, most = min(least, counted-start), min(most, worked(t)-counted)
	}
	ratio := float64(most) / float64(least)
	t.Logf("reading %v, a pass %v: %.1f times", least, most, ratio)
	if ratio > maxRatio {
		t.Errorf("a pass takes %.1f times the time of reading and counting lines, want %d at most: run make bench, and see which layer", ratio, maxRatio)
	}
}

// worked is how long processors have worked for this process.
func worked(t *testing.T) time.Duration {
	t.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		t.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
