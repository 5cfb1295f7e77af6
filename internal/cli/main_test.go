package cli

import (
	"os"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

// TestASecondSignalEndsItAtOnceUnlessItIsOfTheSameStop plays timeout(1), which
// sends two, and a person who presses Ctrl-C again.
func TestASecondSignalEndsItAtOnceUnlessItIsOfTheSameStop(t *testing.T) {
	const whole = 2 * time.Second // what the command takes to end after the first
	for name, c := range map[string]struct {
		after []time.Duration // of each signal since the first
		want  int
		took  time.Duration
	}{
		"one":                     {[]time.Duration{0}, exitFine, whole},
		"two of timeout(1)":       {[]time.Duration{0, 0}, exitFine, whole},
		"two in a moment":         {[]time.Duration{0, 50 * time.Millisecond}, exitFine, whole},
		"Ctrl-C again":            {[]time.Duration{0, 300 * time.Millisecond}, exitInterrupted, 300 * time.Millisecond},
		"Ctrl-C again and again":  {[]time.Duration{0, 50 * time.Millisecond, 150 * time.Millisecond}, exitInterrupted, 150 * time.Millisecond},
		"timeout(1), then Ctrl-C": {[]time.Duration{0, 0, time.Second}, exitInterrupted, time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				signals, done := make(chan os.Signal, 4), make(chan int, 1)
				begun := time.Now()
				go func() {
					for _, d := range c.after {
						<-time.After(time.Until(begun.Add(d)))
						signals <- syscall.SIGTERM
					}
				}()
				cancelled := 0
				got := await(done, signals, func(error) {
					cancelled++
					time.AfterFunc(whole, func() { done <- exitFine })
				})
				if took := time.Since(begun); got != c.want || took != c.took || cancelled != 1 {
					t.Errorf("got exit code %d after %v, cancelled %d times, want %d after %v, once", got, took, cancelled, c.want, c.took)
				}
			})
		})
	}
}
