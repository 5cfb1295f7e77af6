package simulate

import (
	"encoding/binary"
	"strconv"
	"time"
)

const (
	headerW3C = "#Software: Microsoft Internet Information Services 10.0\n#Version: 1.0\n" +
		"#Fields: date time s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip cs-version cs(User-Agent) cs(Referer) cs-host sc-status sc-substatus sc-win32-status sc-bytes cs-bytes time-taken\n"
	headerCloudFront = "#Version: 1.0\n" +
		"#Fields: date time x-edge-location sc-bytes c-ip cs-method cs(Host) cs-uri-stem sc-status cs(Referer) cs(User-Agent) cs-uri-query cs(Cookie) x-edge-result-type x-edge-request-id x-host-header cs-protocol cs-bytes time-taken x-forwarded-for ssl-protocol ssl-cipher x-edge-response-result-type cs-protocol-version fle-status fle-encrypted-fields c-port time-to-first-byte x-edge-detailed-result-type sc-content-type sc-content-len sc-range-start sc-range-end\n"
)

// orDash is text, or a dash for nothing.
func orDash(text string) string {
	if text == "" {
		return "-"
	}
	return text
}

// asked returns the method, target and protocol of a request, or dashes for
// garbage.
func asked(l *Line) (method, target, query, protocol string) {
	if l.Garbage != "" {
		return "-", "-", "-", "-"
	}
	return l.Method, l.Target, orDash(l.Query), l.Protocol
}

// appendUnspaced appends text with %20 for each space.
func appendUnspaced(dst []byte, text string) []byte {
	from := 0
	for i := range len(text) {
		if text[i] == ' ' {
			dst = append(dst, text[from:i]...)
			dst = append(dst, "%20"...)
			from = i + 1
		}
	}
	return append(dst, text[from:]...)
}

// appendPlussed appends text with a plus for each space, eight bytes at a time: in that one
// byte by one W3C spends a sixth of its time.
func appendPlussed(dst []byte, text string) []byte {
	const ones, low7 = 0x0101010101010101, 0x7f7f7f7f7f7f7f7f
	from := len(dst)
	dst = append(dst, text...)
	b := dst[from:]
	for ; len(b) >= 8; b = b[8:] {
		x := binary.LittleEndian.Uint64(b)
		zero := x ^ ' '*ones // in the place of each space
		// The upper bit of each byte that is 0, exactly (H. S. Warren, Hacker's Delight, 6-1).
		zero = ^(zero&low7 + low7 | zero | low7)
		binary.LittleEndian.PutUint64(b, x^zero>>7*(' '^'+'))
	}
	for i := range b {
		if b[i] == ' ' {
			b[i] = '+'
		}
	}
	return dst
}

// The fields that IIS has with all of them chosen.
func appendW3C(f *Format, dst []byte, l *Line) []byte {
	method, target, query, protocol := asked(l)
	dst = append(dst, f.stampOf(l.At)...)
	dst = append(dst, " 192.0.2.80 "...)
	for _, text := range [...]string{method, target, query, "80", l.User, l.Client, protocol} {
		dst = append(dst, text...)
		dst = append(dst, ' ')
	}
	dst = appendPlussed(dst, l.Agent)
	dst = append(dst, ' ')
	dst = append(dst, l.Referrer...)
	dst = append(dst, ' ')
	dst = append(dst, l.Host...)
	dst = append(dst, ' ')
	dst = strconv.AppendInt(dst, int64(l.Status), 10)
	dst = append(dst, " 0 0 "...)
	dst = strconv.AppendInt(dst, max(l.Bytes, 0), 10)
	dst = append(dst, " 512 "...)
	return strconv.AppendInt(dst, millis(l.Latency), 10)
}

