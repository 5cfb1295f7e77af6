package accesslog

import (
	"bytes"
	"strings"
)

// An ltsvParser reads labeled tab-separated values (ltsv.org), in any order:
//
//	time:[10/Oct/2000:13:55:36 -0700]	host:203.0.113.7	req:GET / HTTP/1.1	status:200
//
// Labels may be missing, but for the time and the request. There are no quotes
// and no escapes, so a line that was cut behind those two looks whole.
type ltsvParser struct {
	keys   *keyTree
	memory keyMemory
	fields gathering
}

const exampleLTSV = "time:[10/Oct/2000:13:55:36 -0700]\thost:203.0.113.7\tuser:frank\t" +
	"req:GET /pages/create?id=7 HTTP/1.1\tstatus:200\tsize:2326\treqtime:0.042\t" +
	"referer:http://www.example.org/start\tua:Mozilla/5.0 (X11; Linux x86_64)\tvhost:www.example.org"

// ltsvKeys has the labels that ltsv.org recommends, then the keys of JSON
// lines: who writes one format often writes the other.
var ltsvKeys = newLTSVKeys()

func newLTSVKeys() *keyTree {
	t := newKeyTree(jsonRows(), nil)
	for _, row := range []keyRow{
		// Where another label has the address, host is what nginx calls $host.
		{columnClient, []string{"remote_addr remote_ip client_ip clientip", "host"}},
		{columnHost, []string{"vhost http_host server_name"}},
		{columnRequest, []string{"req"}},
		{columnMicros, []string{"reqtime_microsec reqtime_usec"}},
		{columnSeconds, []string{"reqtime", "apptime"}},
	} {
		for i, names := range row.names {
			for _, name := range strings.Fields(names) {
				t.add(name, row.column, uint8(bestRank-i))
			}
		}
	}
	return t
}

func newLTSV() Parser { return &ltsvParser{keys: ltsvKeys} }

func (p *ltsvParser) fork() Parser {
	f := &ltsvParser{keys: p.keys}
	f.fields.asked = p.fields.asked
	return f
}

// ask implements asker.
func (p *ltsvParser) ask(header string) {
	p.keys = newLTSVKeys()
	p.keys.listOnly(header)
	p.fields.asked = true
}

// Parse implements Parser.
func (p *ltsvParser) Parse(line []byte, r *Record) Outcome {
	at := markLen(line)
	if len(line) == at {
		return Outcome{Kind: Rejected, Reason: ReasonEmpty, Column: 1}
	}
	p.fields.reset()
	p.memory.begin()
	for at <= len(line) {
		end := len(line)
		if i := bytes.IndexByte(line[at:], '\t'); i >= 0 {
			end = at + i
		}
		if why := p.field(line, at, end); why != "" {
			return rejected(line, why, at)
		}
		at = end + 1
	}
	if at, why := p.fields.store(line, r, needNothing); why != "" {
		return rejected(line, why, at)
	}
	return Outcome{Kind: Hit}
}

// field reads line[at:end], a label and its value.
func (p *ltsvParser) field(line []byte, at, end int) Reason {
	t, length := p.memory.match(line[at:end], 0)
	if length == 0 {
		length = bytes.IndexByte(line[at:end], ':') + 1
		if length < 2 || !isLabel(line[at:at+length-1]) {
			if at == end || length == 0 && end == len(line) {
				return ReasonCut
			}
			return ReasonField
		}
		t = p.keys.find(0, line[at:at+length-1])
		p.memory.keep(line[at:at+length], 0, t)
	}
	if t.rank > 0 {
		p.fields.put(t, line, at+length, end, false)
	}
	return ""
}

// isLabel says whether b may be a label: letters, digits, underscores, dots and
// hyphens.
func isLabel(b []byte) bool {
	for _, c := range b {
		if !isDigit(c) && c != '_' && c != '.' && c != '-' && (c|0x20 < 'a' || c|0x20 > 'z') {
			return false
		}
	}
	return len(b) > 0
}
