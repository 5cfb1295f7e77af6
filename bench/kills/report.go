package main

import (
	"bufio"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"weir/internal/history"
	"weir/internal/traffic"
)

// A report is what was found.
type report struct {
	options *options
	lines   int64
	took    time.Duration
	kills   int
	turns   int

	lost, doubled int64 // lines, in the history of the one that was killed
	seconds       int   // of the writer
	calm          int64 // lines that the history of the undisturbed one has too many or too few
	alerts        int   // changes of state in the history of the undisturbed one
	others        []string
	announced     map[string]int // how often each message was shown by the one that was killed
	problems      []string       // found by the check of the store
}

// stored is what a history holds.
type stored struct {
	hits   map[int64]int64 // by second
	events []string
}

// compare reads both histories.
func (r *report) compare(dir, log string, written map[int64]int64) error {
	r.seconds = len(written)
	killed, err := r.read(filepath.Join(dir, "killed"), log)
	if err != nil {
		return err
	}
	calm, err := r.read(filepath.Join(dir, "calm"), log)
	if err != nil {
		return err
	}
	seconds := maps.Clone(written)
	for sec := range killed.hits {
		seconds[sec] += 0
	}
	for sec := range calm.hits {
		seconds[sec] += 0
	}
	for sec := range seconds {
		d := killed.hits[sec] - written[sec]
		r.doubled += max(0, d)
		r.lost += max(0, -d)
		r.calm += max(calm.hits[sec]-written[sec], written[sec]-calm.hits[sec])
	}
	r.alerts = len(calm.events)
	for i := range max(len(calm.events), len(killed.events)) {
		if a, b := item(calm.events, i), item(killed.events, i); a != b {
			r.others = append(r.others, fmt.Sprintf("undisturbed %q, killed %q", a, b))
		}
	}
	r.announced, err = messages(filepath.Join(dir, "killed.out"))
	return err
}

func item(list []string, i int) string {
	if i < len(list) {
		return list[i]
	}
	return "none"
}

func (r *report) read(home, log string) (stored, error) {
	s := stored{hits: map[int64]int64{}}
	db, err := history.OpenReadOnly(history.Home(home).Path(history.Of([]string{log}, "")))
	if err != nil {
		return s, err
	}
	defer db.Close()
	if err := db.Seconds(0, 0, 1<<40, func(sec int64, n traffic.Second) { s.hits[sec] += n.Hits }); err != nil {
		return s, err
	}
	events, err := db.Events(history.Filter{})
	if err != nil {
		return s, err
	}
	for _, e := range events {
		s.events = append(s.events, e.String())
	}
	problems, err := db.Check()
	r.problems = append(r.problems, problems...)
	return s, err
}

// messages counts the alert messages among what was printed.
func messages(name string) (map[string]int, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	count := map[string]int{}
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		if text := lines.Text(); strings.HasPrefix(text, "High traffic") {
			count[text]++
		}
	}
	return count, lines.Err()
}

// faults are what must not be, a sentence each.
func (r *report) faults() []string {
	var bad []string
	if r.lost+r.doubled > 0 {
		bad = append(bad, fmt.Sprintf("%d lines lost, %d doubled by the one that was killed", r.lost, r.doubled))
	}
	if r.calm > 0 {
		bad = append(bad, fmt.Sprintf("the history of the undisturbed one is off by %d lines", r.calm))
	}
	bad = append(bad, r.others...)
	bad = append(bad, r.problems...)
	for _, text := range slices.Sorted(maps.Keys(r.announced)) {
		if n := r.announced[text]; n > 1 {
			bad = append(bad, fmt.Sprintf("announced %d times: %s", n, text))
		}
	}
	if r.alerts == 0 {
		bad = append(bad, "no alert came up: nothing was shown of them")
	}
	return bad
}

// write tells.
func (r *report) write(to io.Writer) {
	fmt.Fprintf(to, "seed        %d\n", r.options.seed)
	fmt.Fprintf(to, "lines       %d in %.1f s, %.0f a second\n", r.lines, r.took.Seconds(), float64(r.lines)/r.took.Seconds())
	fmt.Fprintf(to, "kills       %d\nrotations   %d\n", r.kills, r.turns)
	fmt.Fprintf(to, "lost        %d\ndoubled     %d\n", r.lost, r.doubled)
	fmt.Fprintf(to, "alerts      %d changes of state, %d of them another than in the undisturbed run\n", r.alerts, len(r.others))
	fmt.Fprintf(to, "announced   %d of %d before a kill, none twice: %t\n", len(r.announced), r.alerts, len(r.announced) == sum(r.announced))
	for _, f := range r.faults() {
		fmt.Fprintln(to, "  "+f)
	}
}

func sum(m map[string]int) int {
	n := 0
	for _, v := range m {
		n += v
	}
	return n
}
