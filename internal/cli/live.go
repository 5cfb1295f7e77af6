package cli

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"sync"
	"time"

	"weir/internal/drive"
	"weir/internal/escape"
	"weir/internal/monitor"
	"weir/internal/term"
	"weir/internal/timesite"
	"weir/internal/unit"
)

// besideFlags say what is shown and written while a run goes on.
type besideFlags struct {
	live   string // auto, lines, off
	listen string // an address
	raw    string // the name of a file
}

// live shows what a run of the load generator does, and takes what is wanted otherwise. Its
// methods may be called by several goroutines at once.
type live struct {
	out      *os.File
	mode     liveMode
	controls controls
	changes  chan drive.Setting
	stop     func() // ends the run

	mu      sync.Mutex
	setting drive.Setting
	last    drive.Progress
	seconds []liveSecond // the last of them
	said    string       // in place of the keys, up to the next second
	lines   int          // on the screen
	done    bool
}

// A liveMode is how a run is shown.
type liveMode uint8

const (
	liveOff liveMode = iota
	liveLines
	liveScreen
)

// sparkSeconds is how far back the rates are shown.
const sparkSeconds = 60

// A liveSecond is what was asked for in a second, and what was sent.
type liveSecond struct{ asked, sent int64 }

// controls are what can be changed, and what for.
type controls struct {
	title    string
	length   time.Duration // of the run; 0 for no end
	allowed  int           // connections
	rate     unit.PerSecond
	patterns []string // their names; none for a replay
	keys     bool     // somebody can press them
	// fits tells whether a setting may be; nil for any.
	fits func(drive.Setting) bool
}

// show shows what the run does, and takes keys and signals until done is called, which leaves the
// terminal as it was. stop ends the run.
func (o *trafficgen) show(ctx context.Context, options *drive.Options, s streams, stop func()) (done func()) {
	changes := make(chan drive.Setting, 16)
	options.Changes = changes
	l := &live{out: s.err, mode: o.mode(s.err), changes: changes, stop: stop, setting: options.Setting, controls: o.controls(options)}
	if l.mode == liveLines && o.beside.live == "auto" && o.mode(s.out) == liveScreen {
		l.out, l.mode = s.out, liveScreen
	}
	others := options.OnProgress
	options.OnProgress = func(p drive.Progress) {
		if others != nil {
			others(p)
		}
		l.show(p)
	}
	release := func() {}
	if l.mode == liveScreen {
		l.mu.Lock()
		release, l.controls.keys = term.Keys(s.in, l.take)
		l.last = drive.Progress{Asked: -1, P50: -1, P99: -1, Lag: -1}
		l.draw()
		l.mu.Unlock()
	}
	// At the first Ctrl-C: the second ends the process at once.
	release = sync.OnceFunc(release)
	watching := context.AfterFunc(ctx, release)
	steps := make(chan os.Signal, 4)
	notifySteps(steps)
	end, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		for {
			select {
			case sig := <-steps:
				l.take(stepOf(sig))
			case <-end:
				return
			}
		}
	}()
	return func() {
		signal.Stop(steps)
		close(end)
		<-ended
		watching()
		release()
		l.clear()
	}
}

// parseListen reads an address, or a port of this machine.
func parseListen(s string) (string, error) {
	if _, err := strconv.ParseUint(s, 10, 16); err == nil {
		return net.JoinHostPort("127.0.0.1", s), nil
	}
	_, port, err := net.SplitHostPort(s)
	if _, bad := strconv.ParseUint(port, 10, 16); err != nil || bad != nil {
		return "", errors.New("must be an address with its port, such as 127.0.0.1:9100, or a port")
	}
	return s, nil
}

// serve shows the figures of the run to others, until stop is called.
func (o *trafficgen) serve(options *drive.Options, s streams) (stop func(), err error) {
	host, text, _ := net.SplitHostPort(o.beside.listen) // parseListen has read it
	port, _ := strconv.ParseUint(text, 10, 16)
	l, err := timesite.Listen(host, uint16(port))
	if err != nil {
		return nil, &monitor.InputError{Text: err.Error()}
	}
	board := &drive.Board{}
	options.OnProgress = board.Show
	tell(s.err, fmt.Sprintf("figures at http://%s/metrics and http://%s/stats", l.Addr(), l.Addr()))
	return board.Serve(l), nil
}

// mode is how a run is shown on f.
func (o *trafficgen) mode(f *os.File) liveMode {
	switch color, terminal := term.Color("auto", f, noColorMatters); {
	case o.beside.live == "off":
		return liveOff
	case o.beside.live == "lines" || !terminal || !color:
		return liveLines
	}
	return liveScreen
}

// noColorMatters is the environment without NO_COLOR: the screen has no colours, but it needs
// sequences.
func noColorMatters(name string) string {
	if name == "NO_COLOR" {
		return ""
	}
	return os.Getenv(name)
}

