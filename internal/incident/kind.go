package incident

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"weir/internal/accesslog"
	"weir/internal/unit"
)

// A kind is one kind of requests.
type kind struct {
	micros           int64 // requests per second, in millionths
	status           int
	method, path     string
	paths            numbers // of numbers in the path, {1..300}
	host             string
	bytes            int64
	fastest, slowest time.Duration // NoLatency: the lines have none
	fail             int64         // so many in a million end in 500
	clients          int64
	garbage          bool // the lines are no requests
	late             time.Duration
}

// plain is a request of which nothing was said.
func plain() kind {
	return kind{status: 200, method: "GET", path: "/", fastest: accesslog.NoLatency, clients: 1}
}

// readKind reads "RATE/s" with what the requests are like. Where it fails bad is the
// word at fault, "" where it is all of the line.
func readKind(words []string) (k kind, bad string, err error) {
	k = plain()
	if len(words) == 0 {
		return k, "", errors.New(`want "2m at 5/s and 1/s path /cart": each kind begins with its rate`)
	}
	rate, err := unit.ParsePerSecond(words[0])
	if err != nil {
		return k, words[0], err
	}
	k.micros = int64(rate)
	for rest := words[1:]; len(rest) > 0; {
		if rest[0] == "garbage" {
			k.garbage, rest = true, rest[1:]
			continue
		}
		if len(rest) < 2 {
			return k, rest[0], fmt.Errorf("%q wants a value behind it", rest[0])
		}
		if bad, err := k.set(rest[0], rest[1]); err != nil {
			return k, bad, err
		}
		rest = rest[2:]
	}
	return k, "", nil
}

// set takes what is said of requests.
func (k *kind) set(name, value string) (bad string, err error) {
	switch name {
	case "path":
		k.path, k.paths, err = numbered(value)
	case "method":
		k.method = value
	case "host":
		k.host = value
	case "status":
		if k.status, err = strconv.Atoi(value); err != nil || k.status < 100 || k.status > 599 {
			err = fmt.Errorf("%q is no status: want 100 to 599", value)
		}
	case "bytes":
		k.bytes, err = unit.ParseBytes(value)
	case "clients":
		if k.clients, err = strconv.ParseInt(value, 10, 64); err != nil || k.clients < 1 || k.clients > 1<<24 {
			err = fmt.Errorf("%q is no number of clients (1 to %d)", value, 1<<24)
		}
	case "fail":
		k.fail, err = share(value)
	case "latency":
		from, to, both := strings.Cut(value, "..")
		if k.fastest, err = unit.ParseSpan(from); err != nil {
			return value, err
		}
		k.slowest = k.fastest
		if both {
			k.slowest, err = unit.ParseSpan(to)
		}
		if err == nil && k.slowest < k.fastest {
			err = fmt.Errorf("a latency of %q ends before it begins", value)
		}
	case "late":
		if k.late, _, err = span(value); err == nil && k.late < 0 {
			err = fmt.Errorf("%q is before: want 0s or more", value)
		}
	case "from":
		return "", errors.New("from stands at the end of a line, and is of all the traffic in it")
	default:
		return "", fmt.Errorf(`want "2m at 5/s", behind which may stand path, method, host, status, bytes, latency, fail, clients, garbage, late, from, or and with another rate: %q is none of them`, name)
	}
	return value, err
}

// numbers are those from one to another; the zero value is none.
type numbers struct{ from, to int64 }

// numbered cuts the numbers {A..B} out of a path, for which a zero byte stands.
func numbered(path string) (string, numbers, error) {
	before, rest, ok := strings.Cut(path, "{")
	if !ok {
		return path, numbers{}, nil
	}
	inner, after, closed := strings.Cut(rest, "}")
	a, b, both := strings.Cut(inner, "..")
	from, err1 := strconv.ParseInt(a, 10, 64)
	to, err2 := strconv.ParseInt(b, 10, 64)
	if !closed || !both || err1 != nil || err2 != nil || from < 0 || to < from || to > 1<<24 || strings.Contains(after, "{") {
		return path, numbers{}, fmt.Errorf("%q has no numbers: write them as in /s{1..300}/x, once", path)
	}
	return before + "\x00" + after, numbers{from, to}, nil
}

// nth is the path of the n-th request.
func (k *kind) nth(n int64) string {
	if k.paths == (numbers{}) {
		return k.path
	}
	return strings.Replace(k.path, "\x00", strconv.FormatInt(k.paths.from+n%(k.paths.to-k.paths.from+1), 10), 1)
}

// share reads a percentage, in millionths.
func share(text string) (int64, error) {
	number, ok := strings.CutSuffix(text, "%")
	f, err := strconv.ParseFloat(number, 64)
	if !ok || err != nil || !(f >= 0 && f <= 100) {
		return 0, fmt.Errorf("%q is no share: want 0%% to 100%%", text)
	}
	return int64(f*10_000 + 0.5), nil
}

// A flow is how far a server has come with a kind.
type flow struct {
	carry int64 // millionths of a request still to come
	fails int64 // millionths of a failure still to come
	n     int64 // requests so far
}

// next makes a request of the kind.
func (k *kind) next(f *flow) request {
	r := request{kind: k, status: k.status, latency: k.fastest, client: f.n % k.clients, path: k.nth(f.n)}
	if f.fails += k.fail; f.fails >= 1_000_000 {
		f.fails -= 1_000_000
		r.status = 500
	}
	const steps = 10 // of a latency that is spread
	if k.fastest != accesslog.NoLatency && k.slowest > k.fastest {
		// 7 has no divisor in common with it: fast and slow ones follow one another.
		r.latency += (k.slowest - k.fastest) * time.Duration(f.n*7%steps) / (steps - 1)
	}
	f.n++
	return r
}

// A request is one that is on its way to the log.
type request struct {
	*kind
	status  int
	latency time.Duration
	client  int64
	path    string
}

// record is what its line says.
func (r *request) record(sec int64) accesslog.Record {
	out := accesslog.Record{
		Sec: sec, Status: r.status, Bytes: r.bytes, Latency: r.latency, Method: []byte(r.method), Target: []byte(r.path),
	}
	if r.host != "" {
		out.Host = []byte(r.host)
	}
	if r.clients > 1 {
		out.Client = fmt.Appendf(nil, "10.%d.%d.%d", r.client>>16, r.client>>8&255, r.client&255)
	}
	return out
}
