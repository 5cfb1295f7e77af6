package accesslog

import "bytes"

// A squidParser reads the native access.log of Squid:
//
//	epoch.ms elapsed client result/status bytes method URL user hierarchy/peer type
//
// The time is that of the answer's end, elapsed is milliseconds and padded with
// spaces. The target is a whole URL, or host:port for CONNECT; its host is the
// Host of the record.
type squidParser struct{}

func newSquid() Parser { return new(squidParser) }

func (p *squidParser) fork() Parser { return new(squidParser) }

// Parse implements Parser.
func (p *squidParser) Parse(line []byte, r *Record) Outcome {
	if len(line) == 0 {
		return Outcome{Kind: Rejected, Reason: ReasonEmpty, Column: 1}
	}
	r.Clear()
	w := walk{line: line, at: markLen(line)}
	var ok bool
	if stamp := w.first(); w.why == "" {
		// Squid always writes milliseconds; a whole number is another log.
		if r.Sec, r.Nanos, ok = parseEpoch(stamp); !ok || bytes.IndexByte(stamp, '.') < 0 {
			w.fail(ReasonTime)
		}
	}
	for w.why == "" && w.at+1 < len(line) && line[w.at+1] == ' ' {
		w.at++
	}
	w.millis(r)
	if client := w.word(); w.why == "" {
		if r.Client, ok = clientOf(client); !ok {
			w.fail(ReasonField)
		}
	}
	squidResult(&w, r)
	w.size(r)
	r.Method = w.word()
	r.Target = w.word()
	r.User = orNil(w.word())
	if peer := w.word(); w.why == "" && bytes.IndexByte(peer, '/') < 0 {
		w.fail(ReasonField)
	}
	w.word() // type of the content
	if w.why == "" && w.at < len(line) && !bytes.HasPrefix(line[w.at:], []byte(" [")) {
		w.why = ReasonExtra // but log_mime_hdrs adds headers in brackets
	}
	squidRequest(r)
	return w.outcome()
}

// squidResult reads TCP_MISS/200.
func squidResult(w *walk, r *Record) {
	word := w.word()
	if w.why != "" {
		return
	}
	slash := bytes.IndexByte(word, '/')
	if slash <= 0 {
		w.fail(ReasonField)
		return
	}
	w.from += slash + 1
	var ok bool
	if r.Status, ok = parseStatus(word[slash+1:]); !ok {
		w.fail(ReasonStatus)
	}
}

// squidRequest judges method and target. Where no request came Squid writes
// NONE or "-", and error:invalid-request or the like.
func squidRequest(r *Record) {
	if orNil(r.Method) == nil || orNil(r.Target) == nil || !isToken(r.Method) || bytes.HasPrefix(r.Target, []byte("error:")) {
		r.Malformed = true
		r.Method, r.Target = nil, nil
		return
	}
	if string(r.Method) == "CONNECT" {
		r.Host = r.Target
		return
	}
	r.Host, _ = authority(r.Target)
}
