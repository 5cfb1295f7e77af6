package config

import (
	"errors"
	"fmt"
	"strings"

	"weir/internal/query"
)

// An inner is an error at a character of a text.
type inner struct {
	column int // from 1
	err    error
}

// Error implements error.
func (e *inner) Error() string { return e.err.Error() }

// placeOf returns where in the file an error is: within the text where it says so.
func placeOf(v *value, err error) place {
	var within *inner
	if errors.As(err, &within) && v.sort == isText {
		return v.inside(within.column)
	}
	return v.at
}

// queries are what expressions mean here: that they can be read is all that is asked.
func (r *reader) queries() query.Options {
	o := query.Options{Now: r.o.Now, Agent: func([]byte) query.Agent { return query.Agent{} }}
	if r.places {
		o.Place = func() func([]byte) query.Place { return func([]byte) query.Place { return query.Place{} } }
	}
	return o
}

// never tells whether an expression holds of no request. One that cannot be read does, for all
// that is said here.
func (r *reader) never(expression string) bool {
	if expression == "" {
		return false
	}
	q, err := query.Compile(expression, r.queries())
	return err == nil && q.Never()
}

// filter checks an expression of the filter language. skipped is how many
// characters of the value stand before it.
func (r *reader) filter(expression string, skipped int) error {
	_, err := query.Compile(expression, r.queries())
	var wrong *query.Error
	if !errors.As(err, &wrong) {
		return err
	}
	near := ""
	if wrong.Near != "" && !strings.Contains(wrong.Text, wrong.Near) {
		near = fmt.Sprintf(" (%s?)", wrong.Near)
	}
	said := strings.Replace(wrong.Text, "give one with --geoip to weir or weir report", "name it above: geoip = [\"GeoLite2-City.mmdb\"]", 1)
	return &inner{wrong.Column + skipped, errors.New(said + near)}
}

// filters is an expression.
func filters() codec[string] {
	return text(`an expression, such as "status >= 500"`, func(r *reader, v *value) error { return r.filter(v.text, 0) })
}

// counted is what holds of the requests that count, "" of all.
func (f *Filter) counted() string {
	all := ""
	for _, text := range f.Where {
		all = both(all, text)
	}
	for _, text := range f.Ignore {
		all = both(all, "not ("+text+")")
	}
	return all
}

// both is what holds where two expressions do.
func both(a, b string) string {
	switch {
	case a == "":
		return b
	case b == "":
		return a
	}
	return "(" + a + ") and (" + b + ")"
}
