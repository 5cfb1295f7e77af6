package accesslog

import "bytes"

// w3cField is what a field of an extended log is for.
type w3cField uint8

const (
	w3cIgnored w3cField = iota
	w3cDate
	w3cTime
	w3cDateLocal
	w3cTimeLocal
	w3cTimestamp
	w3cClient
	w3cForwarded
	w3cUser
	w3cMethod
	w3cURI
	w3cStem
	w3cQuery
	w3cVersion
	w3cStatus
	w3cBytes
	w3cTaken
	w3cTakenMillis
	w3cReferrer
	w3cAgent
	w3cHost
	w3cHostAsked // what the client asked for, where w3cHost is another name of the server
)

// w3cNames is the one table of names #Fields may use, in lower case. It is
// never changed.
var w3cNames = map[string]w3cField{
	"date": w3cDate, "time": w3cTime, "date-utc": w3cDate, "time-utc": w3cTime,
	"date-local": w3cDateLocal, "time-local": w3cTimeLocal, "timestamp": w3cTimestamp,
	"c-ip": w3cClient, "cs-username": w3cUser, "c-auth-id": w3cUser,
	"x-forwarded-for": w3cForwarded, "cs(x-forwarded-for)": w3cForwarded, "x_forwarded_for": w3cForwarded, "cs(forwarded)": w3cForwarded,
	"cs(x-real-ip)": w3cForwarded, "cs(cf-connecting-ip)": w3cForwarded, "cs(true-client-ip)": w3cForwarded, "cs(fastly-client-ip)": w3cForwarded,
	"cs-method": w3cMethod, "cs-uri": w3cURI,
	"cs-uri-stem": w3cStem, "cs-uri-path": w3cStem, "cs-uri-query": w3cQuery,
	"cs-version": w3cVersion, "cs-protocol-version": w3cVersion,
	"sc-status": w3cStatus, "sc-bytes": w3cBytes, "bytes": w3cBytes,
	"time-taken": w3cTaken, "timetakenms": w3cTakenMillis,
	"cs(referer)": w3cReferrer, "cs(referrer)": w3cReferrer, "cs(user-agent)": w3cAgent,
	"cs-host": w3cHost, "cs(host)": w3cHost, "x-host-header": w3cHostAsked,
}

// w3cDefaults returns what IIS writes as it is installed: date time s-ip cs-method
// cs-uri-stem cs-uri-query s-port cs-username c-ip cs(User-Agent) cs(Referer)
// sc-status sc-substatus sc-win32-status time-taken.
func w3cDefaults() []w3cField {
	return []w3cField{
		w3cDate, w3cTime, w3cIgnored, w3cMethod, w3cStem, w3cQuery, w3cIgnored, w3cUser,
		w3cClient, w3cAgent, w3cReferrer, w3cStatus, w3cIgnored, w3cIgnored, w3cTaken,
	}
}

// cloudFrontDefaults returns what CloudFront writes into its standard logs: date
// time x-edge-location sc-bytes c-ip cs-method cs(Host) cs-uri-stem sc-status
// cs(Referer) cs(User-Agent) cs-uri-query cs(Cookie) x-edge-result-type
// x-edge-request-id x-host-header cs-protocol cs-bytes time-taken
// x-forwarded-for ssl-protocol ssl-cipher x-edge-response-result-type
// cs-protocol-version, and nine more.
func cloudFrontDefaults() []w3cField {
	return []w3cField{
		w3cDate, w3cTime, w3cIgnored, w3cBytes, w3cClient, w3cMethod, w3cHost, w3cStem, w3cStatus,
		w3cReferrer, w3cAgent, w3cQuery, w3cIgnored, w3cIgnored, w3cIgnored, w3cHostAsked,
		w3cIgnored, w3cIgnored, w3cTaken, w3cForwarded, w3cIgnored, w3cIgnored, w3cIgnored,
		w3cVersion, 32: w3cIgnored,
	}
}

