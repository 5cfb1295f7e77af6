package cli

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"weir/internal/drive"
	"weir/internal/monitor"
	"weir/internal/pace"
	"weir/internal/unit"
)

// trafficgen holds the flags of the load generator.
type trafficgen struct {
	pacing      pacing
	mix         mixFlags
	replay      replayFlags
	secure      tlsFlags
	verdict     verdict
	requests    int64
	connections int
	overload    drive.Overload
	threads     int
	timeout     time.Duration
	wait        time.Duration
	maxBody     int64
	fresh       bool
	http2       bool
	grade       grade
	seed        uint64
	owned       bool
	beside      besideFlags
	peaks       []unit.PerSecond // the highest rate of each pattern, without jitter
}

// freeRate is how many requests a second go to other machines without a word from their
// owner.
const freeRate = 1000 * unit.One

// exactUpTo is the rate up to which each request is sent by itself unless --pace says
// otherwise: beyond it that costs a whole processor.
const exactUpTo = 20_000 * unit.One

// oneThreadUpTo is the rate up to which one thread sends, unless --threads says otherwise.
const oneThreadUpTo = 40_000 * unit.One

// maxThreads bounds --threads.
const maxThreads = 64

// usualBatch is what is sent together beyond that.
const usualBatch = time.Millisecond

const trafficgenHelp = `weir trafficgen sends HTTP requests at a rate, and tells how they were answered.

It keeps the rate whatever the server does: no answer is waited for before the next request,
there are never more connections than --connections, and what is due while all of them are
taken is sent as soon as one is free. Latencies count from when a request was due, so a
server that stands still for 2 s shows in the percentiles as it does to its users; the time
from when it was sent stands beside them.

On a terminal + and - change the rate by 10 %, j and k the jitter; space pauses, p turns to the
next --pattern, q stops. SIGUSR1 and SIGUSR2 are + and -.

Ctrl-C ends it with the report. Exit code 3: the target cannot be reached, or never answered;
4: an --expect does not hold, or less than --kept of the rate was sent.`

func newTrafficgen(s streams) *cobra.Command {
	o := &trafficgen{}
	cmd := &cobra.Command{
		Use:   "trafficgen --url URL [flags]",
		Short: "Send HTTP requests at a rate that holds, and tell how they were answered",
		Long:  trafficgenHelp,
		Example: `  weir trafficgen --url http://127.0.0.1:8080/ --rps 500 --jitter 0.5 --duration 1m
  weir trafficgen --url http://127.0.0.1:8080 --targets mix.txt --rps 200 --pattern sine:period=2m
  weir trafficgen --url http://127.0.0.1:8080 --replay access.log --speed 10x
  weir trafficgen --url http://127.0.0.1:8080/ --rps 500 --duration 10s --expect 'p99<50ms' --expect 'errors<1%'
  weir trafficgen report a.json b.json`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return o.run(cmd, s) },
	}
	f := cmd.Flags()
	f.SortFlags = false
	o.mix.add(f)
	o.pacing.flags(f, "rps")
	f.Lookup("pattern").Usage += "; may be repeated, the key p then turns to the next"
	f.Int64Var(&o.requests, "requests", 0, "end after `N` requests")
	o.replay.add(f)
	f.IntVarP(&o.connections, "connections", "c", 64, "`N` connections at once at most, whatever happens")
	f.Var(newValue(&o.overload, "WHICH", "queue", drive.ParseOverload), "on-overload", "what is due while all connections are taken: queue, it waits, and its waiting counts; drop; stop ends the run with exit code 4")
	f.Var(newValue(&o.timeout, "SPAN", "10s", unit.ParseSpan), "timeout", "give a request up after this time; so one that waits for a connection")
	f.BoolVar(&o.fresh, "no-keep-alive", false, "open a connection for each request")
	f.Var(newValue(&o.maxBody, "SIZE", "64MB", unit.ParseBytes), "max-body", "give an answer up that is longer")
	f.BoolVar(&o.http2, "http2", false, "speak HTTP/2, over TLS or without")
	o.secure.add(f)
	f.Var(newValue(&o.wait, "SPAN", "", unit.ParseSpan), "wait", "try for so long to reach a server that is not there yet")
	f.IntVar(&o.threads, "threads", 0, "`N` threads that send, each its share of requests and connections; on Linux, without TLS and HTTP/2 (default: 1, beyond 40000 requests a second 2)")
	f.Var(newValue(&o.grade, "GRADE", "", parseGrade), "pace", "exact: each request at its microsecond, the default up to 20000 a second; batch, or a span: what is due within 1ms, or it, together")
	o.verdict.add(f)
	f.Var(newValue(&o.beside.listen, "ADDR", "", parseListen), "listen", "show the figures of the last second meanwhile at /metrics (Prometheus) and /stats (text, JSON) of this address: 127.0.0.1:9100, or a port of this machine alone")
	f.StringVar(&o.beside.raw, "raw", "", "write a line for each request to this `FILE`: due, send, reply (Unix seconds), code, bytes, with tabs between them")
	f.Uint64Var(&o.seed, "seed", 0, "`SEED` of everything random (default: another one each time, told on standard error)")
	f.BoolVar(&o.owned, "yes-i-own-this", false, "send more than 1000 requests a second to another machine")
	f.Var(newValue(&o.beside.live, "WHICH", "auto", oneOf("auto", "lines", "off")), "live", "what is shown meanwhile. auto: on a terminal a screen, with keys that change the rate, elsewhere a line each second; lines; off")
	cmd.AddCommand(newTrafficgenReport(s))
	return cmd
}

