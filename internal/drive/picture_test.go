package drive

import (
	"bytes"
	"encoding/csv"
	"encoding/xml"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"time"
)

// pictured is a report of so many seconds, of 3 requests each.
func pictured(t *testing.T, seconds int) *Report {
	t.Helper()
	var latencies []time.Duration
	for i := range seconds * 10 {
		latencies = append(latencies, time.Duration(1+i%7)*time.Millisecond)
	}
	r := made(t, time.Unix(1_772_366_400, 0), latencies...)
	r.Targets = []string{`GET http://h/<a>&"b"`}
	return r
}

func TestPicturesAreWholeAndNeedNothingFromElsewhere(t *testing.T) {
	for name, r := range map[string]*Report{"a minute": pictured(t, 60), "no second": made(t, time.Unix(0, 0), time.Millisecond), "nothing": {}} {
		svg := r.SVG()
		for d := xml.NewDecoder(bytes.NewReader(svg)); ; {
			_, err := d.Token()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatalf("%s: %v\n%s", name, err, svg)
			}
		}
		page := string(r.HTML())
		if !strings.Contains(page, "<svg ") || strings.Contains(page, "src=") || strings.Contains(page, "href=") || strings.Contains(page, "url(") || strings.Contains(page, "<a>") {
			t.Errorf("%s: the page is %s", name, page)
		}
		if strings.Contains(page, "NaN") || strings.Contains(page, "Inf") {
			t.Errorf("%s: no number in %s", name, page)
		}
	}
	if svg := string(pictured(t, 60).SVG()); !strings.Contains(svg, "Requests a second") || !strings.Contains(svg, ">p99<") || strings.Count(svg, `class="line`) != 4 {
		t.Errorf("got %s", svg)
	}
}

func TestNoPeakOfADayIsLostInAPicture(t *testing.T) {
	all := make([]int32, longestCourse)
	for i := range all {
		all[i] = 10
	}
	all[12_345], all[55_555] = 100, 0
	points := columnsOf(all, 100)
	has := func(y float64) bool { return slices.ContainsFunc(points, func(p [2]float64) bool { return p[1] == y }) }
	if len(points) > 2*panelColumns || !has(1) || !has(0) {
		t.Errorf("%d points, with the peak %t, with the hole %t", len(points), has(1), has(0))
	}
}

func TestTheTableHasARowForEachFigureAndEachSecond(t *testing.T) {
	rows, err := csv.NewReader(bytes.NewReader(pictured(t, 3).CSV())).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range [][]string{
		{"table", "key", "value"},
		{"total", "due", "30"},
		{"status", "200", "30"},
		{"latency_ms", "max", "7"},
		{"due", "2026-03-01T12:00:00.000Z", "10"},
		{"sent", "2026-03-01T12:00:02.000Z", "10"},
	} {
		if !slices.ContainsFunc(rows, func(r []string) bool { return slices.Equal(r, want) }) {
			t.Errorf("there is no row %v in %v", want, rows)
		}
	}
}

func TestSecondsOfSeveralRunsAreAddedWhereTheyWere(t *testing.T) {
	begun := time.Unix(1000, 0)
	a, b := made(t, begun, make([]time.Duration, 30)...), made(t, begun.Add(2100*time.Millisecond), make([]time.Duration, 20)...)
	m := Merge([]*Report{a, b})
	if c := m.Course; !slices.Equal(c.Due, []int32{10, 10, 20, 10}) || !slices.Equal(c.Sent, c.Due) || c.Least != 10 || c.Most != 20 || c.Apart != 0 {
		t.Errorf("got %+v", c)
	}
	if len(a.Course.Due) != 3 || a.Course.Due[2] != 10 {
		t.Errorf("the report of one run was changed: %+v", a.Course)
	}
}