// LearnHeader reads line if it is a directive that says what rows mean, and
// says whether it was.
func (p *w3cParser) LearnHeader(line []byte) bool {
	line = line[markLen(line):]
	if !isDirective(line) {
		return false
	}
	name, value, _ := bytes.Cut(line[1:], []byte(":"))
	value = bytes.Trim(value, " \t")
	switch {
	case bytes.EqualFold(name, []byte("Fields")):
		return p.learnFields(value)
	case bytes.EqualFold(name, []byte("Software")):
		p.bare = bytes.HasPrefix(value, []byte("Microsoft ")) // not their Advanced Logging Module
		if p.taken = unitOf(value); p.edge {
			p.taken = takenSeconds
		}
	case bytes.EqualFold(name, []byte("Date")), bytes.EqualFold(name, []byte("Start-Date")):
		if len(value) < isoLen {
			return false
		}
		sec, _, ok := parseDateTime(value[:isoLen])
		if !ok || sec > maxStart {
			return false
		}
		p.started, p.dated = sec, true
		p.lacks = p.lacking()
	case bytes.EqualFold(name, []byte("GMT-Offset")):
		offset, ok := gmtOffset(value)
		if !ok {
			return false
		}
		p.offset = offset
	default:
		return false
	}
	return true
}

// learnFields reads the value of #Fields.
func (p *w3cParser) learnFields(value []byte) bool {
	edge := bytes.Contains(value, []byte("x-edge-"))
	if p.edge && !edge || len(value) == 0 {
		return false
	}
	p.fields = p.fields[:0]
	var seen [256]bool
	for len(p.fields) < maxColumns {
		value = bytes.TrimLeft(value, " \t")
		if len(value) == 0 {
			break
		}
		end := bytes.IndexAny(value, " \t")
		if end < 0 {
			end = len(value)
		}
		f := p.named(value[:end])
		if seen[f] {
			f = w3cIgnored // the first of two fields for one thing counts
		}
		seen[f] = true
		p.fields = append(p.fields, f)
		value = value[end:]
	}
	if edge {
		p.taken = takenSeconds
	}
	p.lacks = p.lacking()
	return true
}

// named looks a name up without allocating.
func (p *w3cParser) named(name []byte) w3cField {
	var plain [longestHeader + len("cs()")]byte
	if len(name) > len(plain) {
		return w3cIgnored
	}
	for i, c := range name {
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		plain[i] = c
	}
	f := w3cNames[string(plain[:len(name)])]
	if p.asked == "" || f != w3cIgnored && f != w3cForwarded && f != w3cClient {
		return f
	}
	switch isAsked := headerName(string(plain[:len(name)])) == p.asked; {
	case isAsked:
		return w3cForwarded
	case f == w3cForwarded:
		return w3cIgnored
	}
	return f
}

// isDirective says whether line is "#Name: value".
func isDirective(line []byte) bool {
	if len(line) == 0 || line[0] != '#' {
		return false
	}
	for i, c := range line[1:] {
		if c == ':' {
			return i > 0
		}
		if c != '-' && (c|0x20 < 'a' || c|0x20 > 'z') {
			return false
		}
	}
	return false
}

func isFields(line []byte) bool {
	const name = "#Fields:"
	return len(line) >= len(name) && bytes.EqualFold(line[:len(name)], []byte(name))
}

// lacking is what the fields in force do not tell.
func (p *w3cParser) lacking() (l lack) {
	if len(p.fields) == 0 {
		return 0
	}
	var has [256]bool
	for _, f := range p.fields {
		has[f] = true
	}
	day := has[w3cDate] || has[w3cDateLocal] || p.dated
	if !has[w3cTimestamp] && !(day && (has[w3cTime] || has[w3cTimeLocal])) {
		l |= lackTime
	}
	if !has[w3cURI] && !has[w3cStem] {
		l |= lackRequest
	}
	return l
}

// Missing says in words which fields the list in force lacks without which no
// row can be read. It is empty before the first list.
func (p *w3cParser) Missing() []string {
	var missing []string
	if p.lacks&lackTime != 0 {
		missing = append(missing, "the time (date and time)")
	}
	if p.lacks&lackRequest != 0 {
		missing = append(missing, "the request (cs-uri-stem or cs-uri)")
	}
	return missing
}