// controls are those of the run.
func (o *trafficgen) controls(options *drive.Options) controls {
	c := controls{title: escape.Terminal([]byte(options.Requests[0].String())), length: o.pacing.duration, allowed: o.connections, rate: o.pacing.rate}
	if n := len(options.Requests) - 1; n > 0 {
		c.title += fmt.Sprintf(" and %s %s", unit.Count(int64(n)), unit.Plural(int64(n), "other"))
	}
	switch {
	case len(o.replay.files) > 0:
	case o.pacing.steps != nil:
		c.patterns = []string{"steps"}
	case len(o.pacing.patterns) == 0:
		c.patterns = []string{"constant"}
	default:
		for _, p := range o.pacing.patterns {
			c.patterns = append(c.patterns, p.String())
		}
	}
	if !o.owned {
		c.fits = func(s drive.Setting) bool {
			most := float64(o.peaks[min(s.Pattern, len(o.peaks)-1)]) * s.Times()
			if len(c.patterns) > 0 {
				most *= 1 + s.Jitter
			}
			return most <= float64(freeRate)
		}
	}
	return c
}

// showLine shows a line of figures where f is a terminal, until done is called.
func showLine(options *drive.Options, f *os.File) (done func()) {
	if _, terminal := term.Color("never", f, os.Getenv); !terminal {
		return func() {}
	}
	const narrow = 79 // so that no terminal breaks it
	shown := false
	options.OnProgress = func(p drive.Progress) {
		shown = true
		fmt.Fprintf(f, "\r\x1b[K%s", clip(liveLine(p), narrow))
	}
	return func() {
		if shown {
			fmt.Fprint(f, "\r\x1b[K")
		}
	}
}

// press returns the setting behind a key, and what there is to say of it; stop ends the run.
func (c *controls) press(s drive.Setting, key byte) (to drive.Setting, says string, stop bool) {
	to = s
	switch key {
	case '+', '=':
		to.Faster = min(s.Faster+1, drive.Fastest)
	case '-', '_':
		to.Faster = max(s.Faster-1, drive.Slowest)
	case 'j', 'k':
		if len(c.patterns) == 0 {
			return s, "a log has no jitter", false
		}
		tenths := int(s.Jitter*10 + 0.5)
		if key == 'j' {
			tenths--
		} else {
			tenths++
		}
		to.Jitter = float64(min(max(tenths, 0), 10)) / 10
	case ' ':
		to.Paused = !s.Paused
	case 'p':
		if len(c.patterns) < 2 {
			return s, "there is no other pattern: give several with --pattern", false
		}
		to.Pattern = (s.Pattern + 1) % len(c.patterns)
	case 'q', 3: // Ctrl-C, where a terminal makes no signal of it
		return s, "stopping", true
	}
	if to != s && c.fits != nil && !c.fits(to) {
		return s, "no more than 1,000 a second to another machine without --yes-i-own-this", false
	}
	return to, "", false
}

// take does what a key says.
func (l *live) take(key byte) {
	l.mu.Lock()
	to, says, stop := l.controls.press(l.setting, key)
	if to != l.setting {
		select {
		case l.changes <- to:
			l.setting = to
		default: // the run is not listening yet, or any more
		}
	}
	l.said = says
	if l.mode == liveScreen {
		l.draw()
	}
	l.mu.Unlock()
	if stop {
		l.stop()
	}
}

// show takes the figures of a second.
func (l *live) show(p drive.Progress) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.last, l.said = p, ""
	l.seconds = append(l.seconds, liveSecond{p.Asked, p.Sent})
	l.seconds = l.seconds[max(0, len(l.seconds)-sparkSeconds):]
	switch l.mode {
	case liveLines:
		fmt.Fprintln(l.out, liveLine(p))
	case liveScreen:
		l.draw()
	}
}

// draw draws the screen over what was drawn before; mu is held.
func (l *live) draw() {
	if l.done {
		return
	}
	cells, height := term.Size(l.out)
	if cells == 0 {
		cells, height = 80, 24 // a terminal that does not tell
	}
	rows := l.screen(cells - 1)
	if height <= len(rows) || cells < 40 {
		rows = []string{clip(liveLine(l.last), cells-1)}
	}
	text := l.home()
	for _, row := range rows {
		text += row + "\x1b[K\n"
	}
	l.lines = len(rows)
	fmt.Fprint(l.out, text+"\x1b[J")
}

// home is the sequence that leads to the first line of what was drawn.
func (l *live) home() string {
	if l.lines == 0 {
		return ""
	}
	return fmt.Sprintf("\x1b[%dA\r", l.lines)
}

// clear takes the screen away, for good.
func (l *live) clear() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.done = true
	if l.lines > 0 {
		fmt.Fprint(l.out, l.home()+"\x1b[J")
		l.lines = 0
	}
}

