package collect

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"
)

// A page is what a server has answered.
type page struct {
	kind string // its content type
	body []byte
	// sized says that it is known to be whole. Else its end is where the
	// connection was closed, by whatever reason.
	sized bool
}

// values finds each of the metrics, in their order, as numbers in the notation
// of a table. The error says which is missing, or is none.
func (p page) values(metrics []Metric) ([]string, error) {
	body := bytes.TrimSpace(bytes.TrimPrefix(p.body, []byte("\ufeff")))
	if strings.Contains(p.kind, "json") || bytes.HasPrefix(body, []byte("{")) || bytes.HasPrefix(body, []byte("[")) {
		return inJSON(body, metrics)
	}
	return p.inLines(metrics)
}

// begins shows the head of a page.
func (p page) begins() string {
	text := strings.TrimSpace(string(p.body))
	if text == "" {
		return "it is empty"
	}
	const most = 40
	short := text
	for i := range text {
		if i > most {
			short = text[:i] + "..."
			break
		}
	}
	return "it begins " + strconv.Quote(short)
}

// inLines reads "name: value" lines, and the text format of Prometheus (version
// 0.0.4, and OpenMetrics, whose timestamps and exemplars are passed over). The
// series that a metric matches are added up.
func (p page) inLines(metrics []Metric) ([]string, error) {
	found := make([]string, len(metrics))
	text := strings.TrimPrefix(string(p.body), "\ufeff")
	for line := range strings.Lines(text) {
		whole := p.sized || strings.HasSuffix(line, "\n")
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		for i := range metrics {
			m := &metrics[i]
			value, series, ok := m.in(line)
			if !ok {
				continue
			}
			if !whole {
				return nil, fmt.Errorf("%s stands in the last line, which has no end, and nothing tells how long the answer is: it may be cut off (the server should send a Content-Length, or end the line)", m.text)
			}
			value, err := m.number(value)
			switch {
			case err != nil:
				return nil, err
			case found[i] == "":
				found[i] = value
			case series:
				found[i] = sum(found[i], value)
			default:
				return nil, fmt.Errorf("%s stands on the page twice", m.text)
			}
		}
	}
	for i, value := range found {
		if value == "" {
			return nil, fmt.Errorf("%s is not on the page (%s)", metrics[i].text, p.begins())
		}
	}
	return found, nil
}

// in returns the text of the value where line is one of m; series tells that it
// is one of Prometheus.
func (m *Metric) in(line string) (value string, series, ok bool) {
	if rest, found := strings.CutPrefix(line, m.text); found {
		if value, found = strings.CutPrefix(strings.TrimLeft(rest, " \t"), ":"); found {
			return strings.TrimSpace(value), false, true
		}
	}
	rest, found := strings.CutPrefix(line, m.name)
	if m.name == "" || !found || rest == "" || !strings.ContainsAny(rest[:1], "{ \t") {
		return "", false, false
	}
	rest = strings.TrimLeft(rest, " \t")
	var labels []label
	if strings.HasPrefix(rest, "{") {
		if labels, rest, found = readLabels(rest); !found {
			return "", false, false
		}
	}
	if !m.matches(labels) {
		return "", false, false
	}
	value, _, _ = strings.Cut(strings.TrimLeft(rest, " \t"), " ")
	value, _, _ = strings.Cut(value, "\t")
	return value, true, true
}

// sum adds two numbers as they stand in a table, without a loss where both are
// whole.
func sum(a, b string) string {
	x, err := strconv.ParseInt(a, 10, 62)
	y, err2 := strconv.ParseInt(b, 10, 62)
	if err == nil && err2 == nil {
		return strconv.FormatInt(x+y, 10)
	}
	u, _ := strconv.ParseFloat(a, 64) // both were read before
	v, _ := strconv.ParseFloat(b, 64)
	return written(u + v)
}

// inJSON reads one JSON value, in which metrics are keys, or paths of keys with
// points between them.
func inJSON(body []byte, metrics []Metric) ([]string, error) {
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	var all any
	err := d.Decode(&all)
	if err == nil {
		if _, more := d.Token(); !errors.Is(more, io.EOF) {
			err = errors.New("something stands behind its end")
		}
	}
	if err != nil {
		return nil, fmt.Errorf("the page is no JSON: %w (%s)", err, page{body: body}.begins())
	}
	found := make([]string, len(metrics))
	for i := range metrics {
		m := &metrics[i]
		value, ok := within(all, m.text)
		if !ok {
			return nil, fmt.Errorf("%s is not on the page (%s)", m.text, page{body: body}.begins())
		}
		n, ok := value.(json.Number)
		if !ok {
			b, _ := json.Marshal(value) // it was read as JSON
			return nil, fmt.Errorf("%s is %s on the page, which is no number", m.text, cut(string(b)))
		}
		if found[i], err = m.number(n.String()); err != nil {
			return nil, err
		}
	}
	return found, nil
}

// within finds what stands at a path. Keys may hold points themselves, so each of
// the keys that the path begins with is tried, the longest first.
func within(v any, path string) (any, bool) {
	switch v := v.(type) {
	case map[string]any:
		if found, ok := v[path]; ok {
			return found, true
		}
		for at := strings.LastIndexByte(path, '.'); at >= 0; at = strings.LastIndexByte(path[:at], '.') {
			if inner, ok := v[path[:at]]; ok {
				if found, ok := within(inner, path[at+1:]); ok {
					return found, true
				}
			}
		}
	case []any:
		head, rest, more := strings.Cut(path, ".")
		i, err := strconv.Atoi(head)
		if err != nil || i < 0 || i >= len(v) {
			return nil, false
		}
		if !more {
			return v[i], true
		}
		return within(v[i], rest)
	}
	return nil, false
}

// number reads the value of m, and writes it as it stands in a table. NaN and
// infinities, which Prometheus has, are no values.
func (m *Metric) number(text string) (string, error) {
	bad := func(why string) (string, error) {
		return "", fmt.Errorf("%s is %s on the page, which is %s", m.text, cut(strconv.Quote(text)), why)
	}
	if n, err := strconv.ParseInt(text, 10, 64); err == nil && text[0] != '+' {
		if m.whole && n < 0 {
			return bad("no count: it is negative")
		}
		return strconv.FormatInt(n, 10), nil
	}
	f, err := strconv.ParseFloat(text, 64)
	switch {
	case text == "" || strings.Trim(text, "0123456789+-.eE") != "" || err != nil && !errors.Is(err, strconv.ErrRange):
		return bad("no number")
	case err != nil || math.IsInf(f, 0) || m.whole && f >= 1<<63:
		return bad("too large")
	case m.whole && (f < 0 || f != math.Trunc(f)):
		return bad("no count: a count is whole, and not negative")
	}
	return written(f), nil
}

// written writes a number: whole ones that a float64 holds exactly without a point.
func written(f float64) string {
	if f == math.Trunc(f) && math.Abs(f) < 1<<53 {
		return strconv.FormatInt(int64(f), 10)
	}
	return strconv.FormatFloat(f, 'g', -1, 64)
}

// cut shortens a text that is shown in a message.
func cut(s string) string {
	const most = 60
	if utf8.RuneCountInString(s) <= most {
		return s
	}
	return string([]rune(s)[:most]) + "..."
}
