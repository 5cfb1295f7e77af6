package cli

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"weir/internal/accesslog"
	"weir/internal/drive"
	"weir/internal/export"
	"weir/internal/monitor"
	"weir/internal/scan"
	"weir/internal/unit"
)

// replayFlags say which log is sent again.
type replayFlags struct {
	files   []string
	speed   float64
	longest time.Duration
	methods []string
}

// mostReplayed is how many requests of logs are sent again; they are held in memory, at 40 bytes
// each while they are put in order.
const mostReplayed = 5_000_000

func (o *replayFlags) add(f *pflag.FlagSet) {
	f.StringArrayVar(&o.files, "replay", nil, "send the requests of this access log `FILE`, at their own times, to the site of --url; may be repeated")
	f.Var(newValue(&o.speed, "FACTOR", "1x", parseSpeed), "speed", "of --replay: 10x is ten times as fast, 0.5x half as fast")
	f.Var(newValue(&o.longest, "SPAN", "", unit.ParseSpan), "max-gap", "cut pauses of the log to this")
	f.Var(newValue(&o.methods, "METHODS", "GET,HEAD", parseMethods), "methods", "which requests of the log are sent; all others are left out, and counted")
}

func parseSpeed(s string) (float64, error) {
	x, err := strconv.ParseFloat(strings.TrimSuffix(s, "x"), 64)
	if err != nil || !(x >= 0.001 && x <= 1e6) {
		return 0, errors.New("must be a factor from 0.001x to 1000000x, such as 10x")
	}
	return x, nil
}

