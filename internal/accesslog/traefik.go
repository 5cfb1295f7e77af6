package accesslog

import (
	"bytes"
	"time"
)

// A traefikParser reads the access log of Traefik in its form "common", which
// is Combined with more behind it:
//
//	... "referrer" "agent" count "router" "server" 42ms
type traefikParser struct{ clfParser }

func newTraefik() Parser { return &traefikParser{clfParser{layout: layout{combined: true}}} }

func (p *traefikParser) fork() Parser {
	c := *p
	return &c
}

// Parse implements Parser.
func (p *traefikParser) Parse(line []byte, r *Record) Outcome {
	w, out := p.start(line, r)
	if out.Kind == Rejected {
		return out
	}
	w.count() // of requests since Traefik started
	w.quoted()
	w.quoted()
	word := w.word()
	if w.why == "" {
		switch n := len(word) - len("ms"); {
		case orNil(word) == nil:
		case n < 1 || string(word[n:]) != "ms" || !latencyOf(word[:n], time.Millisecond, r):
			w.fail(ReasonLatency)
		case w.at < len(line):
			w.why = ReasonExtra
		}
	}
	return w.outcome()
}

// start reads a line up to the user agent.
func (p *clfParser) start(line []byte, r *Record) (walk, Outcome) {
	if len(line) == 0 {
		return walk{}, Outcome{Kind: Rejected, Reason: ReasonEmpty, Column: 1}
	}
	r.Clear()
	w := walk{line: line}
	if w.at, w.why = p.front(line, r); w.why == "" {
		w.at, w.why = p.stamp.parse(line, w.at, r)
	}
	if w.why == "" {
		w.at, w.why = requestField(line, w.at, r)
	}
	if w.why == "" {
		w.at, w.why = p.numbers(line, w.at, r)
	}
	r.Referrer = orNil(w.quoted())
	r.Agent = orNil(w.quoted())
	return w, w.outcome()
}

// An ingressParser reads the access log of ingress-nginx as it is installed
// (log-format-upstream), which is Combined with more behind it:
//
//	... "referrer" "agent" request_length request_time [service] [alternative]
//	  upstream_addr upstream_length upstream_time upstream_status request_id
//
// The four that begin with upstream are lists where a request was tried again.
type ingressParser struct{ clfParser }

func newIngress() Parser { return &ingressParser{clfParser{layout: layout{combined: true}}} }

func (p *ingressParser) fork() Parser {
	c := *p
	return &c
}

// Parse implements Parser.
func (p *ingressParser) Parse(line []byte, r *Record) Outcome {
	w, out := p.start(line, r)
	if out.Kind == Rejected {
		return out
	}
	w.count()
	if word := w.word(); w.why == "" && orNil(word) != nil {
		d, fraction, ok := parseDecimal(word, time.Second)
		if !ok || !fraction {
			w.fail(ReasonLatency)
		}
		r.Latency = d
	}
	w.bracketed()
	if w.why == "" && w.at+1 < len(line) && line[w.at+1] == '[' {
		w.bracketed()
	}
	words := 0
	for w.why == "" && (w.at < len(line) || words < 5) {
		w.word()
		words++
	}
	if w.why == "" && bytes.IndexByte(line[w.from:], ',') >= 0 {
		w.at, w.why = len(line), ReasonCut // in the middle of a list
	}
	return w.outcome()
}