// A grade is how exactly requests are sent; the zero value is the usual.
type grade struct {
	given bool
	batch time.Duration
}

func parseGrade(s string) (grade, error) {
	switch s {
	case "exact":
		return grade{given: true}, nil
	case "batch":
		return grade{true, usualBatch}, nil
	}
	d, err := unit.ParseSpan(s)
	if err != nil || d < 10*time.Microsecond || d > time.Second {
		return grade{}, errors.New("must be exact, batch, or a span from 10us to 1s")
	}
	return grade{true, d}, nil
}

// tlsFlags say how https is spoken.
type tlsFlags struct {
	insecure         bool
	authority        string
	certificate, key string
}

func (o *tlsFlags) add(f *pflag.FlagSet) {
	f.BoolVar(&o.insecure, "insecure", false, "take any certificate of a server")
	f.StringVar(&o.authority, "cacert", "", "`FILE` of certificates (PEM) of authorities to trust, besides those of the system")
	f.StringVar(&o.certificate, "cert", "", "`FILE` of the certificate (PEM) that is shown to servers; goes with --key")
	f.StringVar(&o.key, "key", "", "`FILE` of the private key (PEM) of --cert")
}

// config returns nil where nothing was asked for.
func (o *tlsFlags) config() (*tls.Config, error) {
	if *o == (tlsFlags{}) {
		return nil, nil
	}
	c := &tls.Config{InsecureSkipVerify: o.insecure}
	if o.authority != "" {
		text, err := os.ReadFile(o.authority)
		if err != nil {
			return nil, &monitor.InputError{Text: fmt.Sprintf("cannot read --cacert: %v", err)}
		}
		if c.RootCAs, err = x509.SystemCertPool(); err != nil {
			c.RootCAs = x509.NewCertPool()
		}
		if !c.RootCAs.AppendCertsFromPEM(text) {
			return nil, &monitor.InputError{Text: fmt.Sprintf("%s holds no certificate in PEM form (-----BEGIN CERTIFICATE-----)", o.authority)}
		}
	}
	if (o.certificate == "") != (o.key == "") {
		return nil, usageError{errors.New("--cert and --key belong together: give both")}
	}
	if o.certificate != "" {
		pair, err := tls.LoadX509KeyPair(o.certificate, o.key)
		if err != nil {
			return nil, &monitor.InputError{Text: fmt.Sprintf("cannot use --cert and --key: %v", err)}
		}
		c.Certificates = []tls.Certificate{pair}
	}
	return c, nil
}

// check finds what contradicts.
func (o *trafficgen) check(cmd *cobra.Command) error {
	given := cmd.Flags().Changed
	switch {
	case len(o.mix.urls) == 0 && o.mix.file == "":
		return usageError{errors.New("weir trafficgen needs a target: name it with --url http://127.0.0.1:8080/")}
	case o.requests < 0:
		return usageError{errors.New("invalid argument for --requests: must not be negative")}
	case o.connections < 1 || o.connections > 60_000:
		return usageError{errors.New("invalid argument for --connections: must be from 1 to 60000")}
	case o.threads < 0 || given("threads") && o.threads == 0 || o.threads > maxThreads:
		return usageError{fmt.Errorf("invalid argument for --threads: must be from 1 to %d", maxThreads)}
	case o.timeout < time.Millisecond:
		return usageError{errors.New("invalid argument for --timeout: must be a millisecond at least")}
	case given("replay") && (given("rps") || given("pattern") || given("steps") || given("jitter") || given("arrivals") || given("targets")):
		return usageError{errors.New("--replay brings its own times and targets: leave --rps, --pattern, --steps, --jitter, --arrivals and --targets out")}
	case given("replay") && len(o.mix.urls) != 1:
		return usageError{errors.New("--replay sends to one site, which is never taken from the log: name it with one --url")}
	case !given("replay") && (given("speed") || given("max-gap") || given("methods")):
		return usageError{errors.New("--speed, --max-gap and --methods are about a log: name it with --replay FILE")}
	}
	return o.verdict.check()
}

