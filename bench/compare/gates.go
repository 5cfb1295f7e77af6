package main

import "fmt"

// verdict is what became of a gate.
type verdict struct {
	gate   string // what was to be reached
	figure string // what was measured; why nothing was
	state  state
}

// state tells whether a gate is reached.
type state string

const (
	reached     state = "reached"
	notReached  state = "NOT REACHED"
	notMeasured state = "not measured"
)

// The gates. Processor time counts, since wall time on a machine with other
// work moved by a factor of two.
const (
	maxNanosecondsPerLine = 450.0
	maxTimesWC            = 12.0
	minGoAccessLarge      = 25.0 // times less processor time, from 1 GiB on
	minGoAccessSmall      = 20.0
	maxTwoWorkersCPU      = 1.15 // of that of one worker
	minTwoWorkersWall     = 1.75 // times as fast
	maxPeakMiB            = 64.0
	maxPeakSpreadMiB      = 8.0
	minOfDecompressor     = 0.8
)

// verdicts goes through all gates.
func (b *bench) verdicts() []verdict {
	var list []verdict
	for _, t := range b.tables {
		switch {
		case !t.manyClients() && !t.gzip():
			list = append(list, t.speed()...)
			list = append(list, t.twoWorkers(b.machine.cpus)...)
		case t.gzip():
			list = append(list, t.decompression())
		}
	}
	return append(list, b.memory()...)
}

func atMost(gate string, figure, limit float64, text string) verdict {
	v := verdict{gate: gate, figure: text, state: reached}
	if !(figure <= limit) {
		v.state = notReached
	}
	return v
}

func atLeast(gate string, figure, limit float64, text string) verdict {
	return atMost(gate, -figure, -limit, text)
}

func missing(gate, why string) verdict { return verdict{gate: gate, figure: why, state: notMeasured} }

// speed is about one worker against the clock, wc, GoAccess.
func (t table) speed() []verdict {
	perLine := fmt.Sprintf("%s, one worker: at most %.0f ns of CPU a line", t.file.name, maxNanosecondsPerLine)
	timesWC := fmt.Sprintf("%s, one worker: at most %.0fx the CPU of wc -l", t.file.name, maxTimesWC)
	factor := minGoAccessSmall
	if t.file.large() {
		factor = minGoAccessLarge
	}
	timesLess := fmt.Sprintf("%s, one worker: at least %.0fx less CPU than GoAccess", t.file.name, factor)
	weir, ok := t.find(weirKey(1))
	if !ok {
		const why = "weir report --workers 1 has no figures"
		return []verdict{missing(perLine, why), missing(timesWC, why), missing(timesLess, why)}
	}
	cpu := weir.over(cpuSeconds).median
	ns := cpu / float64(t.file.lines) * 1e9
	list := []verdict{atMost(perLine, ns, maxNanosecondsPerLine, fmt.Sprintf("%.0f ns", ns))}
	if wc, ok := t.find("wc"); ok {
		x := cpu / wc.over(cpuSeconds).median
		list = append(list, atMost(timesWC, x, maxTimesWC, fmt.Sprintf("%.1fx", x)))
	} else {
		list = append(list, missing(timesWC, "wc has no figures"))
	}
	if best, ok := t.bestGoAccess(); ok {
		x := best.over(cpuSeconds).median / cpu
		list = append(list, atLeast(timesLess, x, factor, fmt.Sprintf("%.1fx less than %s, the one with the least CPU here", x, best.version)))
	} else {
		list = append(list, missing(timesLess, "GoAccess has no figures"))
	}
	return list
}

// bestGoAccess is the one that took the least processor time.
func (t table) bestGoAccess() (best row, ok bool) {
	for _, r := range t.rows {
		if r.key != "goaccess" || !r.measured() {
			continue
		}
		if !ok || r.over(cpuSeconds).median < best.over(cpuSeconds).median {
			best, ok = r, true
		}
	}
	return best, ok
}

// twoWorkers is about what the second worker costs and brings.
func (t table) twoWorkers(cpus int) []verdict {
	costs := fmt.Sprintf("%s, two workers: at most %.2fx the CPU of one", t.file.name, maxTwoWorkersCPU)
	brings := fmt.Sprintf("%s, two workers: at least %.2fx as fast as one, by wall time on two free cores", t.file.name, minTwoWorkersWall)
	one, ok1 := t.find(weirKey(1))
	two, ok2 := t.find(weirKey(2))
	if !ok1 || !ok2 {
		const why = "weir report has no figures with one worker, or with two"
		return []verdict{missing(costs, why), missing(brings, why)}
	}
	x := two.over(cpuSeconds).median / one.over(cpuSeconds).median
	list := []verdict{atMost(costs, x, maxTwoWorkersCPU, fmt.Sprintf("%.2fx", x))}
	if cpus < 2 {
		return append(list, missing(brings, "this machine has one core"))
	}
	x = one.over(wallSeconds).median / two.over(wallSeconds).median
	return append(list, atLeast(brings, x, minTwoWorkersWall, fmt.Sprintf("%.2fx", x)))
}

// memory is about the peak whatever the number of clients and workers. It
// takes every run, not the median: a promise of a bound has no outliers.
func (b *bench) memory() []verdict {
	bound := fmt.Sprintf("ip10k, ip200k, ip2m, 1, 2, 8 workers: peak memory at most %.0f MiB", maxPeakMiB)
	apart := fmt.Sprintf("the same: peaks at most %.0f MiB apart", maxPeakSpreadMiB)
	var all row
	logs := 0
	for _, t := range b.tables {
		if !t.manyClients() {
			continue
		}
		for _, workers := range []int{1, 2, 8} {
			r, ok := t.find(weirKey(workers))
			if !ok {
				why := fmt.Sprintf("weir report --workers %d has no figures on %s", workers, t.file.name)
				return []verdict{missing(bound, why), missing(apart, why)}
			}
			all.samples = append(all.samples, r.samples...)
		}
		logs++
	}
	if logs < len(manyClients()) {
		why := fmt.Sprintf("%d of %d logs were measured", logs, len(manyClients()))
		return []verdict{missing(bound, why), missing(apart, why)}
	}
	p := all.over(peakMiB)
	if p.max == 0 {
		const why = "this system does not tell the peak"
		return []verdict{missing(bound, why), missing(apart, why)}
	}
	text := fmt.Sprintf("%.1f to %.1f MiB", p.min, p.max)
	return []verdict{atMost(bound, p.max, maxPeakMiB, text), atMost(apart, p.max-p.min, maxPeakSpreadMiB, text)}
}

// decompression is about what weir adds to the time that a compressed log
// takes anyway.
func (t table) decompression() verdict {
	gate := fmt.Sprintf("%s: at least %.0f %% of the decompressor's own speed, by wall time", t.file.name, 100*minOfDecompressor)
	weir, ok1 := t.find("weir")
	own, ok2 := t.find("unpack")
	if !ok1 || !ok2 {
		return missing(gate, "weir report, or the decompressor, has no figures")
	}
	share := own.over(wallSeconds).median / weir.over(wallSeconds).median
	text := fmt.Sprintf("%.0f %%", 100*share)
	if gzip, ok := t.find("gzip"); ok {
		text += fmt.Sprintf("; %.2fx as fast as gzip -dc", gzip.over(wallSeconds).median/weir.over(wallSeconds).median)
	}
	return atLeast(gate, share, minOfDecompressor, text)
}
