package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"weir/internal/bookmark"
	"weir/internal/feed"
	"weir/internal/monitor"
	"weir/internal/relay"
	"weir/internal/term"
)

// tailing holds the flags of the tail command.
type tailing struct {
	inputs    inputFlags
	start     relay.Start
	fromStart bool
	fromEnd   bool
	noFollow  bool
	state     string
	noState   bool
	prefix    string
	json      bool
	raw       bool
	quiet     bool
	poll      bool
}

const tailHelp = `weir tail writes the lines of logs as they come, like tail -F, and goes on through every
kind of rotation without losing or doubling one: renamed, copied and truncated, compressed,
deleted. It begins with the last 10 lines of each log. With --state it goes on at the exact
line where an earlier weir stopped, though the logs were rotated meanwhile; without it
nothing is kept.

A directory, or a pattern in quotes, stands for the logs that are there and for those that
come later, which are found within a second or so and written from their first line. Of a
directory the files named like a log are taken. Rotated and compressed files are none of
their own, nor is what weir writes itself.

Lines are written whole, as the bytes they are, control bytes and all. Where standard
output is a terminal, what could steer it is made visible, unless --raw is given.

SIGTERM and Ctrl-C let it write what was logged before. Messages go to standard error.`

func newTail(s streams) *cobra.Command {
	o := &tailing{}
	cmd := &cobra.Command{
		Use:   "tail [flags] FILE|DIRECTORY|-...",
		Short: "Write the lines of logs as they come, losing none through rotation",
		Long:  tailHelp,
		Example: `  weir tail /var/log/nginx/access.log
  weir tail --state /var/lib/weir/shipped access.log | ship
  weir tail -n +1 --no-follow access.log | wc -l`,
		Args: cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 && !o.inputs.given() {
				return usageError{errors.New("weir tail needs a log: name a file, or - for standard input")}
			}
			return o.run(cmd, args, s)
		},
	}
	f := cmd.Flags()
	f.SortFlags = false
	f.VarP(newValue(&o.start, "N", "10", parseStart), "lines", "n", "begin with the last N lines, or with line N where it is written +N; of logs that the state does not know")
	f.BoolVar(&o.fromStart, "from-start", false, "begin with the first line, as -n +1")
	f.BoolVar(&o.fromEnd, "from-end", false, "begin with what is written now, as -n 0")
	f.BoolVar(&o.noFollow, "no-follow", false, "end at the end of the logs")
	f.StringVar(&o.state, "state", "", "keep in this `FILE` up to where lines were written, and go on there")
	f.BoolVar(&o.noState, "no-state", false, "keep nothing; this is the default")
	f.Var(newValue(&o.prefix, "WHEN", "auto", oneOf("auto", "always", "never")), "prefix", "write \"NAME: \" before each line: always, never, or auto, with several logs, directories and patterns")
	f.BoolVar(&o.json, "json", false, "a JSON object for each line, and one for each log at the end (docs/json.md)")
	f.BoolVar(&o.raw, "raw", false, "write the bytes as they are to a terminal, too")
	f.BoolVarP(&o.quiet, "quiet", "q", false, "no messages about rotation and the like")
	o.inputs.add(f)
	f.BoolVar(&o.poll, "poll", false, "look at the files 4 times a second instead of asking the system for events")
	return cmd
}

// parseStart reads a number of lines at the end, or of the first one.
func parseStart(s string) (relay.Start, error) {
	text, from := strings.CutPrefix(s, "+")
	n, err := strconv.ParseUint(text, 10, 62)
	if err != nil {
		return relay.Start{}, errors.New("must be a number of lines such as 10, or +1 for all from line 1 on")
	}
	if from {
		return relay.Start{From: max(1, int64(n))}, nil
	}
	return relay.Start{Last: int64(n)}, nil
}

// check finds what contradicts.
func (o *tailing) check(cmd *cobra.Command) error {
	given := 0
	for _, name := range []string{"lines", "from-start", "from-end"} {
		if cmd.Flags().Changed(name) {
			given++
		}
	}
	switch {
	case given > 1:
		return usageError{errors.New("-n, --from-start and --from-end contradict one another: give one of them")}
	case o.noState && o.state != "":
		return usageError{errors.New("--state and --no-state contradict one another: give one of them")}
	case cmd.Flags().Changed("state") && o.state == "":
		return usageError{errors.New("invalid argument for --state: the name of the file is empty")}
	case o.json && cmd.Flags().Changed("prefix"):
		return usageError{errors.New("with --json every line has its source: leave --prefix out")}
	case o.noFollow && o.inputs.given():
		return usageError{errors.New("--syslog, --exec and --journal have no end: leave --no-follow out")}
	}
	if o.fromStart {
		o.start = relay.Start{From: 1}
	}
	if o.fromEnd {
		o.start = relay.Start{}
	}
	return nil
}

func (o *tailing) run(cmd *cobra.Command, args []string, s streams) error {
	if err := o.check(cmd); err != nil {
		return err
	}
	l, err := follow(args, s, nil, written{"state", o.state}) // lines of any log
	if err != nil {
		return err
	}
	if o.noFollow {
		if err := present(&l); err != nil {
			return err
		}
	}
	r := relay.Options{
		Paths: l.paths, Patterns: l.patterns, Choice: l.choice, Stdin: s.in, Poll: o.poll, Start: o.start, Once: o.noFollow,
		Out: s.out, Form: o.form(s.out), Gone: func() bool { return readerGone(s.out) }, Tell: o.tell(s),
	}
	if o.state != "" {
		state, err := bookmark.Open(o.state)
		if err != nil {
			return &monitor.InputError{Text: err.Error()}
		}
		defer state.Close()
		r.Store = state
	}
	in, err := o.inputs.open(feed.Start{FromEnd: o.start.From == 0})
	if err != nil {
		return err
	}
	defer in.close()
	r.Inputs = in
	return o.relay(cmd.Context(), r)
}

func (o *tailing) relay(ctx context.Context, options relay.Options) error {
	ctx, stop := untilHangup(ctx)
	defer stop()
	r, err := relay.New(options)
	if err != nil {
		return &monitor.InputError{Text: err.Error()}
	}
	if err := r.Run(ctx); err != nil {
		return err
	}
	if err := r.Failed(); err != nil {
		return &monitor.InputError{Text: err.Error()}
	}
	return nil
}

func (o *tailing) form(out *os.File) relay.Form {
	_, terminal := term.Color("never", out, os.Getenv)
	return relay.Form{
		Prefix:  map[string]relay.Prefixing{"auto": relay.Auto, "always": relay.Always, "never": relay.Never}[o.prefix],
		JSON:    o.json,
		Visible: terminal && !o.raw,
	}
}

func (o *tailing) tell(s streams) func(string) {
	if o.quiet {
		return func(string) {}
	}
	return func(text string) { tell(s.err, text) }
}

// present tells which log cannot be read now: with --no-follow none is waited for.
func present(l *selection) error {
	for _, p := range l.patterns {
		if _, err := os.ReadDir(p); errors.Is(err, fs.ErrPermission) {
			return &monitor.InputError{Text: fmt.Sprintf("cannot read the directory: %v", err)}
		}
		if found, _ := l.choice.Match(p); len(found) == 0 {
			return &monitor.InputError{Text: p + ": no file there is named like a log, or matches"}
		}
	}
	for _, p := range l.paths {
		if p == "-" {
			continue
		}
		f, err := os.Open(p)
		if err != nil {
			return &monitor.InputError{Text: fmt.Sprintf("cannot read the log: %v", err)}
		}
		f.Close()
	}
	return nil
}