func (o *trafficgen) run(cmd *cobra.Command, s streams) error {
	if err := o.check(cmd); err != nil {
		return err
	}
	ctx, cancel := context.WithCancelCause(cmd.Context())
	defer cancel(nil)
	if !cmd.Flags().Changed("seed") {
		o.seed = rand.Uint64() >> 32
	}
	options, err := o.options(cmd, s)
	if err != nil {
		return err
	}
	if err := o.verdict.ready(); err != nil {
		return err
	}
	if o.beside.raw != "" {
		file, err := openRaw(o.beside.raw)
		if err != nil {
			return fmt.Errorf("cannot write --raw: %w", err)
		}
		defer file.close()
		options.Raw = file
	}
	// net/http tells the log of its own of servers that speak unasked; they are in the report.
	slog.SetDefault(slog.New(slog.DiscardHandler))
	if o.beside.listen != "" {
		stop, err := o.serve(&options, s)
		if err != nil {
			return err
		}
		defer stop()
	}
	done := o.show(ctx, &options, s, func() { cancel(errors.New("stopped by the key q")) })
	report, err := drive.Run(ctx, options)
	done()
	var out *drive.UnreachableError
	if errors.As(err, &out) {
		err = &monitor.InputError{Text: out.Text}
	}
	if report == nil {
		if ctx.Err() != nil && errors.Is(err, context.Cause(ctx)) {
			err = nil
		}
		return err
	}
	return errors.Join(o.verdict.write(report, s.out), cmp.Or(err, o.verdict.judge(report)))
}

// options makes a run out of the flags.
func (o *trafficgen) options(cmd *cobra.Command, s streams) (drive.Options, error) {
	options := drive.Options{
		Connections: o.connections, Overload: o.overload, Timeout: o.timeout, Wait: o.wait, MaxBody: o.maxBody, Fresh: o.fresh, HTTP2: o.http2,
		Batch: o.grade.batch, Agent: "weir-trafficgen/" + release, Seed: o.seed,
	}
	var err error
	if options.TLS, err = o.secure.config(); err != nil {
		return options, err
	}
	var peak unit.PerSecond
	if len(o.replay.files) > 0 {
		peak, err = o.planReplay(cmd.Context(), &options, s)
	} else {
		peak, err = o.planPaced(cmd, &options, s)
	}
	if err != nil {
		return options, err
	}
	if !o.grade.given && peak > exactUpTo {
		options.Batch = usualBatch
	}
	o.owned = o.owned || drive.Loopback(cmd.Context(), options.Requests)
	if peak > freeRate && !o.owned {
		return options, usageError{fmt.Errorf("%s requests a second to another machine can be an attack on it: if it is yours, or its owner agrees, say so with --yes-i-own-this", unit.Count(int64(peak/unit.One)))}
	}
	return options, nil
}

// planPaced plans requests by the flags of the rate; it returns the highest.
func (o *trafficgen) planPaced(cmd *cobra.Command, options *drive.Options, s streams) (unit.PerSecond, error) {
	all, err := o.mix.read()
	if err != nil {
		return 0, err
	}
	// The length is the Plan's, so that the report knows it.
	shapes, err := o.pacing.shapes(cmd.Flags(), o.seed)
	if err != nil {
		return 0, err
	}
	for _, s := range shapes {
		o.peaks = append(o.peaks, peak(s, o.pacing.duration))
	}
	shape := o.pacing.jittered(shapes[0], o.seed)
	weights := make([]float64, len(all))
	for i, w := range all {
		options.Requests = append(options.Requests, w.Request)
		weights[i] = w.Weight
	}
	most := peak(shape, o.pacing.duration)
	o.plan(options, most, func() drive.Plan {
		return &drive.Paced{
			Pacer: pace.NewArrivals(shape, o.pacing.arrivals, o.seed), Mix: drive.NewMix(weights, o.seed), For: o.pacing.duration, Count: o.requests,
			Patterns: shapes, Jitter: pace.Jitter{Amount: o.pacing.jitter, Every: o.pacing.every, Seed: o.seed},
		}
	})
	options.Setting.Jitter = o.pacing.jitter
	random := len(all) > 1 || o.pacing.jitter > 0 || o.pacing.arrivals != pace.Even || cmd.Flags().Changed("pattern")
	for i := range options.Requests {
		random = random || options.Requests[i].Templated()
	}
	if random && !cmd.Flags().Changed("seed") {
		tell(s.err, fmt.Sprintf("--seed %d", o.seed))
	}
	return most, nil
}

