package simulate

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A Format writes Lines as one kind of access log. It caches the text of the
// last second, so it belongs to one goroutine; make one with NewFormat.
//
// Its names are those by which weir reads the formats, and of JSON one for each
// program that writes it:
//
//	common          192.0.2.7 - - [10/Oct/2000:13:55:36 -0700] "GET /a HTTP/1.1" 200 1234
//	combined        common "http://www.example.org/" "Mozilla/5.0 ..."
//	combined-time   combined 0.013
//	vhost-combined  www.example.org:80 combined
//	csv             "192.0.2.7","-","-",1549573860,"GET /a HTTP/1.1",200,1234
//
// Fields that say nothing about a request (an upstream, a cipher) always have
// the same value.
type Format struct {
	row  row
	zone *time.Location

	second int64  // the Unix second that stamp is the text of
	stamp  []byte // nil = none yet
	count  uint64 // lines written
}

// targets says what a format makes of the target of a request.
type targets uint8

const (
	asGiven targets = iota
	full            // always with the host in front
	split           // never: the host stands elsewhere, or nowhere
)

// A row is a format in the table.
type row struct {
	name   string
	layout string // of the time down to the second; "" = Unix seconds
	utc    bool   // times have no zone, and are read as UTC
	header string
	target targets
	parts  bool // there is no field of the request as a whole
	append func(f *Format, dst []byte, l *Line) []byte
}

const (
	layoutCLF = "[02/Jan/2006:15:04:05 -0700]"
	layoutISO = "2006-01-02T15:04:05"
)

// rows returns the table of formats, simplest first.
func rows() []row {
	return []row{
		{name: "common", layout: layoutCLF, append: appendCommon},
		{name: "combined", layout: layoutCLF, append: appendCombined},
		{name: "combined-time", layout: layoutCLF, append: appendCombinedTime},
		{name: "combined-us", layout: layoutCLF, append: appendCombinedMicros},
		{name: "combined-us-size", layout: layoutCLF, append: appendMicrosSize},
		{name: "vhost-common", layout: layoutCLF, append: withHost(appendCommon)},
		{name: "vhost-combined", layout: layoutCLF, append: withHost(appendCombined)},
		{name: "vhost-combined-time", layout: layoutCLF, append: withHost(appendCombinedTime)},
		{name: "vhost-combined-us", layout: layoutCLF, append: withHost(appendCombinedMicros)},
		{name: "json", layout: layoutISO + "-07:00", append: appendJSON},
		{name: "json-caddy", append: appendCaddy, target: split, parts: true},
		{name: "json-traefik", layout: layoutISO, utc: true, append: appendTraefikJSON, target: split, parts: true},
		{name: "json-envoy", layout: layoutISO, utc: true, append: appendEnvoyJSON, target: split, parts: true},
		{name: "ltsv", layout: layoutCLF, append: appendLTSV},
		{name: "csv", header: `"remotehost","rfc931","authuser","date","request","status","bytes"` + "\n", append: appendCSV},
		{name: "w3c", layout: time.DateTime, utc: true, header: headerW3C, append: appendW3C, target: split, parts: true},
		{name: "cloudfront", layout: "2006-01-02\t15:04:05", utc: true, header: headerCloudFront, append: appendCloudFront, target: split, parts: true},
		{name: "haproxy", layout: "02/Jan/2006:15:04:05", utc: true, append: appendHAProxy, target: split},
		{name: "traefik", layout: layoutCLF, append: appendTraefik},
		{name: "ingress-nginx", layout: layoutCLF, append: appendIngress},
		{name: "envoy", layout: layoutISO, utc: true, append: appendEnvoy},
		{name: "istio", layout: layoutISO, utc: true, append: appendIstio},
		{name: "squid", append: appendSquid, target: full, parts: true},
		{name: "aws-alb", layout: layoutISO, utc: true, append: appendALB, target: split},
		{name: "aws-elb", layout: layoutISO, utc: true, append: appendELB, target: split},
		{name: "aws-s3", layout: layoutCLF, append: appendS3},
	}
}

// FormatNames returns the names that NewFormat knows, simplest first.
func FormatNames() []string {
	var names []string
	for _, r := range rows() {
		names = append(names, r.name)
	}
	return names
}

// NewFormat returns the format of a name. Times are written in zone, or in UTC
// where the format has no zone; nil means UTC.
func NewFormat(name string, zone *time.Location) (*Format, error) {
	i := slices.IndexFunc(rows(), func(r row) bool { return r.name == name })
	if i < 0 {
		return nil, fmt.Errorf("no log format to write is named %q: use one of %s", name, strings.Join(FormatNames(), ", "))
	}
	f := &Format{row: rows()[i], zone: zone}
	if zone == nil || f.row.utc {
		f.zone = time.UTC
	}
	return f, nil
}

