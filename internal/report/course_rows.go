package report

import (
	"cmp"
	"math"
	"slices"
	"strconv"

	"weir/internal/unit"
	"weir/internal/view"
)

// ofStatus makes a table of the answers by status.
func ofStatus(s *view.Stats) view.Table {
	t := view.Table{Keys: len(s.Statuses)}
	for _, st := range s.Statuses {
		name := strconv.Itoa(st.Code)
		if st.Code == 0 {
			name = ""
		}
		t.Rows = append(t.Rows, view.Row{Key: name, Hits: st.Hits, Visitors: -1})
	}
	slices.SortStableFunc(t.Rows, func(a, b view.Row) int { return cmp.Compare(b.Hits, a.Hits) })
	return t
}

// change is by how much n differs from what it was, in percent with one decimal.
func change(n, was int64) string {
	switch {
	case was <= 0 && n <= 0:
		return unit.None
	case was <= 0:
		return "new"
	case n >= was:
		return "+" + unit.Percent(n-was, was)
	}
	return "-" + unit.Percent(was-n, was)
}

// ratioOf is by how much n differs from what it was, in percent; nil where that was
// nothing.
func ratioOf(n, was int64) *float64 {
	if was <= 0 {
		return nil
	}
	p := math.Round((float64(n)-float64(was))/float64(was)*1000) / 10
	return &p
}