// plan makes a Plan for each thread; most is its highest rate.
func (o *trafficgen) plan(options *drive.Options, most unit.PerSecond, make func() drive.Plan) {
	options.Plan = make()
	n := o.threads
	if n == 0 && most > oneThreadUpTo {
		n = min(2, runtime.NumCPU())
	}
	for range n - 1 {
		options.Twins = append(options.Twins, make())
	}
}

// peak returns the highest rate of a shape, as far as a million of its pieces reach.
func peak(shape pace.Shape, length time.Duration) unit.PerSecond {
	most := unit.PerSecond(0)
	at := time.Duration(0)
	for range 1_000_000 {
		rate, until, ok := shape.At(at)
		if !ok || length > 0 && at >= length {
			break
		}
		most, at = max(most, rate), until
		if until == pace.Forever {
			break
		}
	}
	return most
}

// mixFlags say which requests are sent.
type mixFlags struct {
	urls   []string
	file   string
	method string
	header []string
	body   string
}

func (o *mixFlags) add(f *pflag.FlagSet) {
	f.StringArrayVarP(&o.urls, "url", "u", nil, "`URL` to send to; may be repeated, all of them are then sent as often")
	f.StringVar(&o.file, "targets", "", "`FILE` with a request in each line, WEIGHT METHOD TARGET: 80 GET /; lines behind it that begin with a blank are its header, and its body behind = or @FILE")
	f.StringVarP(&o.method, "method", "X", "GET", "`METHOD` of the requests")
	f.StringArrayVarP(&o.header, "header", "H", nil, "`LINE` of their header, such as 'Accept: text/html'; may be repeated")
	f.StringVar(&o.body, "body", "", "`TEXT` of their body, or @FILE")
}

// read returns the requests, one at least.
func (o *mixFlags) read() ([]drive.Weighted, error) {
	bad := func(flag string, err error) error {
		return usageError{fmt.Errorf("invalid argument for --%s: %w", flag, err)}
	}
	if err := drive.CheckMethod(o.method); err != nil {
		return nil, bad("method", err)
	}
	header, err := o.fields()
	if err != nil {
		return nil, err
	}
	body, err := o.content()
	if err != nil {
		return nil, err
	}
	var all []drive.Weighted
	for _, text := range o.urls {
		site, target, err := drive.ParseURL(text)
		if err != nil {
			return nil, bad("url", err)
		}
		all = append(all, drive.Weighted{Weight: 1, Request: drive.Request{Method: o.method, Site: site, Target: target, Header: header, Body: body}})
	}
	if o.file == "" {
		return all, nil
	}
	t := drive.Targets{Header: header, File: func(name string) ([]byte, error) {
		if !filepath.IsAbs(name) {
			name = filepath.Join(filepath.Dir(o.file), name)
		}
		return os.ReadFile(name)
	}}
	switch {
	case len(all) == 1 && all[0].Target == "/":
		t.Site = all[0].Site
	case len(all) > 0:
		return nil, usageError{errors.New("--targets says what is sent: --url may then only name the site, such as http://127.0.0.1:8080")}
	}
	if o.method != "GET" || body != nil {
		return nil, usageError{errors.New("--targets says methods and bodies: leave --method and --body out")}
	}
	text, err := os.ReadFile(o.file)
	if err != nil {
		return nil, &monitor.InputError{Text: "cannot read --targets: " + strings.TrimPrefix(err.Error(), "open ")}
	}
	mix, err := t.Parse(string(text))
	if err != nil {
		return nil, &monitor.InputError{Text: fmt.Sprintf("%s: %v", o.file, err)}
	}
	return mix, nil
}

func (o *mixFlags) fields() ([]drive.Field, error) {
	var all []drive.Field
	for _, line := range o.header {
		f, err := drive.ParseField(line)
		if err != nil {
			return nil, usageError{fmt.Errorf("invalid argument for --header: %w", err)}
		}
		all = append(all, f)
	}
	return all, nil
}

// content returns the body, nil for none.
func (o *mixFlags) content() ([]byte, error) {
	name, ok := strings.CutPrefix(o.body, "@")
	if !ok {
		if o.body == "" {
			return nil, nil
		}
		return []byte(o.body), nil
	}
	b, err := os.ReadFile(name)
	if err != nil {
		return nil, &monitor.InputError{Text: "cannot read --body: " + strings.TrimPrefix(err.Error(), "open ")}
	}
	return slices.Clip(b), nil
}
