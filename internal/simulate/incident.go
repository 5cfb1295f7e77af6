package simulate

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"time"

	"weir/internal/pace"
	"weir/internal/unit"
)

// An Incident is something that goes wrong, or otherwise, on the site for a
// while. All it says happens together.
type Incident struct {
	Text  string        // as ParseIncident has read it
	At    time.Duration // after the start of the log
	For   time.Duration // 0 = until the log ends
	Every time.Duration // again after so long, and so on; 0 = once

	Section string        // concerns only targets that begin so; "" = all
	Errors  float64       // share of requests answered with Status
	Status  int           // 0 = 500, 502, 503 and 504 by turns
	Slower  float64       // latencies are multiplied by this; 0 = not
	Delay   time.Duration // and so much is added
	Client  float64       // share of requests that one client sends, the same each time
	Bot     float64       // share of requests by a bot that nobody has seen before
	// Traffic is how many times as many requests come, in millionths; negative =
	// as many. It is the business of whoever makes the Pacer; see Shape.
	Traffic int64
}

// shortest is the least that an incident may take: a Schedule goes through each.
const shortest = 10 * time.Millisecond

const incidentForm = "write it as 'at=60s for=2m errors=5%'; it may have at, for, every, section, errors, status, latency (x3 or +200ms), client, bot, traffic (x5) and outage"

// ParseIncident reads an incident: words with spaces between them, in any
// order, each a key with its value, or outage, which is traffic=x0.
func ParseIncident(s string) (Incident, error) {
	in := Incident{Text: strings.Join(strings.Fields(s), " "), Traffic: -1}
	seen := map[string]bool{}
	column := 0
	for _, word := range strings.Fields(s) {
		column += strings.Index(s[column:], word)
		key, text, _ := strings.Cut(word, "=")
		err := in.set(key, text)
		if err == nil && seen[key] {
			err = errors.New("it is given twice")
		}
		if err != nil {
			return Incident{}, fmt.Errorf("incident %q, column %d: %s: %w", s, column+1, key, err)
		}
		seen[key] = true
		column += len(word)
	}
	var err error
	switch {
	case in.Text == "":
		err = errors.New("it is empty: " + incidentForm)
	case seen["status"] && !seen["errors"]:
		err = errors.New("status is that of errors: say how many with errors=5%")
	case seen["outage"] && seen["traffic"]:
		err = errors.New("an outage is no traffic at all: take one of the two away")
	case in.For > 0 && in.For < shortest:
		err = fmt.Errorf("for must be %s at least", unit.Span(shortest))
	case in.Every > 0 && in.For == 0:
		err = errors.New("every needs for, how long it is each time")
	case in.Every > 0 && in.Every <= in.For:
		err = errors.New("it is not over before it comes again: every must be longer than for")
	case in.Errors+in.Client+in.Bot+in.Slower == 0 && in.Delay == 0 && in.Traffic < 0:
		err = errors.New("nothing happens in it: " + incidentForm)
	}
	if err != nil {
		return Incident{}, fmt.Errorf("incident %q: %w", s, err)
	}
	return in, nil
}

// set reads one word.
func (in *Incident) set(key, text string) (err error) {
	switch key {
	case "at":
		in.At, err = unit.ParseSpan(text)
	case "for":
		in.For, err = parseLength(text)
	case "every":
		in.Every, err = parseLength(text)
	case "section":
		if in.Section = text; !strings.HasPrefix(text, "/") {
			err = fmt.Errorf("%q is no path such as /api", text)
		}
	case "errors":
		in.Errors, err = parsePart(text)
	case "client":
		in.Client, err = parsePart(text)
	case "bot":
		in.Bot, err = parsePart(text)
	case "status":
		if in.Status, err = strconv.Atoi(text); err != nil || in.Status < 400 || in.Status > 599 {
			err = fmt.Errorf("%q is no status of an error, 400 to 599", text)
		}
	case "latency":
		if delay, ok := strings.CutPrefix(text, "+"); ok {
			in.Delay, err = parseLength(delay)
		} else {
			in.Slower, err = parseTimes(text)
		}
		if err == nil && in.Delay > time.Hour {
			err = errors.New("no answer takes longer than an hour")
		}
	case "traffic":
		var times float64
		times, err = parseTimes(text)
		in.Traffic = int64(times * 1e6)
	case "outage":
		if in.Traffic = 0; text != "" {
			err = errors.New("it has no value")
		}
	default:
		for _, known := range []string{"at", "for", "every", "section", "errors", "status", "latency", "client", "bot", "traffic", "outage"} {
			if unit.Distance(key, known) <= 2 {
				return fmt.Errorf("there is no such key: did you mean %s?", known)
			}
		}
		err = errors.New("there is no such key: " + incidentForm)
	}
	return err
}

// parseLength reads a stretch of time above nothing.
func parseLength(s string) (time.Duration, error) {
	d, err := unit.ParseSpan(s)
	if err == nil && d == 0 {
		err = errors.New("it must be more than no time")
	}
	return d, err
}

