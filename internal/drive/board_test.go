package drive

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

func TestTheBoardShowsWhatWasCountedInEveryNotation(t *testing.T) {
	tl := &tally{}
	for i := range 10 {
		due := time.Duration(i) * 100 * time.Millisecond
		tl.plan(due)
		tl.send(due, due+20*time.Millisecond)
		tl.answer(due, due, due+50*time.Millisecond, []int{200, 404}[i%2], 7)
	}
	tl.plan(time.Second)
	tl.fail(time.Second, time.Second, time.Second, dropped)
	tl.in, tl.out = 1000, 500
	p := tl.tick(time.Second, steady(10, 0))
	p.UnderWay, p.Connections, p.Behind = 3, 4, 1500*time.Millisecond
	b := &Board{}
	b.Show(p)
	get := func(path, accept string) (string, string) {
		r := httptest.NewRequest(http.MethodGet, path, nil)
		r.Header.Set("Accept", accept)
		w := httptest.NewRecorder()
		b.ServeHTTP(w, r)
		return w.Body.String(), w.Header().Get("Content-Type")
	}
	want := "200s: 5\n404s: 5\n500s: 0\ndue: 11\nsent: 10\nanswered: 10\nfailed: 1\nlate: 10\nbytes_in: 1000\nbytes_out: 500\nunder_way: 3\nconnections: 4\n"
	if got, kind := get("/stats", "*/*"); got != want || !strings.HasPrefix(kind, "text/plain") {
		t.Errorf("got %s, %s", got, kind)
	}
	for _, c := range [][2]string{{"/stats", "application/json"}, {"/stats.json", "*/*"}} {
		text, kind := get(c[0], c[1])
		var got map[string]int64
		if err := json.Unmarshal([]byte(text), &got); err != nil || kind != "application/json" || got["200s"] != 5 || got["due"] != 11 || len(got) != strings.Count(want, "\n") {
			t.Errorf("%v: got %s, %s, %v", c, text, kind, err)
		}
	}
	metrics, _ := get("/metrics", "")
	for _, line := range []string{
		`trafficgen_responses_total{code="404"} 5`, `trafficgen_errors_total{reason="dropped"} 1`, "trafficgen_due_total 11", "trafficgen_asked_rate 10", "trafficgen_behind_seconds 1.5",
		`trafficgen_lag_seconds{quantile="0.99"} 0.02`, "# TYPE trafficgen_in_flight gauge",
	} {
		if !strings.Contains(metrics, line) {
			t.Errorf("there is no line %q in\n%s", line, metrics)
		}
	}
	if text, _ := get("/other", ""); !strings.Contains(text, "not found") {
		t.Errorf("got %q", text)
	}
	b = &Board{} // that was shown nothing yet
	if text, _ := get("/stats", ""); !strings.HasPrefix(text, "200s: 0\n") {
		t.Errorf("got %q", text)
	}
}
