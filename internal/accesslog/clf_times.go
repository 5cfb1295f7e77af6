package accesslog

import (
	"bytes"
	"time"
)

// longestRequest is more than a request can take. Behind it begin the times of
// day, which nginx writes as seconds with three decimals, too ($msec).
const longestRequest = 1_000_000 * time.Second

// severalTimes looks for the request time where fields stand between the user
// agent and the last one. People log upstream times beside it, in any order:
//
//	... "agent" 0.042 0.041           $request_time $upstream_response_time
//	... "agent" "0.001, 0.040" 0.042  the other way round, tried twice
//	... "agent" 0.042 "-"             no upstream was asked
//
// The request time is never less than any of them, so the longest counts. All
// are of three decimals, which is how nginx writes times, and stand together at
// the end, one other field in quotes behind them at most. good says that r has
// the latency of the last field; the result, that it has one now.
func (p *clfParser) severalTimes(extras []byte, good bool, r *Record) bool {
	field, rest := lastExtra(extras)
	if !good && (len(field) == 0 || field[0] != '"') {
		return false
	}
	longest, found := NoLatency, false
	if good {
		longest = r.Latency
	} else if r.Latency = NoLatency; !isTimes(field, &longest) {
		longest = NoLatency // a field of another kind
	}
	for {
		if field, rest = lastExtra(rest); !isTimes(field, &longest) {
			break
		}
		found = true
	}
	switch {
	case longest == NoLatency:
		return good
	case !found && !good:
		return false
	case longest > r.Latency:
		r.Latency, p.sure = longest, true
	}
	return true
}

// lastExtra cuts the last field off extras, which begin with a space; a field is
// a word, or quoted.
func lastExtra(extras []byte) (field, rest []byte) {
	extras = bytes.TrimRight(extras, " ")
	if len(extras) == 0 {
		return nil, nil
	}
	at := bytes.LastIndexByte(extras, ' ')
	if extras[len(extras)-1] == '"' {
		at = bytes.LastIndex(extras, []byte(` "`))
	}
	if at < 0 {
		return nil, nil
	}
	return extras[at+1:], extras[:at]
}

// isTimes says whether field is a time of nginx, a list of them or a "-", in
// quotes or not, and raises longest to its sum. A word may be a piece of a list,
// with a comma behind it, or the " : " between two.
func isTimes(field []byte, longest *time.Duration) bool {
	if n := len(field); n > 2 && field[0] == '"' && field[n-1] == '"' {
		field = field[1 : n-1]
	}
	sum := NoLatency
	known := false
	for len(field) > 0 {
		n := bytes.IndexByte(field, ' ')
		word := field
		if n >= 0 {
			word, field = field[:n], field[n+1:]
		} else {
			field = nil
		}
		word = bytes.TrimSuffix(word, []byte(","))
		known = true
		if string(word) == "-" || string(word) == ":" || len(word) == 0 {
			continue
		}
		if len(word) < 5 || word[len(word)-4] != '.' {
			return false
		}
		d, fraction, ok := parseDecimal(word, time.Second)
		if !ok || !fraction || d > longestRequest {
			return false
		}
		sum = max(sum, 0) + d
	}
	*longest = max(*longest, sum)
	return known
}