// parsePart reads a share above nothing.
func parsePart(s string) (float64, error) {
	text, percent := strings.CutSuffix(s, "%")
	x, err := strconv.ParseFloat(text, 64)
	if percent {
		x /= 100
	}
	if err != nil || !(x > 0 && x <= 1) {
		return 0, fmt.Errorf("%q is no share above 0 and up to 1, such as 5%% or 0.05", s)
	}
	return x, nil
}

// parseTimes reads x3, 3x, 3 or 300%.
func parseTimes(s string) (float64, error) {
	text, percent := strings.CutSuffix(strings.Trim(s, "x"), "%")
	x, err := strconv.ParseFloat(text, 64)
	if percent {
		x /= 100
	}
	if err != nil || !(x >= 0 && x <= 1e6) {
		return 0, fmt.Errorf("%q is no number of times, such as x3", s)
	}
	return x, nil
}

// Shape returns s with the traffic that the incidents make of it.
func Shape(s pace.Shape, incidents []Incident) pace.Shape {
	for _, in := range incidents {
		if in.Traffic >= 0 {
			s = pace.Surge{Shape: s, From: in.At, For: in.For, Every: in.Every, Times: in.Traffic}
		}
	}
	return s
}

// active reports whether the incident is under way so long after the start.
func (in *Incident) active(t time.Duration) bool {
	if t -= in.At; t < 0 {
		return false
	}
	if in.Every > 0 {
		t %= in.Every
	}
	return in.For == 0 || t < in.For
}

// A scene is the incidents of a log with what they need.
type scene struct {
	incidents []Incident
	rand      *rand.Rand
	clients   []stranger // the client and the bot of each, two by two
	prefix    string
	hits      []int64 // requests while it was under way
	changed   []int64 // requests that are not what they would have been
}

func newScene(s *Site, incidents []Incident, seed uint64) *scene {
	c := &scene{
		incidents: incidents, rand: rand.New(rand.NewPCG(seed, 0x696e636964)), prefix: s.prefix,
		hits: make([]int64, len(incidents)), changed: make([]int64, len(incidents)),
	}
	for i := range incidents {
		c.clients = append(c.clients,
			stranger{addr: fmt.Sprintf("203.0.113.%d", 1+i%100), agent: fmt.Sprintf("Java/17.0.%d", i), protocol: "HTTP/1.1", who: s.newcomer()},
			stranger{addr: fmt.Sprintf("203.0.113.%d", 101+i%100), agent: fmt.Sprintf("Mozilla/5.0 (compatible; NovaBot/%d.0; +https://novabot.example/)", 1+i), protocol: "HTTP/1.1", who: s.newcomer()})
	}
	return c
}

// happen changes a request that comes so long after the start.
func (c *scene) happen(l *Line, t time.Duration) {
	for i := range c.incidents {
		in := &c.incidents[i]
		if !in.active(t) {
			continue
		}
		c.hits[i]++
		if in.befall(l, c, i) {
			c.changed[i]++
		}
	}
}

// befall lets an incident change a request, and reports whether it has.
func (in *Incident) befall(l *Line, c *scene, number int) bool {
	if in.Section != "" && (l.Garbage != "" || !strings.HasPrefix(l.Target[len(c.prefix):], in.Section)) {
		return false
	}
	changed := false
	if in.Client+in.Bot > 0 && l.Garbage == "" {
		x := c.rand.Float64()
		var s *stranger
		if x < in.Client {
			s = &c.clients[2*number]
		} else if x < in.Client+in.Bot {
			s = &c.clients[2*number+1]
			l.Method = "GET"
		}
		if s != nil {
			l.Client, l.User, l.Agent, l.Protocol, l.who, l.Referrer = s.addr, "-", s.agent, s.protocol, s.who, "-"
			changed = true
		}
	}
	if in.Errors > 0 && c.rand.Float64() < in.Errors {
		l.Status = in.Status
		if l.Status == 0 {
			l.Status = [...]int{500, 502, 503, 503, 504}[c.rand.IntN(5)]
		}
		if l.Bytes = int64(150 + c.rand.IntN(700)); l.Method == "HEAD" {
			l.Bytes = NoBytes
		}
		changed = true
	}
	if in.Slower > 0 {
		l.Latency = time.Duration(min(float64(l.Latency)*in.Slower, float64(time.Hour)))
		changed = true
	}
	l.Latency += in.Delay
	return changed || in.Delay > 0
}

// A stretch is one time at which an incident was under way.
type stretch struct {
	From string `json:"from"`
	To   string `json:"to"`
}

// mostStretches is how many times of an incident a Truth tells.
const mostStretches = 1000

// stretches returns when an incident was under way, up to the end of the log.
func (in *Incident) stretches(start time.Time, end time.Duration) []stretch {
	all := []stretch{}
	for at := in.At; at <= end && len(all) < mostStretches; at += in.Every {
		to := end
		if in.For > 0 {
			to = min(end, at+in.For)
		}
		all = append(all, stretch{start.Add(at).UTC().Format(time.RFC3339Nano), start.Add(to).UTC().Format(time.RFC3339Nano)})
		if in.Every == 0 {
			break
		}
	}
	return slices.Clip(all)
}
