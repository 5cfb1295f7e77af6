package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"weir/bench/program"
)

// A column is a script of the table with its rate.
type column struct {
	name    string
	scripts []string
	lines   int64
	rate    int
	turns   int  // rotations
	down    bool // only for followers with a state
}

// slowRate is what one can expect of a site, fastRate a torture.
const (
	slowRate = 2_000
	fastRate = 20_000
)

// columns have the rates of ordinary days first. A row of slow ones is run for
// all followers at the same time.
func columns() []column {
	slow := func(name string) column { return column{name + " slow", []string{name}, 40_000, slowRate, 7, false} }
	fast := func(name string) column { return column{name + " fast", []string{name}, 40_000, fastRate, 8, false} }
	return []column{
		slow("rename"), slow("nocreate"), slow("copytruncate"), slow("delete"),
		{"logrotate", []string{"logrotate-create"}, 40_000, slowRate, 8, false},
		{"compress", []string{"compress"}, 40_000, slowRate, 7, false},
		{"stopped", []string{"stop"}, 40_000, slowRate, 7, false},
		{"restart", []string{"restart"}, 40_000, slowRate, 7, true},
		{"kill", []string{"kill"}, 40_000, slowRate, 7, true},
		fast("rename"), fast("nocreate"), fast("copytruncate"), fast("delete"),
		{"all fast", []string{"all"}, 200_000, fastRate, 60, false},
	}
}

// table tortures every candidate in every column. What goes wrong with one is
// written into its cell.
func table(ctx context.Context, o options, stdout, stderr io.Writer) error {
	var rows []candidate
	for _, c := range slices.Concat(candidates(), o.follow) {
		if !wanted(c.name, o.only) {
			continue
		}
		if installed(c.program()) == "" {
			fmt.Fprintf(stderr, "%s: not installed, left out\n", c.name)
			continue
		}
		rows = append(rows, c)
	}
	cols := slices.DeleteFunc(columns(), func(c column) bool { return !wanted(c.name, o.columns) })
	if len(rows) == 0 || len(cols) == 0 {
		return program.Usage(errors.New("the table is empty: -only or -columns name nothing that is there"))
	}
	cells := make([][]string, len(rows))
	for i := range cells {
		cells[i] = make([]string, len(cols))
	}
	fmt.Fprintf(stderr, "seed %d, %d followers, %d columns\n", o.seed, len(rows), len(cols))
	for j, col := range cols {
		var running sync.WaitGroup
		for i, row := range rows {
			one := func() {
				cells[i][j] = row.cell(ctx, o, col)
				fmt.Fprintf(stderr, "%s, %s: %s\n", row.name, col.name, cells[i][j])
			}
			if col.rate > slowRate {
				one()
			} else {
				running.Go(one)
			}
		}
		running.Wait()
		if err := ctx.Err(); err != nil {
			return err
		}
	}
	fmt.Fprint(stdout, markdown(ctx, rows, cols, cells))
	return nil
}

// wanted tells whether a name contains one of some texts; all do without any.
func wanted(name string, texts []string) bool {
	return len(texts) == 0 || slices.ContainsFunc(texts, func(s string) bool { return strings.Contains(name, s) })
}

// cell is one run.
func (c candidate) cell(ctx context.Context, o options, col column) string {
	if col.down && !c.state {
		return "-"
	}
	list, err := named(col.scripts)
	if err != nil {
		return err.Error()
	}
	o.lines, o.rate, o.rotations, o.resume = col.lines, col.rate, col.turns, col.down
	o.scripts = slices.DeleteFunc(list, func(s script) bool {
		return s.resume && !col.down || s.tool != "" && logrotatePath() == ""
	})
	if len(o.scripts) == 0 {
		return "-"
	}
	o.graces = []time.Duration{50 * time.Millisecond}
	dir, err := os.MkdirTemp(o.dir, "torture")
	if err != nil {
		return err.Error()
	}
	defer os.RemoveAll(dir)
	s, err := newScene(dir, o)
	if err != nil {
		return err.Error()
	}
	if s.follower, err = c.in(s); err != nil {
		return err.Error()
	}
	r, err := s.torture(ctx, o, io.Discard)
	switch {
	case r == nil:
		return "did not start: " + firstLineOf(err)
	case err != nil:
		return r.cell() + "; " + firstLineOf(err)
	}
	return r.cell()
}

func firstLineOf(err error) string {
	line, _, _ := strings.Cut(err.Error(), "\n")
	return strings.ReplaceAll(line, "|", `\|`)
}

func markdown(ctx context.Context, rows []candidate, cols []column, cells [][]string) string {
	var b strings.Builder
	b.WriteString("| follower | version |")
	for _, col := range cols {
		fmt.Fprintf(&b, " %s |", col.name)
	}
	b.WriteString("\n" + strings.Repeat("|---", len(cols)+2) + "|\n")
	for i, row := range rows {
		fmt.Fprintf(&b, "| %s | %s |", row.name, row.says(ctx))
		for j := range cols {
			fmt.Fprintf(&b, " %s |", cells[i][j])
		}
		b.WriteString("\n")
	}
	return b.String()
}
