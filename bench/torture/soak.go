package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A sample is what the system says of a process at a time.
type sample struct {
	at          time.Duration // since the run began
	resident    int64         // KiB
	own         int64         // of it, KiB: the rest are pages of its program, which come as they are first run
	threads     int64
	descriptors int64
}

// samples are those of one run, in order.
type samples []sample

// sampleOf reads /proc; false where there is none, or no such process.
func sampleOf(pid int, at time.Duration) (sample, bool) {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return sample{}, false
	}
	open, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", pid))
	if err != nil {
		return sample{}, false
	}
	s := sample{at: at, descriptors: int64(len(open))}
	for line := range strings.Lines(string(status)) {
		name, value, _ := strings.Cut(line, ":")
		number, _, _ := strings.Cut(strings.TrimSpace(value), " ")
		n, err := strconv.ParseInt(number, 10, 64)
		switch {
		case err != nil:
		case name == "VmRSS":
			s.resident = n
		case name == "RssAnon":
			s.own = n
		case name == "Threads":
			s.threads = n
		}
	}
	return s, true
}

// watch takes samples, and tells once a second how far the run is if progress is
// a terminal.
func (s *scene) watch(ctx context.Context, o options, progress io.Writer) samples {
	var list samples
	began, last := time.Now(), time.Time{}
	terminal := isTerminal(progress)
	for wait(ctx, time.Second) == nil {
		now := time.Now()
		if terminal {
			fmt.Fprintf(progress, "%6.0f s  written %d  printed up to %d  scripts %d\n",
				now.Sub(began).Seconds(), s.writer.position()-1, s.checker.most.Load(), s.ledger.count())
		}
		if o.soak == 0 || now.Sub(last) < o.every {
			continue
		}
		last = now
		if one, ok := sampleOf(s.follower.pid(), now.Sub(began)); ok {
			list = append(list, one)
		}
	}
	return list
}

// isTerminal tells whether a person may be looking.
func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

// warm returns the samples behind the first tenth of the time, in which a
// program still comes to its size.
func (s samples) warm() samples {
	if len(s) == 0 {
		return nil
	}
	from := s[len(s)-1].at / 10
	i := slices.IndexFunc(s, func(one sample) bool { return one.at >= from })
	return s[i:]
}

// slope is that of the straight line through a figure by least squares, per
// hour; 0 without two samples at different times.
func (s samples) slope(figure func(sample) int64) float64 {
	var n, sumX, sumY, sumXX, sumXY float64
	for _, one := range s {
		x, y := one.at.Hours(), float64(figure(one))
		n, sumX, sumY, sumXX, sumXY = n+1, sumX+x, sumY+y, sumXX+x*x, sumXY+x*y
	}
	d := n*sumXX - sumX*sumX
	if d <= 0 {
		return 0
	}
	return (n*sumXY - sumX*sumY) / d
}

// String has a line for each figure: least, most, and the slope over the samples
// behind the warm-up; "" without samples.
func (s samples) String() string {
	if len(s) == 0 {
		return ""
	}
	var b strings.Builder
	warm := s.warm()
	fmt.Fprintf(&b, "samples     %d, the first tenth of the time left out of what follows\n", len(s))
	row := func(name, unit string, figure func(sample) int64) {
		least, most := figure(warm[0]), figure(warm[0])
		for _, one := range warm {
			least, most = min(least, figure(one)), max(most, figure(one))
		}
		fmt.Fprintf(&b, "%-11s %d to %d%s, slope %+.1f%s an hour\n", name, least, most, unit, warm.slope(figure), unit)
	}
	row("memory", " KiB", func(one sample) int64 { return one.resident })
	row("of its own", " KiB", func(one sample) int64 { return one.own })
	row("descriptors", "", func(one sample) int64 { return one.descriptors })
	row("threads", "", func(one sample) int64 { return one.threads })
	return b.String()
}
