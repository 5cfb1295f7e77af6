package simulate

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// A Format writes Lines as one kind of access log. It caches the text of the
// last second, so it belongs to one goroutine; make one with NewFormat.
//
//	common          192.0.2.7 - - [10/Oct/2000:13:55:36 -0700] "GET /a HTTP/1.1" 200 1234
//	combined        common "http://www.example.org/" "Mozilla/5.0 ..."
//	combined-time   combined 0.013
//	vhost-combined  www.example.org:80 combined
//	csv             "192.0.2.7","-","-",1549573860,"GET /a HTTP/1.1",200,1234
//
// The first four are the LogFormats of those names in the Apache manual
// (mod_log_config) and nginx's $request_time in seconds.
type Format struct {
	kind formatKind
	zone *time.Location

	second int64  // the Unix second that stamp is the text of
	stamp  []byte // with brackets; nil = none yet
}

type formatKind uint8

const (
	kindCommon formatKind = iota
	kindCombined
	kindCombinedTime
	kindVhost
	kindCSV
)

// FormatNames returns the names that NewFormat knows, simplest first.
func FormatNames() []string {
	return []string{"common", "combined", "combined-time", "vhost-combined", "csv"}
}

// NewFormat returns the format of a name. Times are written in zone; nil means
// UTC.
func NewFormat(name string, zone *time.Location) (*Format, error) {
	if zone == nil {
		zone = time.UTC
	}
	for kind, known := range FormatNames() {
		if name == known {
			return &Format{kind: formatKind(kind), zone: zone}, nil
		}
	}
	return nil, fmt.Errorf("no log format to write is named %q: use one of %s", name, strings.Join(FormatNames(), ", "))
}

// AppendHeader appends the line that such a log begins with, if it has one.
func (f *Format) AppendHeader(dst []byte) []byte {
	if f.kind != kindCSV {
		return dst
	}
	return append(dst, `"remotehost","rfc931","authuser","date","request","status","bytes"`+"\n"...)
}

// AppendLine appends l with its line feed to dst. It allocates only to grow
// dst.
func (f *Format) AppendLine(dst []byte, l *Line) []byte {
	if f.kind == kindCSV {
		return appendCSV(dst, l)
	}
	if f.kind == kindVhost {
		dst = append(dst, l.Host...)
		dst = append(dst, ' ')
	}
	dst = append(dst, l.Client...)
	dst = append(dst, " - "...)
	dst = append(dst, l.User...)
	dst = append(dst, ' ')
	dst = append(dst, f.stampOf(l.At)...)
	dst = append(dst, ` "`...)
	dst = appendRequest(dst, l)
	dst = append(dst, `" `...)
	dst = strconv.AppendInt(dst, int64(l.Status), 10)
	dst = append(dst, ' ')
	if l.Bytes < 0 {
		dst = append(dst, '-')
	} else {
		dst = strconv.AppendInt(dst, l.Bytes, 10)
	}
	if f.kind != kindCommon {
		dst = append(dst, ` "`...)
		dst = append(dst, l.Referrer...)
		dst = append(dst, `" "`...)
		dst = append(dst, l.Agent...)
		dst = append(dst, '"')
	}
	if f.kind == kindCombinedTime {
		dst = append(dst, ' ')
		dst = appendSeconds(dst, l.Latency)
	}
	return append(dst, '\n')
}

// stampOf returns the time as Apache's %t writes it.
func (f *Format) stampOf(t time.Time) []byte {
	if sec := t.Unix(); sec != f.second || f.stamp == nil {
		f.second = sec
		f.stamp = t.In(f.zone).AppendFormat(f.stamp[:0], "[02/Jan/2006:15:04:05 -0700]")
	}
	return f.stamp
}

// appendCSV appends l with numbers bare and texts in quotes.
func appendCSV(dst []byte, l *Line) []byte {
	dst = append(dst, '"')
	dst = append(dst, l.Client...)
	dst = append(dst, `","-","`...)
	dst = append(dst, l.User...)
	dst = append(dst, `",`...)
	dst = strconv.AppendInt(dst, l.At.Unix(), 10)
	dst = append(dst, `,"`...)
	dst = appendRequest(dst, l)
	dst = append(dst, `",`...)
	dst = strconv.AppendInt(dst, int64(l.Status), 10)
	dst = append(dst, ',')
	dst = strconv.AppendInt(dst, max(l.Bytes, 0), 10)
	return append(dst, '\n')
}

// appendRequest appends the request line.
func appendRequest(dst []byte, l *Line) []byte {
	dst = append(dst, l.Method...)
	dst = append(dst, ' ')
	dst = append(dst, l.Target...)
	if l.Query != "" {
		dst = append(dst, '?')
		dst = append(dst, l.Query...)
	}
	dst = append(dst, ' ')
	return append(dst, l.Protocol...)
}

// appendSeconds appends d in seconds with three decimals.
func appendSeconds(dst []byte, d time.Duration) []byte {
	ms := max(d, 0).Round(time.Millisecond).Milliseconds()
	dst = strconv.AppendInt(dst, ms/1000, 10)
	ms %= 1000
	return append(dst, '.', byte('0'+ms/100), byte('0'+ms/10%10), byte('0'+ms%10))
}