func appendCloudFront(f *Format, dst []byte, l *Line) []byte {
	method, target, query, protocol := asked(l)
	dst = append(dst, f.stampOf(l.At)...)
	dst = append(dst, "\tFRA56-P1\t"...)
	dst = strconv.AppendInt(dst, max(l.Bytes, 0), 10)
	for _, text := range [...]string{l.Client, method, "d111111abcdef8.cloudfront.net", target} {
		dst = append(dst, '\t')
		dst = append(dst, text...)
	}
	dst = append(dst, '\t')
	dst = strconv.AppendInt(dst, int64(l.Status), 10)
	dst = append(dst, '\t')
	dst = append(dst, l.Referrer...)
	dst = append(dst, '\t')
	dst = appendUnspaced(dst, l.Agent)
	dst = append(dst, '\t')
	dst = append(dst, query...)
	dst = append(dst, "\t-\tHit\t"...)
	dst = appendHex(dst, f.count)
	dst = append(dst, '\t')
	dst = append(dst, withoutPort(l.Host)...)
	dst = append(dst, "\thttp\t512\t"...)
	dst = appendSeconds(dst, l.Latency)
	dst = append(dst, "\t-\t-\t-\tHit\t"...)
	dst = append(dst, protocol...)
	dst = append(dst, "\t-\t-\t51000\t"...)
	dst = appendSeconds(dst, l.Latency)
	dst = append(dst, "\tHit\ttext/html\t"...)
	dst = strconv.AppendInt(dst, max(l.Bytes, 0), 10)
	return append(dst, "\t-\t-"...)
}

func appendLTSV(f *Format, dst []byte, l *Line) []byte {
	dst = append(dst, "time:"...)
	dst = append(dst, f.stampOf(l.At)...)
	dst = append(dst, "\thost:"...)
	dst = append(dst, l.Client...)
	dst = append(dst, "\tuser:"...)
	dst = append(dst, l.User...)
	dst = append(dst, "\treq:"...)
	dst = appendRequest(dst, l)
	dst = append(dst, "\tstatus:"...)
	dst = strconv.AppendInt(dst, int64(l.Status), 10)
	dst = append(dst, "\tsize:"...)
	dst = strconv.AppendInt(dst, max(l.Bytes, 0), 10)
	dst = append(dst, "\treqtime:"...)
	dst = appendSeconds(dst, l.Latency)
	dst = append(dst, "\treferer:"...)
	dst = append(dst, l.Referrer...)
	dst = append(dst, "\tua:"...)
	dst = append(dst, l.Agent...)
	dst = append(dst, "\tvhost:"...)
	return append(dst, l.Host...)
}

// A log_format of nginx with escape=json, as its users write it.
func appendJSON(f *Format, dst []byte, l *Line) []byte {
	dst = append(dst, `{"time_iso8601":"`...)
	dst = append(dst, f.stampOf(l.At)...)
	dst = append(dst, `","remote_addr":"`...)
	dst = append(dst, l.Client...)
	dst = append(dst, `","remote_user":"`...)
	dst = append(dst, l.User...)
	dst = append(dst, `","request":"`...)
	dst = appendRequest(dst, l)
	dst = append(dst, `","status":`...)
	dst = strconv.AppendInt(dst, int64(l.Status), 10)
	dst = append(dst, `,"body_bytes_sent":`...)
	dst = strconv.AppendInt(dst, max(l.Bytes, 0), 10)
	dst = append(dst, `,"request_time":`...)
	dst = appendSeconds(dst, l.Latency)
	dst = append(dst, `,"http_referer":"`...)
	dst = append(dst, l.Referrer...)
	dst = append(dst, `","http_user_agent":"`...)
	dst = append(dst, l.Agent...)
	dst = append(dst, `","host":"`...)
	dst = append(dst, l.Host...)
	return append(dst, `"}`...)
}

func appendCaddy(_ *Format, dst []byte, l *Line) []byte {
	method, target, query, protocol := asked(l)
	dst = append(dst, `{"level":"info","ts":`...)
	dst = strconv.AppendInt(dst, l.At.Unix(), 10)
	dst = append(dst, '.')
	dst = appendFraction(dst, l.At)
	dst = append(dst, `,"logger":"http.log.access","msg":"handled request","request":{"remote_ip":"`...)
	dst = append(dst, l.Client...)
	dst = append(dst, `","remote_port":"51000","client_ip":"`...)
	dst = append(dst, l.Client...)
	dst = append(dst, `","proto":"`...)
	dst = append(dst, protocol...)
	dst = append(dst, `","method":"`...)
	dst = append(dst, method...)
	dst = append(dst, `","host":"`...)
	dst = append(dst, l.Host...)
	dst = append(dst, `","uri":"`...)
	dst = append(dst, target...)
	if query != "-" {
		dst = append(dst, '?')
		dst = append(dst, query...)
	}
	dst = append(dst, `","headers":{"User-Agent":["`...)
	dst = append(dst, l.Agent...)
	if l.Referrer != "-" {
		dst = append(dst, `"],"Referer":["`...)
		dst = append(dst, l.Referrer...)
	}
	dst = append(dst, `"]}},"bytes_read":0,"user_id":"`...)
	if l.User != "-" {
		dst = append(dst, l.User...)
	}
	dst = append(dst, `","duration":`...)
	dst = appendNanos(dst, l.Latency)
	dst = append(dst, `,"size":`...)
	dst = strconv.AppendInt(dst, max(l.Bytes, 0), 10)
	dst = append(dst, `,"status":`...)
	dst = strconv.AppendInt(dst, int64(l.Status), 10)
	return append(dst, `,"resp_headers":{"Server":["Caddy"]}}`...)
}

