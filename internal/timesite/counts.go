package timesite

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Counts is how many answers there were, by status, since the site began.
type Counts struct {
	OK         int64 `json:"200s"`
	NotFound   int64 `json:"404s"`
	Failed     int64 `json:"500s"`
	NotAllowed int64 `json:"405s"` // another method than GET and HEAD
	Gone       int64 `json:"499s"` // the client left before the answer
}

// counters are Counts that several goroutines add to.
type counters struct {
	mu     sync.Mutex
	counts Counts // guarded by mu
}

// add counts an answer, and returns what there is with it. Both happen under
// one lock, so that statistics are of one moment.
func (c *counters) add(status int) Counts {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch status {
	case http.StatusOK:
		c.counts.OK++
	case http.StatusNotFound:
		c.counts.NotFound++
	case http.StatusMethodNotAllowed:
		c.counts.NotAllowed++
	case gone:
		c.counts.Gone++
	default:
		c.counts.Failed++
	}
	return c.counts
}

func (c *counters) read() Counts {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.counts
}

// text writes the three counters of the exercise, a line each.
func (c Counts) text() []byte {
	return fmt.Appendf(nil, "200s: %d\n404s: %d\n500s: %d\n", c.OK, c.NotFound, c.Failed)
}

// json writes all of them.
func (c Counts) json() []byte {
	b, _ := json.Marshal(c) // numbers can be written
	return append(b, '\n')
}

// prometheus writes all of them in the text format of Prometheus, version 0.0.4.
func (c Counts) prometheus(begun time.Time) []byte {
	b := []byte("# HELP timeserver_responses_total Answers, by status code.\n# TYPE timeserver_responses_total counter\n")
	for _, row := range []struct {
		code int
		n    int64
	}{{http.StatusOK, c.OK}, {http.StatusNotFound, c.NotFound}, {http.StatusMethodNotAllowed, c.NotAllowed}, {gone, c.Gone}, {http.StatusInternalServerError, c.Failed}} {
		b = fmt.Appendf(b, "timeserver_responses_total{code=\"%d\"} %d\n", row.code, row.n)
	}
	b = append(b, "# HELP timeserver_start_time_seconds When the server began, in Unix time.\n# TYPE timeserver_start_time_seconds gauge\n"...)
	return fmt.Appendf(b, "timeserver_start_time_seconds %d\n", begun.Unix())
}

// prefersJSON reports whether the Accept header (RFC 9110, 12.5.1) names JSON, and
// likes text no better.
func prefersJSON(accept []string) bool {
	asked, text, how := 0.0, 0.0, 0 // how exactly text was named, 1 to 3
	for entry := range strings.SplitSeq(strings.Join(accept, ","), ",") {
		kind, parameters, _ := strings.Cut(entry, ";")
		quality := 1.0
		for p := range strings.SplitSeq(parameters, ";") {
			if name, value, _ := strings.Cut(strings.TrimSpace(p), "="); strings.EqualFold(name, "q") {
				quality, _ = strconv.ParseFloat(value, 64) // what is no number is not wanted
			}
		}
		switch kind = strings.ToLower(strings.TrimSpace(kind)); kind {
		case "application/json":
			asked = quality
		case "text/plain":
			text, how = quality, 3
		case "text/*":
			if how < 3 {
				text, how = quality, 2
			}
		case "*/*":
			if how < 2 {
				text, how = quality, 1
			}
		}
	}
	return asked > 0 && asked >= text
}
