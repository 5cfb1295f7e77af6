package accesslog

import "slices"

// column is what a column of a CSV log is for.
type column uint8

const (
	columnIgnored column = iota
	columnClient
	columnUser
	columnTime
	columnEpoch // a time that must be a number
	columnRequest
	columnMethod
	columnTarget
	columnProtocol
	columnStatus
	columnBytes
	columnReferrer
	columnAgent
	columnHost
	columnSeconds
	columnMillis
	columnMicros
	columnNanos
	columnForwarded // addresses that the client may have made up
	columnIdent     // named, so that a header is recognised; its fields are ignored
)

// columnNames is the one table of names a header may use, in lower case and
// with underscores for spaces, dots and hyphens. It is never changed.
var columnNames = map[string]column{
	"remotehost": columnClient, "remote_host": columnClient, "remote_addr": columnClient,
	"client": columnClient, "client_ip": columnClient, "clientip": columnClient,
	"client_addr": columnClient, "ip": columnClient, "c_ip": columnClient,
	"host":            columnClient, // as in Apache's %h; the site has vhost
	"x_forwarded_for": columnForwarded, "http_x_forwarded_for": columnForwarded, "xff": columnForwarded,
	"forwardedfor": columnForwarded, "forwarded_for": columnForwarded, "forwarded": columnForwarded,
	"http_forwarded": columnForwarded, "x_real_ip": columnForwarded, "http_x_real_ip": columnForwarded,
	"cf_connecting_ip": columnForwarded, "http_cf_connecting_ip": columnForwarded,
	"true_client_ip": columnForwarded, "fastly_client_ip": columnForwarded,
	"rfc931": columnIdent, "ident": columnIdent, "logname": columnIdent,
	"authuser": columnUser, "auth_user": columnUser, "user": columnUser,
	"remote_user": columnUser, "username": columnUser,
	"date": columnTime, "time": columnTime, "timestamp": columnTime, "datetime": columnTime,
	"time_local": columnTime, "time_iso8601": columnTime, "ts": columnTime, "epoch": columnTime,
	"request": columnRequest, "request_line": columnRequest,
	"method": columnMethod, "request_method": columnMethod, "verb": columnMethod,
	"path": columnTarget, "uri": columnTarget, "url": columnTarget, "target": columnTarget,
	"request_uri": columnTarget,
	"protocol":    columnProtocol, "server_protocol": columnProtocol, "http_version": columnProtocol,
	"status": columnStatus, "status_code": columnStatus, "code": columnStatus, "response": columnStatus,
	"bytes": columnBytes, "size": columnBytes, "bytes_sent": columnBytes,
	"body_bytes_sent": columnBytes, "response_size": columnBytes,
	"referrer": columnReferrer, "referer": columnReferrer, "http_referer": columnReferrer,
	"user_agent": columnAgent, "useragent": columnAgent, "agent": columnAgent,
	"http_user_agent": columnAgent,
	"vhost":           columnHost, "virtual_host": columnHost, "server_name": columnHost, "http_host": columnHost,
	"request_time": columnSeconds, "latency_s": columnSeconds, "duration_s": columnSeconds,
	"latency_ms": columnMillis, "duration_ms": columnMillis, "request_time_ms": columnMillis,
	"latency_us": columnMicros, "duration_us": columnMicros, "request_time_us": columnMicros,
	"latency_ns": columnNanos, "duration_ns": columnNanos,
}

// maxColumns bounds what a header can make a parser keep. The widest access
// logs have some 50 columns.
const maxColumns = 1024

// LearnHeader reads line as a header if it is one, and says whether it was. It
// is one if two or more of its fields are names from the table and none begins
// with a digit, as a time, a status or a size would. One name is not enough: a
// stray line of text with a comma in it has that.
func (p *csvParser) LearnHeader(line []byte) bool {
	if !p.isHeader(line) {
		return false
	}
	p.columns = p.columns[:0]
	p.scratch = p.scratch[:0]
	var seen [256]bool
	for at := markLen(line); ; {
		field, next, _ := p.field(line, at)
		c := p.columnNamed(field)
		if seen[c] || c == columnIdent {
			c = columnIgnored // the first of two columns for one thing counts
		}
		seen[c] = true
		p.columns = append(p.columns, c)
		if next == len(line) {
			break
		}
		at = next + 1
	}
	if seen[columnRequest] {
		// The whole request says all that its parts would.
		for i, c := range p.columns {
			if c == columnMethod || c == columnTarget || c == columnProtocol {
				p.columns[i] = columnIgnored
			}
		}
	}
	p.lacks = p.lacking()
	return true
}

// lacking is what the header in force has no column for.
func (p *csvParser) lacking() (l lack) {
	if len(p.columns) == 0 {
		return 0
	}
	if !slices.Contains(p.columns, columnTime) {
		l |= lackTime
	}
	if !slices.Contains(p.columns, columnRequest) && !slices.Contains(p.columns, columnTarget) {
		l |= lackRequest
	}
	return l
}

func (p *csvParser) isHeader(line []byte) bool {
	p.scratch = p.scratch[:0]
	known := 0
	at := markLen(line)
	for range maxColumns {
		field, next, why := p.field(line, at)
		if why != "" || len(field) > 0 && isDigit(field[0]) {
			return false
		}
		if p.columnNamed(field) != columnIgnored {
			known++
		}
		if next == len(line) {
			return known >= 2
		}
		at = next + 1
	}
	return false
}

// columnNamed looks a name up without allocating.
func (p *csvParser) columnNamed(name []byte) column {
	var plain [longestHeader + len("http_")]byte
	if len(name) > len(plain) {
		return columnIgnored
	}
	for i, c := range name {
		switch {
		case 'A' <= c && c <= 'Z':
			c += 'a' - 'A'
		case c == ' ' || c == '-' || c == '.':
			c = '_'
		}
		plain[i] = c
	}
	c := columnNames[string(plain[:len(name)])]
	if p.asked == "" || c != columnIgnored && c != columnForwarded && c != columnClient {
		return c
	}
	switch isAsked := headerName(string(plain[:len(name)])) == p.asked; {
	case isAsked:
		return columnForwarded
	case c == columnForwarded:
		return columnIgnored
	}
	return c
}

// lack is a set of what a header has no column for.
type lack uint8

const (
	lackTime lack = 1 << iota
	lackRequest
)

// Missing says in words which columns the header in force lacks without which
// no row can be read: "the time (date, time, timestamp)". It is empty before
// the first header.
func (p *csvParser) Missing() []string {
	var missing []string
	if p.lacks&lackTime != 0 {
		missing = append(missing, "the time (date, time, timestamp)")
	}
	if p.lacks&lackRequest != 0 {
		missing = append(missing, "the request (request, path, uri)")
	}
	return missing
}
