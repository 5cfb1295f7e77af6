package main

import (
	"fmt"
	"slices"
	"strings"
)

// markdown is the whole report.
func (b *bench) markdown() string {
	var w strings.Builder
	m := b.machine
	w.WriteString("# Measured: weir against others\n\n")
	w.WriteString("Written by `go run ./bench/compare`; [README.md](README.md) says what each figure means.\n\n")
	fmt.Fprintf(&w, "- Date: %s\n", m.begin.Format("2006-01-02 15:04 UTC"))
	fmt.Fprintf(&w, "- Machine: %d x %s, %s RAM, %s\n", m.cpus, m.cpu, gibibytes(m.memory), m.kernel)
	fmt.Fprintf(&w, "- Go: %s\n", m.goVersion)
	fmt.Fprintf(&w, "- Load average (1, 5, 15 minutes): %s at the start, %s at the end\n", m.loadAtBegin, m.loadAtEnd)
	fmt.Fprintf(&w, "- Runs: %d in turns%s; median (least to most)\n", b.runs, b.slowRuns())
	if b.anyHidden() {
		w.WriteString("- Peak memory marked `<=` is that of the measuring program, from which a child begins; its own may be less\n")
	}
	if len(b.problems) > 0 {
		w.WriteString("\n**NOT ALL PROGRAMS RAN AND COUNTED THE SAME. These figures compare nothing.**\n")
	}
	w.WriteString("\n## Gates\n\n")
	for _, v := range b.verdicts() {
		fmt.Fprintf(&w, "- %s: %s: %s\n", v.state, v.gate, v.figure)
	}
	for _, t := range b.tables {
		w.WriteString("\n")
		t.markdown(&w)
	}
	w.WriteString("\n## Commands\n\n")
	var told []string
	for _, t := range b.tables {
		for _, r := range t.rows {
			if r.command != "" && !slices.Contains(told, r.command) {
				told = append(told, r.command)
				fmt.Fprintf(&w, "    %s\n", r.command)
			}
		}
	}
	return w.String()
}

// slowRuns tells about programs that ran once.
func (b *bench) slowRuns() string {
	for _, t := range b.tables {
		if t.file.large() && !b.full && b.runs > 1 {
			return " (on logs of 1 GiB one only of GoAccess, lnav, mtail)"
		}
	}
	return ""
}

func (b *bench) anyHidden() bool {
	for _, t := range b.tables {
		for _, r := range t.rows {
			if r.hidden() {
				return true
			}
		}
	}
	return false
}

// hidden tells whether the peak is only known not to be more.
func (r row) hidden() bool {
	return slices.ContainsFunc(r.samples, func(s sample) bool { return s.hidden && s.peak > 0 })
}

func (t table) gzip() bool { return strings.HasSuffix(t.file.name, ".gz") }

func (t table) manyClients() bool { return slices.Contains(manyClients(), t.file.variant) }

func (t table) markdown(w *strings.Builder) {
	fmt.Fprintf(w, "## %s\n\n%d bytes, %d lines", t.file.name, t.file.bytes, t.file.lines)
	if t.gzip() {
		fmt.Fprintf(w, " when unpacked\n\n")
	} else {
		fmt.Fprintf(w, ", %.1f bytes a line\n\n", float64(t.file.bytes)/float64(t.file.lines))
	}
	w.WriteString("| tool | version | CPU s | CPU ns/line | CPU vs `wc -l` | wall s | lines per CPU second | peak MiB |\n")
	w.WriteString("|---|---|---|---|---|---|---|---|\n")
	wc, counted := t.find("wc")
	for _, r := range t.rows {
		fmt.Fprintf(w, "| %s | %s |", r.name, strings.ReplaceAll(r.version, "|", `\|`))
		switch {
		case r.path == "":
			w.WriteString(" not installed | | | | | |\n")
			continue
		case !r.measured():
			w.WriteString(" FAILED | | | | | |\n")
			continue
		}
		cpu := r.over(cpuSeconds)
		if cpu.max > 0 {
			lines := float64(t.file.lines)
			fmt.Fprintf(w, " %s | %.1f |", show(cpu, 3), cpu.median/lines*1e9)
			if counted {
				fmt.Fprintf(w, " %.1fx |", cpu.median/wc.over(cpuSeconds).median)
			} else {
				w.WriteString(" |")
			}
			fmt.Fprintf(w, " %s | %s |", show(r.over(wallSeconds), 3), millions(lines/cpu.median))
		} else {
			fmt.Fprintf(w, " | | | %s | |", show(r.over(wallSeconds), 3))
		}
		fmt.Fprintf(w, " %s |\n", r.peakCell())
	}
}

func (r row) peakCell() string {
	peak := r.over(peakMiB)
	switch {
	case peak.max == 0:
		return ""
	case r.hidden():
		return fmt.Sprintf("<= %.1f", peak.max)
	}
	return show(peak, 1)
}

// show is "median (least to most)", the median alone for one run.
func show(s spread, decimals int) string {
	if s.min == s.max {
		return fmt.Sprintf("%.*f", decimals, s.median)
	}
	return fmt.Sprintf("%.*f (%.*f to %.*f)", decimals, s.median, decimals, s.min, decimals, s.max)
}

func millions(n float64) string { return fmt.Sprintf("%.2f M", n/1e6) }

func gibibytes(n int64) string {
	if n == 0 {
		return unknown
	}
	return fmt.Sprintf("%.1f GiB", float64(n)/gib)
}
