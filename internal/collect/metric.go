package collect

import (
	"errors"
	"fmt"
	"strings"
	"unicode"
)

// A Metric is a number that is looked for on a page. Make one with ParseMetric.
type Metric struct {
	text   string // as given: the name in text and JSON, the head of the column
	name   string // of series of Prometheus, "" where it cannot be one
	labels []label
	whole  bool // a count: a whole number, not negative
}

type label struct{ name, value string }

// String returns the metric as it was given.
func (m Metric) String() string { return m.text }

// Counts are the metrics of the exercise, 200s, 404s, 500s, which are counts. The
// slice is the caller's own.
func Counts() []Metric {
	return []Metric{{text: "200s", whole: true}, {text: "404s", whole: true}, {text: "500s", whole: true}}
}

// ParseMetric reads the name of a metric:
//
//	200s                  a line "200s: 5", or a key of a JSON object
//	workers.0.busy        a key within JSON, list elements by number from 0
//	up                    a metric of Prometheus
//	hits{code="200"}      those of its series that have the label
func ParseMetric(s string) (Metric, error) {
	m := Metric{text: strings.TrimSpace(s)}
	switch {
	case m.text == "":
		return Metric{}, errors.New("the name of the metric is empty")
	case strings.ContainsFunc(m.text, unicode.IsControl):
		return Metric{}, errors.New("the name of a metric holds no tabs or other control characters")
	}
	name, rest, braces := strings.Cut(m.text, "{")
	if strings.TrimRight(name, " ") == "" || seriesName(name) != len(strings.TrimRight(name, " ")) {
		return m, nil // no name of Prometheus
	}
	m.name = strings.TrimRight(name, " ")
	if !braces {
		return m, nil
	}
	labels, after, ok := readLabels("{" + rest)
	if !ok || strings.TrimSpace(after) != "" {
		return Metric{}, fmt.Errorf(`%q: labels are written as hits{code="200",method="GET"}`, m.text)
	}
	m.labels = labels
	return m, nil
}

// seriesName is the length of the name of a metric of Prometheus at the head of s.
func seriesName(s string) int {
	for i := range len(s) {
		c := s[i]
		if c == '_' || c == ':' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || i > 0 && '0' <= c && c <= '9' {
			continue
		}
		return i
	}
	return len(s)
}

// readLabels reads {name="value",...} at the head of s, with the escapes of
// Prometheus's text format, and returns what stands behind it.
func readLabels(s string) (labels []label, rest string, ok bool) {
	s = strings.TrimLeft(s[1:], " \t")
	for {
		if strings.HasPrefix(s, "}") {
			return labels, s[1:], true
		}
		n := seriesName(s)
		l := label{name: s[:n]}
		s = strings.TrimLeft(s[n:], " \t")
		if n == 0 || !strings.HasPrefix(s, "=") {
			return nil, "", false
		}
		s = strings.TrimLeft(s[1:], " \t")
		if !strings.HasPrefix(s, `"`) {
			return nil, "", false
		}
		var value strings.Builder
		i := 1
		for ; i < len(s) && s[i] != '"'; i++ {
			c := s[i]
			if c == '\\' && i+1 < len(s) {
				i++
				if c = s[i]; c == 'n' {
					c = '\n'
				}
			}
			value.WriteByte(c)
		}
		if i >= len(s) {
			return nil, "", false
		}
		l.value = value.String()
		labels = append(labels, l)
		s = strings.TrimLeft(s[i+1:], " \t")
		if strings.HasPrefix(s, ",") {
			s = strings.TrimLeft(s[1:], " \t")
		} else if !strings.HasPrefix(s, "}") {
			return nil, "", false
		}
	}
}

// matches reports whether a series with these labels is one of m.
func (m *Metric) matches(labels []label) bool {
	for _, want := range m.labels {
		found := false
		for _, l := range labels {
			found = found || l == want
		}
		if !found {
			return false
		}
	}
	return true
}
