package accesslog

import "time"

// A balancerParser reads the access logs of Amazon's load balancers, classic
// ones and, with the parts in braces, application ones:
//
//	{type} time name client:port target:port request_time target_time response_time
//	  status target_status received sent "request" "agent" cipher protocol
//	  {target_group "trace" "domain" "certificate" priority ...}
//
// The three times are seconds and -1 where there was none; latency is their
// sum. Every target is absolute; its host is the Host of the record.
type balancerParser struct {
	iso         isoCache
	application bool
}

func newALB() Parser { return &balancerParser{application: true} }
func newELB() Parser { return new(balancerParser) }

func (p *balancerParser) fork() Parser {
	c := *p
	return &c
}

// Parse implements Parser.
func (p *balancerParser) Parse(line []byte, r *Record) Outcome {
	if len(line) == 0 {
		return Outcome{Kind: Rejected, Reason: ReasonEmpty, Column: 1}
	}
	r.Clear()
	w := walk{line: line, at: markLen(line)}
	if p.application {
		if kind := w.first(); w.why == "" && !isBalancerType(string(kind)) {
			w.fail(ReasonField)
		}
		p.iso.time(&w, w.word(), r)
	} else {
		p.iso.time(&w, w.first(), r)
	}
	w.word() // name
	if client := w.word(); w.why == "" {
		var ok bool
		if r.Client, ok = withPort(client); !ok {
			w.fail(ReasonField)
		}
	}
	w.word() // target
	balancerTimes(&w, r)
	w.status(r)
	w.word() // the target's status
	w.count()
	w.size(r)
	splitRequest(w.quoted(), r)
	dashless(r)
	splitAuthority(r)
	r.Agent = orNil(w.quoted())
	w.word()
	w.word()
	if p.application {
		w.word()
		w.quoted()
		w.rest()
	} else if w.why == "" && w.at < len(line) {
		w.why = ReasonExtra
	}
	return w.outcome()
}

func isBalancerType(kind string) bool {
	switch kind {
	case "http", "https", "h2", "grpcs", "ws", "wss":
		return true
	}
	return false
}

// balancerTimes reads three times in seconds into their sum. If one is -1, or
// "-", nothing was measured.
func balancerTimes(w *walk, r *Record) {
	var sum time.Duration
	whole := true
	for range 3 {
		word := w.word()
		if w.why != "" {
			return
		}
		if orNil(word) == nil || string(word) == "-1" {
			whole = false
			continue
		}
		d, _, ok := parseDecimal(word, time.Second)
		if !ok || d > 1<<60 {
			w.fail(ReasonLatency)
			return
		}
		sum += d
	}
	if whole {
		r.Latency = sum
	}
}

// An s3Parser reads the server access logs of Amazon S3:
//
//	owner bucket [time] client requester request_id operation key "request" status
//	  error sent size total_time turn_around "referrer" "agent" version
//	  {host_id signature cipher authentication host tls ...}
//
// The parts in braces came later, one after the other. Total time is
// milliseconds.
type s3Parser struct{ stamp stampCache }

func newS3() Parser { return new(s3Parser) }

func (p *s3Parser) fork() Parser {
	c := *p
	return &c
}

// Parse implements Parser.
func (p *s3Parser) Parse(line []byte, r *Record) Outcome {
	if len(line) == 0 {
		return Outcome{Kind: Rejected, Reason: ReasonEmpty, Column: 1}
	}
	r.Clear()
	w := walk{line: line, at: markLen(line)}
	w.first() // owner
	w.word()  // bucket
	if w.why == "" {
		w.at, w.why = p.time(line, w.at, r)
	}
	var ok bool
	if client := w.word(); w.why == "" {
		if r.Client, ok = clientOf(client); !ok {
			w.fail(ReasonField)
		}
	}
	r.User = orNil(w.word())
	for range 3 { // request id, operation, key
		w.word()
	}
	splitRequest(w.quotedOrDash(), r)
	w.status(r)
	w.word() // error
	w.size(r)
	w.count()
	w.millis(r)
	w.count()
	r.Referrer = orNil(w.quotedOrDash())
	r.Agent = orNil(w.quotedOrDash())
	w.word()      // version
	for range 4 { // host id, signature, cipher, authentication
		if w.why == "" && w.at < len(line) {
			w.word()
		}
	}
	if w.why == "" && w.at < len(line) {
		r.Host = orNil(w.word())
	}
	w.rest()
	return w.outcome()
}

// time reads the time behind the space at line[at].
func (p *s3Parser) time(line []byte, at int, r *Record) (int, Reason) {
	if at+1 >= len(line) {
		return len(line), ReasonCut
	}
	return p.stamp.parse(line, at+1, r)
}
