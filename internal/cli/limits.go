package cli

import (
	"context"
	"os"
	"runtime/debug"
	"runtime/metrics"
	"time"
)

// frugal makes the collector keep memory small: there is hardly any garbage to
// be collected, so it costs 3 % of the time of a report and saves 5 of its 30
// MiB. What may be in use, with every table full, is half of the 64 MiB that
// are promised; above the limit the collector works harder. Who sets GOGC or
// GOMEMLIMIT is obeyed.
func frugal() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(50)
	}
	allow(0, false)
}

// allow sets the limit of memory for so many live logs, and returns it. Each has a parser,
// and with 10,000 of them under the limit of a few the collector took a tenth of a
// core while nothing happened. A history has memory that the collector does not
// know of: SQLite's, and more pages of the program itself. So there it works sooner,
// which costs 2 % of the reading of a log and saves 3 to 5 MiB.
func allow(logs int, history bool) (limit int64) {
	const all, each, beside = 52 << 20, 16 << 10, 14 << 20
	limit = all + int64(logs)*each
	if history {
		limit -= beside
		if os.Getenv("GOGC") == "" {
			debug.SetGCPercent(25)
		}
	}
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(limit)
	}
	return limit
}

// allowWhileRunning is allow for a run that goes on until ctx ends: each second it looks
// whether what is in use leaves room below the limit, and raises it where it does not. A limit below
// what is in use makes the collector work all the time: under 40 MiB four rules by section, of 400
// sections, with 67 MB in use, did not come to an end in four minutes instead of one.
func allowWhileRunning(ctx context.Context, logs int, history bool) {
	limit := allow(logs, history)
	if os.Getenv("GOMEMLIMIT") != "" {
		return
	}
	look := time.NewTicker(time.Second)
	go func() {
		defer look.Stop()
		live := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
		for {
			select {
			case <-ctx.Done():
				return
			case <-look.C:
			}
			metrics.Read(live)
			if next := roomFor(live[0].Value.Uint64()); next > limit {
				limit = next
				debug.SetMemoryLimit(limit)
			}
		}
	}()
}

// roomFor is the limit that lets the collector work in peace when so many bytes are in use:
// an eighth for garbage, and what the runtime takes for itself, stacks and gaps.
func roomFor(live uint64) int64 { return int64(live) + int64(live/8) + 9<<20 }
