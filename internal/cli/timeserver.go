package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"weir/internal/config"
	"weir/internal/export"
	"weir/internal/monitor"
	"weir/internal/timesite"
	"weir/internal/unit"
)

// timeserver holds the flags of the time server.
type timeserver struct {
	port     uint16
	host     string
	log      string
	notation export.Notation
	zone     *time.Location
	latency  timesite.Latency
	failRate float64
	slowRate float64
	slowBy   time.Duration
	duration time.Duration
}

const timeserverHelp = `weir timeserver is a small web site to try things on: a load generator, a collector, a
monitor of its access log, alerts.

  /            the time of day
  /stats       how many answers were 200, 404, 500 since it began, this one included:
               a line each, or JSON for who asks for it by Accept
  /stats.json  the same as JSON
  /metrics     the same for Prometheus
  /fail        a 500
  all else     a 404

It answers this machine only, unless --host is given, until Ctrl-C or SIGTERM, and finishes
what is under way then. SIGHUP opens the access log anew, so that it can be rotated.`

func newTimeserver(s streams) *cobra.Command {
	o := &timeserver{}
	names := accessLogNames()
	cmd := &cobra.Command{
		Use:   "timeserver [flags]",
		Short: "A small web site with counters, to try load, alerts and collectors on",
		Long:  timeserverHelp,
		Example: `  weir timeserver --port 8080 --access-log access.log
  weir timeserver --latency 20ms+-5ms --fail-rate 1% --slow-rate 0.5% --access-log access.log`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return o.run(cmd, s) },
	}
	f := cmd.Flags()
	f.SortFlags = false
	f.Uint16VarP(&o.port, "port", "p", 8080, "`PORT` to listen on; 0 is any that is free, which is told")
	f.StringVar(&o.host, "host", "127.0.0.1", "address or `NAME` to listen on; 0.0.0.0 answers other machines, too")
	f.StringVar(&o.log, "access-log", "", "append a line for each request to this `FILE`; - is standard output")
	f.Var(newValue(&o.notation, "NAME", names[0], parseAccessLog), "log-format", "of the access log: "+strings.Join(names, ", "))
	f.Var(newValue(&o.zone, "ZONE", "local", config.Zone), "timezone", "of all times: local, UTC, +02:00, Europe/Berlin")
	f.Var(newValue(&o.latency, "SPAN", "", timesite.ParseLatency), "latency", "hold answers back so long: 20ms, or 20ms±5ms (20ms+-5ms); not statistics")
	f.Var(newValue(&o.failRate, "SHARE", "", parseShare), "fail-rate", "answer this share with a 500: 0.05 or 5%; not statistics")
	f.Var(newValue(&o.slowRate, "SHARE", "", parseShare), "slow-rate", "hold this share back for longer: 0.05 or 5%; not statistics")
	f.Var(newValue(&o.slowBy, "SPAN", "1s", parseDelay), "slow-by", "by how much longer")
	f.Var(newValue(&o.duration, "SPAN", "", unit.ParseSpan), "duration", "end after this time")
	return cmd
}