// screen returns the lines of the screen, each of so many cells at most.
func (l *live) screen(cells int) []string {
	c, p := &l.controls, l.last
	head := c.title + "  " + unit.Span(p.Elapsed.Truncate(time.Second))
	if c.length > 0 {
		head += " of " + unit.Span(c.length)
	}
	if l.setting.Paused {
		head += "  PAUSED"
	}
	top := int64(1)
	for _, s := range l.seconds {
		top = max(top, s.asked, s.sent)
	}
	asked := "-"
	if p.Asked >= 0 {
		asked = unit.Count(p.Asked)
	}
	const rated, label = 26, 10
	row := func(name, text string) string { return fmt.Sprintf("%-*s%s", label, name, text) }
	sparked := func(name, figure string, of func(liveSecond) int64) string {
		return fmt.Sprintf("%-*s%s", rated, row(name, figure+" a second"), spark(l.seconds, of, top))
	}
	rows := []string{
		head,
		row("wanted", l.wanted()),
		sparked("asked", asked, func(s liveSecond) int64 { return s.asked }),
		sparked("sent", unit.Count(p.Sent), func(s liveSecond) int64 { return s.sent }),
		row("answered", answeredText(&p)),
		row("latency", fmt.Sprintf("p50 %s  p99 %s  sent late p99 %s", unit.Duration(p.P50), unit.Duration(p.P99), unit.Duration(p.Lag))),
		row("under way", underWayText(&p, c.allowed)),
	}
	switch {
	case l.said != "":
		rows = append(rows, l.said)
	case c.keys:
		rows = append(rows, c.offered())
	}
	for i := range rows {
		rows[i] = strings.TrimRight(clip(rows[i], cells), " ")
	}
	return rows
}

// wanted tells the setting.
func (l *live) wanted() string {
	c, s := &l.controls, l.setting
	if len(c.patterns) == 0 {
		return fmt.Sprintf("the log, %.4g times as fast as at the start", s.Times())
	}
	text := fmt.Sprintf("%s a second", perSecondText(float64(c.rate)/float64(unit.One)*s.Times()))
	if s.Faster != 0 {
		text += fmt.Sprintf(" (%s x %.4g)", perSecondText(float64(c.rate)/float64(unit.One)), s.Times())
	}
	text += fmt.Sprintf(", jitter %.4g, %s", s.Jitter, c.patterns[min(s.Pattern, len(c.patterns)-1)])
	if n := len(c.patterns); n > 1 {
		text += fmt.Sprintf(" (%d of %d)", s.Pattern+1, n)
	}
	return text
}

// perSecondText writes a rate with one decimal, where it has one.
func perSecondText(rate float64) string {
	return strings.TrimSuffix(unit.Rate(int64(rate*1000+0.5), 1000), ".0")
}

// offered names the keys.
func (c *controls) offered() string {
	text := "+ - rate   "
	if len(c.patterns) > 0 {
		text += "j k jitter   "
	}
	text += "space pause   "
	if len(c.patterns) > 1 {
		text += "p pattern   "
	}
	return text + "q stop"
}

func answeredText(p *drive.Progress) string {
	text := ""
	for class, n := range p.Classes {
		if n > 0 || class == 2 {
			text += fmt.Sprintf("%dxx %s  ", class, unit.Count(n))
		}
	}
	return text + "without an answer " + unit.Count(p.Failed)
}

func underWayText(p *drive.Progress, allowed int) string {
	text := fmt.Sprintf("%s on %s of %s %s", unit.Count(int64(p.UnderWay)), unit.Count(int64(p.Connections)), unit.Count(int64(allowed)), unit.Plural(int64(allowed), "connection"))
	if p.Behind > 0 {
		text += "  BEHIND by " + unit.Duration(p.Behind)
	}
	if p.Late > 0 {
		text += "  late " + unit.Count(p.Late)
	}
	return text
}

// spark draws figures as columns up to top, one for each second.
func spark(all []liveSecond, of func(liveSecond) int64, top int64) string {
	columns := []rune(" ▁▂▃▄▅▆▇█")
	var b strings.Builder
	for _, s := range all {
		n := max(of(s), 0)
		eighths := (n*8 + top/2) / top
		if n > 0 {
			eighths = max(eighths, 1) // little is not nothing
		}
		b.WriteRune(columns[min(eighths, 8)])
	}
	return b.String()
}

// clip ends a text behind so many cells.
func clip(text string, cells int) string {
	if runes := []rune(text); len(runes) > cells {
		return string(runes[:max(cells, 0)])
	}
	return text
}

// liveLine is what a run is doing, the most important first.
func liveLine(p drive.Progress) string {
	line := fmt.Sprintf("%s  %s/s", unit.Span(p.Elapsed.Truncate(time.Second)), unit.Count(p.Sent))
	if p.Asked >= 0 {
		line += " of " + unit.Count(p.Asked)
	}
	line += fmt.Sprintf("  p50 %s  p99 %s", unit.Duration(p.P50), unit.Duration(p.P99))
	if p.Failed+p.Bad > 0 {
		line += "  errors " + unit.Short(p.Failed+p.Bad)
	}
	line += fmt.Sprintf("  under way %s on %s", unit.Short(int64(p.UnderWay)), unit.Short(int64(p.Connections)))
	if p.Behind > 0 {
		line += "  behind by " + unit.Duration(p.Behind)
	}
	return line
}