func parseMethods(s string) ([]string, error) {
	all := strings.Split(s, ",")
	for i, m := range all {
		all[i] = strings.ToUpper(strings.TrimSpace(m))
		if err := drive.CheckMethod(all[i]); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// planReplay plans the requests of logs; it returns the highest rate of a second.
func (o *trafficgen) planReplay(ctx context.Context, options *drive.Options, s streams) (unit.PerSecond, error) {
	site, target, err := drive.ParseURL(o.mix.urls[0])
	switch {
	case err != nil:
		return 0, usageError{fmt.Errorf("invalid argument for --url: %w", err)}
	case target != "/" || o.mix.body != "" || o.mix.method != "GET":
		return 0, usageError{errors.New("--replay brings its own targets: --url may only name the site, such as http://127.0.0.1:8080, and --method and --body have no meaning")}
	}
	header, err := o.mix.fields()
	if err != nil {
		return 0, err
	}
	logs, notices, err := scan.Find(o.replay.files, nil)
	if err != nil {
		return 0, &monitor.InputError{Text: err.Error()}
	}
	r := &replayed{site: site, header: header, methods: o.replay.methods, known: map[string]int32{}}
	allow(1000, false) // lists of requests are larger than all that is counted
	found, err := scan.Run(ctx, logs, scan.Options{Stdin: s.in, Records: r, Writer: func() export.Writer { return requestWriter{} }})
	if err != nil {
		return 0, err
	}
	for _, n := range slices.Concat(notices, found.Notices) {
		tell(s.err, n)
	}
	for _, src := range found.Sources {
		if src.Rejected > 0 && src.LastReject != nil {
			tell(s.err, rejectedText(&src, ""))
		}
	}
	if len(found.Failures) > 0 {
		return 0, &monitor.InputError{Text: found.Failures[0].Error()}
	}
	if r.odd > 0 {
		tell(s.err, fmt.Sprintf("%s %s left out: no target on a site", unit.Count(r.odd), unit.Plural(r.odd, "request")))
	}
	if r.others > 0 {
		tell(s.err, fmt.Sprintf("%s %s left out: other methods than %s; --methods names those that are sent", unit.Count(r.others), unit.Plural(r.others, "request"), strings.Join(r.methods, ", ")))
	}
	if len(r.entries) == 0 {
		return 0, &monitor.InputError{Text: fmt.Sprintf("nothing to send: %s has no request with one of the methods %s", strings.Join(o.replay.files, ", "), strings.Join(r.methods, ", "))}
	}
	plan := drive.NewReplay(r.entries, o.replay.speed, o.replay.longest)
	tell(s.err, fmt.Sprintf("%s %s in %s%s", unit.Count(int64(len(r.entries))), unit.Plural(int64(len(r.entries)), "request"), unit.Span(plan.Length.Round(time.Millisecond)), cut(plan.Pauses)))
	options.Requests = r.requests
	most := unit.PerSecond(plan.Busiest()) * unit.One
	o.plan(options, most, func() drive.Plan { return &drive.Limited{Plan: plan.Twin(), For: o.pacing.duration, Count: o.requests} })
	o.peaks = []unit.PerSecond{most}
	return most, nil
}

func cut(pauses int) string {
	if pauses == 0 {
		return ""
	}
	return fmt.Sprintf(", %s %s cut", unit.Count(int64(pauses)), unit.Plural(int64(pauses), "pause"))
}

// requestWriter writes records down as their time, method and target, for replayed.
type requestWriter struct{}

// Append implements export.Writer.
func (requestWriter) Append(dst []byte, r *accesslog.Record, _ string) []byte {
	target := r.Target
	if r.Malformed {
		target = nil
	}
	dst = binary.LittleEndian.AppendUint64(dst, uint64(r.Sec))
	dst = binary.LittleEndian.AppendUint32(dst, uint32(r.Nanos))
	dst = binary.AppendUvarint(dst, uint64(len(r.Method)))
	dst = append(dst, r.Method...)
	dst = binary.AppendUvarint(dst, uint64(len(target)))
	return append(dst, target...)
}

// replayed collects the requests of logs.
type replayed struct {
	site     *url.URL
	header   []drive.Field
	methods  []string
	requests []drive.Request
	known    map[string]int32 // "GET /x": its place in requests
	entries  []drive.Entry
	odd      int64 // without a target
	others   int64 // with other methods
	key      []byte
}

// Write implements io.Writer for the records of requestWriter.
func (p *replayed) Write(b []byte) (int, error) {
	all := len(b)
	word := func() []byte {
		n, size := binary.Uvarint(b)
		w := b[size : size+int(n)]
		b = b[size+int(n):]
		return w
	}
	for len(b) > 0 {
		sec, nanos := int64(binary.LittleEndian.Uint64(b)), int32(binary.LittleEndian.Uint32(b[8:]))
		b = b[12:]
		method, target := word(), word()
		if err := p.add(drive.Entry{Sec: sec, Nanos: nanos}, method, target); err != nil {
			return 0, err
		}
	}
	return all, nil
}

func (p *replayed) add(e drive.Entry, method, target []byte) error {
	target = onSite(target)
	if target == nil || drive.CheckTarget(string(target)) != nil {
		p.odd++
		return nil
	}
	if len(method) == 0 {
		method = []byte("GET") // the log has no column for it
	}
	if !slices.Contains(p.methods, string(method)) {
		p.others++
		return nil
	}
	p.key = append(append(append(p.key[:0], method...), ' '), target...)
	at, ok := p.known[string(p.key)]
	if !ok {
		at = int32(len(p.requests))
		p.known[string(p.key)] = at
		p.requests = append(p.requests, drive.Request{Method: string(method), Site: p.site, Target: string(target), Header: p.header, Literal: true})
	}
	e.Request = at
	p.entries = append(p.entries, e)
	if len(p.entries) > mostReplayed {
		return &monitor.InputError{Text: fmt.Sprintf("more than %s requests to replay: cut a stretch out of the log with weir log --from TIME --to TIME", unit.Count(mostReplayed))}
	}
	return nil
}

// onSite returns the target from the first slash of its path on; nil where it has none.
func onSite(target []byte) []byte {
	if len(target) > 0 && target[0] == '/' {
		return target
	}
	_, rest, ok := bytes.Cut(target, []byte("://"))
	if !ok {
		return nil
	}
	if i := bytes.IndexByte(rest, '/'); i >= 0 {
		return rest[i:]
	}
	return []byte("/")
}
