package accesslog

import "bytes"

// An envoyParser reads the access log of Envoy in its default format, and in
// the longer one of Istio, in which the parts in braces are more:
//
//	[time] "request" status flags {details termination "failure"} received sent
//	  duration upstream_time "x-forwarded-for" "agent" "request-id" "authority"
//	  "upstream" {cluster local_address local remote sni route}
//
// The client is the first address of X-Forwarded-For, which whoever is in front
// of Envoy must set; without it Istio's remote address. It is the same in lines
// of JSON; see gathering. Duration is milliseconds.
type envoyParser struct {
	iso   isoCache
	istio bool
	asked string // see asker; "" where nobody has asked
}

func newEnvoy() Parser { return new(envoyParser) }
func newIstio() Parser { return &envoyParser{istio: true} }

func (p *envoyParser) fork() Parser {
	c := *p
	return &c
}

// ask implements asker.
func (p *envoyParser) ask(header string) { p.asked = header }

// Parse implements Parser.
func (p *envoyParser) Parse(line []byte, r *Record) Outcome {
	if len(line) == 0 {
		return Outcome{Kind: Rejected, Reason: ReasonEmpty, Column: 1}
	}
	r.Clear()
	w := walk{line: line, at: markLen(line)}
	if word := w.first(); w.why == "" {
		if n := len(word); n < 2 || word[0] != '[' || word[n-1] != ']' {
			w.fail(ReasonTime)
		} else {
			w.from++
			p.iso.time(&w, word[1:n-1], r)
		}
	}
	splitRequest(w.quoted(), r)
	dashless(r)
	w.status(r)
	w.word() // flags
	if p.istio {
		w.word()
		w.word()
		w.quotedOrDash()
	}
	w.count()
	w.size(r)
	w.millis(r)
	w.count()
	if list := orNil(w.quoted()); p.asked == "" || p.asked == forwardedFor {
		r.Forwarded = list
	}
	r.Agent = orNil(w.quoted())
	w.quoted() // request id
	r.Host = orNil(w.quoted())
	w.quoted() // upstream
	remote := []byte(nil)
	if p.istio {
		for range 3 {
			w.word()
		}
		remote = w.word()
		w.word()
		w.word()
	}
	if w.why == "" && w.at < len(line) {
		w.why = ReasonExtra
	}
	if p.asked == "" {
		r.Client = envoyClient(r.Forwarded)
	}
	if r.Client == nil {
		r.Client, _ = withPort(remote)
	}
	return w.outcome()
}

// envoyClient takes the client from X-Forwarded-For; nil where that has none. A
// first element that is a name, as only a proxy of one's own writes it, is one.
func envoyClient(forwarded []byte) []byte {
	first := forwarded
	if i := bytes.IndexByte(first, ','); i >= 0 {
		first = first[:i]
	}
	client, ok := clientOf(first)
	if _, known := ParseAddr(client); ok && known {
		return client // nearly always; looking for all that may set addresses apart took 40 ns more
	}
	if other := forwardedClient(forwarded, ""); other != nil {
		return other
	}
	return client
}
