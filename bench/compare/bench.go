package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"slices"
)

// bench is one run of this program: what it was asked, what it found.
type bench struct {
	options
	scratch  string // a folder for what programs leave behind
	stderr   io.Writer
	machine  machine
	tables   []table
	problems []string // why the figures compare nothing
}

// table is what was measured with one log.
type table struct {
	file logFile
	rows []row
}

// row is one program on one log.
type row struct {
	tool
	samples []sample
	failed  bool
}

// measure makes the tables of a variant.
func (b *bench) measure(ctx context.Context, variant string, tools []tool) error {
	f, err := b.openLog(ctx, variant)
	if err != nil {
		return err
	}
	t := newTable(f, tools)
	if err := b.rounds(ctx, &t, nil); err != nil {
		return err
	}
	b.tables = append(b.tables, t)
	if !compressed(variant) {
		return nil
	}
	z, err := b.openGzip(f)
	if err != nil {
		return err
	}
	t = newTable(z, gzipTools(ctx, tools, b.options))
	own := row{tool: tool{key: "unpack", name: "klauspost/compress, read to the end", path: "in this program", version: gzipVersion()}}
	err = b.rounds(ctx, &t, func() error {
		s, err := unpack(z)
		own.samples = append(own.samples, s)
		return err
	})
	t.rows = append(t.rows, own)
	b.tables = append(b.tables, t)
	return err
}

func newTable(f logFile, tools []tool) table {
	t := table{file: f}
	for _, tool := range tools {
		if tool.only == nil || slices.Contains(tool.only, f.variant) {
			t.rows = append(t.rows, row{tool: tool})
		}
	}
	return t
}

// rounds runs every program once, then every program again, so that what else
// the machine does falls on all of them. own is run with each round.
func (b *bench) rounds(ctx context.Context, t *table, own func() error) error {
	for round := range b.runs {
		for i := range t.rows {
			r := &t.rows[i]
			if r.path == "" || r.failed || round > 0 && r.slow && t.file.large() && !b.full {
				continue
			}
			fmt.Fprintf(b.stderr, "%s: run %d of %d: %s %s\n", t.file.name, round+1, b.runs, r.name, r.version)
			if err := b.once(ctx, t.file, r); err != nil {
				r.failed = true
				b.problems = append(b.problems, fmt.Sprintf("%s %s on %s: %v", r.name, r.version, t.file.name, err))
				fmt.Fprintln(b.stderr, "DISAGREEMENT:", b.problems[len(b.problems)-1])
			}
			// An interrupted run says nothing about the program.
			if err := ctx.Err(); err != nil {
				return err
			}
		}
		if own != nil {
			if err := own(); err != nil {
				return err
			}
		}
	}
	return nil
}

// once runs one program and checks that it counted every line.
func (b *bench) once(ctx context.Context, f logFile, r *row) error {
	keep := 0
	if r.hits != nil {
		keep = outputLimit
	}
	s, out, err := child(ctx, f.dir, b.scratch, keep, slices.Concat([]string{r.path}, r.args(f)))
	if err != nil {
		return err
	}
	r.samples = append(r.samples, s)
	if r.hits == nil {
		return nil
	}
	n, err := r.hits(out)
	if err != nil {
		return err
	}
	if n != f.lines {
		return fmt.Errorf("it counted %d hits, and the log has %d lines", n, f.lines)
	}
	return nil
}

// find returns the row of a key that has samples.
func (t table) find(key string) (row, bool) {
	for _, r := range t.rows {
		if r.key == key && r.measured() {
			return r, true
		}
	}
	return row{}, false
}

// measured tells whether the figures of a row mean something.
func (r row) measured() bool { return len(r.samples) > 0 && !r.failed }

// spread is the middle of some figures with their extremes.
type spread struct{ median, min, max float64 }

// over takes one figure of each sample. There is at least one.
func (r row) over(figure func(sample) float64) spread {
	v := make([]float64, 0, len(r.samples))
	for _, s := range r.samples {
		v = append(v, figure(s))
	}
	slices.SortFunc(v, cmp.Compare[float64])
	n := len(v)
	return spread{median: (v[(n-1)/2] + v[n/2]) / 2, min: v[0], max: v[n-1]}
}

func cpuSeconds(s sample) float64  { return s.cpu.Seconds() }
func wallSeconds(s sample) float64 { return s.wall.Seconds() }
func peakMiB(s sample) float64     { return float64(s.peak) / mib }