// accessLogNames are the formats that the access log may have, the usual one first:
// notations that weir itself recognises.
func accessLogNames() []string {
	names := []string{"combined-time"}
	for _, name := range export.Names() {
		if name != "tsv" && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

func parseAccessLog(s string) (export.Notation, error) {
	if _, err := oneOf(accessLogNames()...)(s); err != nil {
		return export.Notation{}, err
	}
	n, _ := export.Lookup(s)
	return n, nil
}

// parseDelay reads how long an answer is held back.
func parseDelay(s string) (time.Duration, error) {
	d, err := unit.ParseSpan(s)
	if err == nil && d > timesite.MaxLatency {
		err = fmt.Errorf("must be at most %s", unit.Span(timesite.MaxLatency))
	}
	return d, err
}

// check finds what contradicts.
func (o *timeserver) check(cmd *cobra.Command) error {
	given := cmd.Flags().Changed
	switch {
	case given("access-log") && o.log == "":
		return usageError{errors.New("invalid argument for --access-log: the name of the file is empty")}
	case given("log-format") && o.log == "":
		return usageError{errors.New("--log-format says how the access log is written: name it with --access-log FILE")}
	case given("slow-by") && o.slowRate == 0:
		return usageError{errors.New("--slow-by is for slow answers: say how many there are with --slow-rate 5%")}
	}
	return nil
}

func (o *timeserver) run(cmd *cobra.Command, s streams) error {
	if err := o.check(cmd); err != nil {
		return err
	}
	ctx, cancel := context.WithCancelCause(cmd.Context())
	defer cancel(nil)
	if o.duration > 0 {
		var stop context.CancelFunc
		ctx, stop = context.WithTimeout(ctx, o.duration)
		defer stop()
	}
	tellAll := func(text string) { tell(s.err, text) }
	// The port comes first, so that no log is made by a server that cannot run.
	l, err := timesite.Listen(o.host, o.port)
	if err != nil {
		return &monitor.InputError{Text: err.Error()}
	}
	defer l.Close()
	site := timesite.Options{Zone: o.zone, Latency: o.latency, FailRate: o.failRate, SlowRate: o.slowRate, SlowBy: o.slowBy}
	if o.log != "" {
		out, err := o.openLog(s.out, cancel)
		if err != nil {
			return err
		}
		defer out.Close()
		site.Log = timesite.NewLog(out, o.notation.New(o.zone), tellAll)
	}
	server := timesite.New(site)
	tellAll(fmt.Sprintf("listening on http://%s/", l.Addr()))
	if at, ok := l.Addr().(*net.TCPAddr); ok && !at.IP.IsLoopback() {
		tellAll("any machine that reaches this one is answered")
	}
	err = server.Serve(ctx, l, tellAll)
	c := server.Counts()
	tellAll(fmt.Sprintf("answered %s 200s, %s 404s, %s 500s%s", unit.Count(c.OK), unit.Count(c.NotFound), unit.Count(c.Failed), rest(c)))
	if err != nil {
		return err
	}
	if site.Log != nil && site.Log.Lost() > 0 && !errors.Is(context.Cause(ctx), syscall.EPIPE) {
		return fmt.Errorf("%s %s of the access log could not be written", unit.Count(site.Log.Lost()), unit.Plural(site.Log.Lost(), "line"))
	}
	return nil
}

// rest tells of answers that the three counters leave out.
func rest(c timesite.Counts) string {
	text := ""
	if c.NotAllowed > 0 {
		text += ", " + unit.Count(c.NotAllowed) + " 405s"
	}
	if c.Gone > 0 {
		text += fmt.Sprintf("; %s %s left before the answer", unit.Count(c.Gone), unit.Plural(c.Gone, "client"))
	}
	return text
}

// openLog opens the access log. The end of a pipe's reader ends the server, as it does
// other commands that write to one.
func (o *timeserver) openLog(out *os.File, end func(error)) (io.WriteCloser, error) {
	if o.log != "-" {
		return openRotated("access-log", o.log, o.notation.Header)
	}
	p := pipe{out, end}
	if o.notation.Header != "" {
		if _, err := p.Write([]byte(o.notation.Header)); err != nil {
			return nil, err
		}
	}
	return p, nil
}

// A pipe is standard output, whose reader may leave.
type pipe struct {
	to  io.Writer
	end func(error)
}

// Write implements io.Writer.
func (p pipe) Write(b []byte) (int, error) {
	n, err := p.to.Write(b)
	if errors.Is(err, syscall.EPIPE) {
		p.end(err)
	}
	if err != nil {
		err = fmt.Errorf("cannot write --access-log: %w", err)
	}
	return n, err
}

// Close implements io.Closer: standard output is the caller's.
func (pipe) Close() error { return nil }