// appendNanos appends d in seconds with nine decimals.
func appendNanos(dst []byte, d time.Duration) []byte {
	d = max(d, 0)
	dst = strconv.AppendInt(dst, int64(d/time.Second), 10)
	dst = append(dst, '.')
	for place := time.Second / 10; place > 0; place /= 10 {
		dst = append(dst, byte('0'+d/place%10))
	}
	return dst
}

func appendTraefikJSON(f *Format, dst []byte, l *Line) []byte {
	method, target, query, protocol := asked(l)
	dst = append(dst, `{"ClientAddr":"`...)
	dst = append(dst, l.Client...)
	dst = append(dst, `:51000","ClientHost":"`...)
	dst = append(dst, l.Client...)
	dst = append(dst, `","ClientUsername":"`...)
	dst = append(dst, l.User...)
	dst = append(dst, `","DownstreamContentSize":`...)
	dst = strconv.AppendInt(dst, max(l.Bytes, 0), 10)
	dst = append(dst, `,"DownstreamStatus":`...)
	dst = strconv.AppendInt(dst, int64(l.Status), 10)
	dst = append(dst, `,"Duration":`...)
	dst = strconv.AppendInt(dst, int64(max(l.Latency, 0)), 10)
	dst = append(dst, `,"RequestHost":"`...)
	dst = append(dst, l.Host...)
	dst = append(dst, `","RequestMethod":"`...)
	dst = append(dst, method...)
	dst = append(dst, `","RequestPath":"`...)
	dst = append(dst, target...)
	if query != "-" {
		dst = append(dst, '?')
		dst = append(dst, query...)
	}
	dst = append(dst, `","RequestProtocol":"`...)
	dst = append(dst, protocol...)
	dst = append(dst, `","StartUTC":"`...)
	dst = append(dst, f.stampOf(l.At)...)
	dst = append(dst, '.')
	dst = appendFraction(dst, l.At)
	dst = append(dst, `Z","level":"info","msg":"","request_Referer":"`...)
	dst = append(dst, l.Referrer...)
	dst = append(dst, `","request_User-Agent":"`...)
	dst = append(dst, l.Agent...)
	return append(dst, `"}`...)
}

func appendEnvoyJSON(f *Format, dst []byte, l *Line) []byte {
	method, target, query, protocol := asked(l)
	dst = append(dst, `{"start_time":"`...)
	dst = append(dst, f.stampOf(l.At)...)
	dst = append(dst, '.')
	dst = appendFraction(dst, l.At)
	dst = append(dst, `Z","method":"`...)
	dst = append(dst, method...)
	dst = append(dst, `","path":"`...)
	dst = append(dst, target...)
	if query != "-" {
		dst = append(dst, '?')
		dst = append(dst, query...)
	}
	dst = append(dst, `","protocol":"`...)
	dst = append(dst, protocol...)
	dst = append(dst, `","response_code":`...)
	dst = strconv.AppendInt(dst, int64(l.Status), 10)
	dst = append(dst, `,"response_flags":"-","bytes_received":0,"bytes_sent":`...)
	dst = strconv.AppendInt(dst, max(l.Bytes, 0), 10)
	dst = append(dst, `,"duration":`...)
	dst = strconv.AppendInt(dst, millis(l.Latency), 10)
	dst = append(dst, `,"x_forwarded_for":"`...)
	dst = append(dst, l.Client...)
	dst = append(dst, `","user_agent":"`...)
	dst = append(dst, l.Agent...)
	dst = append(dst, `","authority":"`...)
	dst = append(dst, l.Host...)
	return append(dst, `","upstream_host":"`+upstream+`"}`...)
}