// Fork returns a Format that writes the same, for another log.
func (f *Format) Fork() *Format { return &Format{row: f.row, zone: f.zone} }

// Absolute reports whether targets always have their host in front, so that the
// site must have SiteOptions.AbsoluteTargets.
func (f *Format) Absolute() bool { return f.row.target == full }

// Relative reports whether targets never have their host in front, so that the
// site must not have SiteOptions.AbsoluteTargets.
func (f *Format) Relative() bool { return f.row.target == split }

// AppendHeader appends what such a log begins with, if it has a header.
func (f *Format) AppendHeader(dst []byte) []byte { return append(dst, f.row.header...) }

// AppendLine appends l with its line feed to dst. It allocates only to grow
// dst.
func (f *Format) AppendLine(dst []byte, l *Line) []byte {
	f.count++
	return append(f.row.append(f, dst, l), '\n')
}

// stampOf returns the time down to the second, in the layout of the format.
func (f *Format) stampOf(t time.Time) []byte {
	if sec := t.Unix(); sec != f.second || f.stamp == nil {
		f.second = sec
		f.stamp = t.In(f.zone).AppendFormat(f.stamp[:0], f.row.layout)
	}
	return f.stamp
}

func withHost(line func(*Format, []byte, *Line) []byte) func(*Format, []byte, *Line) []byte {
	return func(f *Format, dst []byte, l *Line) []byte {
		dst = append(dst, l.Host...)
		dst = append(dst, ' ')
		return line(f, dst, l)
	}
}

func appendCommon(f *Format, dst []byte, l *Line) []byte {
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
		return append(dst, '-')
	}
	return strconv.AppendInt(dst, l.Bytes, 10)
}

func appendCombined(f *Format, dst []byte, l *Line) []byte {
	return appendTail(appendCommon(f, dst, l), l)
}

// appendTail appends what makes Combined of Common.
func appendTail(dst []byte, l *Line) []byte {
	dst = append(dst, ` "`...)
	dst = append(dst, l.Referrer...)
	dst = append(dst, `" "`...)
	dst = append(dst, l.Agent...)
	return append(dst, '"')
}

func appendCombinedTime(f *Format, dst []byte, l *Line) []byte {
	return appendSeconds(append(appendCombined(f, dst, l), ' '), l.Latency)
}

func appendCombinedMicros(f *Format, dst []byte, l *Line) []byte {
	return strconv.AppendInt(append(appendCombined(f, dst, l), ' '), l.Latency.Microseconds(), 10)
}

func appendMicrosSize(f *Format, dst []byte, l *Line) []byte {
	dst = append(appendCommon(f, dst, l), ' ')
	return appendTail(strconv.AppendInt(dst, l.Latency.Microseconds(), 10), l)
}

// appendRequest appends the request line.
func appendRequest(dst []byte, l *Line) []byte {
	if l.Garbage != "" {
		return append(dst, l.Garbage...)
	}
	dst = append(dst, l.Method...)
	dst = append(dst, ' ')
	dst = appendTarget(dst, l)
	dst = append(dst, ' ')
	return append(dst, l.Protocol...)
}

// appendTarget appends the target with its query.
func appendTarget(dst []byte, l *Line) []byte {
	dst = append(dst, l.Target...)
	if l.Query != "" {
		dst = append(dst, '?')
		dst = append(dst, l.Query...)
	}
	return dst
}

// appendSeconds appends d in seconds with three decimals.
func appendSeconds(dst []byte, d time.Duration) []byte {
	ms := millis(d)
	dst = strconv.AppendInt(dst, ms/1000, 10)
	return append(dst, '.', byte('0'+ms/100%10), byte('0'+ms/10%10), byte('0'+ms%10))
}

// millis is d in whole milliseconds, rounded.
func millis(d time.Duration) int64 { return max(d, 0).Round(time.Millisecond).Milliseconds() }

// appendFraction appends the milliseconds of a second.
func appendFraction(dst []byte, t time.Time) []byte {
	ms := t.Nanosecond() / 1_000_000
	return append(dst, byte('0'+ms/100), byte('0'+ms/10%10), byte('0'+ms%10))
}

// appendCSV appends l with numbers bare and texts in quotes.
func appendCSV(_ *Format, dst []byte, l *Line) []byte {
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
	return strconv.AppendInt(dst, max(l.Bytes, 0), 10)
}
