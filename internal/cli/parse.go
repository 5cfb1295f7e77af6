package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"weir/internal/config"
	"weir/internal/escape"
	"weir/internal/export"
	"weir/internal/monitor"
	"weir/internal/scan"
	"weir/internal/term"
	"weir/internal/unit"
	"weir/internal/view"
)

// parsing holds the flags of the parse command.
type parsing struct {
	notation export.Notation
	inputs   inputFlags
	format   formatFlags
	filter   filterFlags
	zone     *time.Location
	since    string
	until    string
	rejects  string
	follow   bool
	poll     bool
	workers  int
}

const parseHelp = `weir parse reads logs and writes every request down as one line: a JSON object, by
default, with the keys of docs/json.md. The lines come in the order of the logs, the
same to the byte on any number of processors.

FILE may be a log, also one compressed with gzip, zstd, bzip2 or xz; a directory, whose
access logs are read; or a pattern in quotes. "-" is standard input. The formats are
recognised, each by itself. Lines that are no requests are counted on standard error,
and kept with --rejects.

With --follow a directory or a pattern stands for the logs that come later, too, which are
found within a second or so. Rotated and compressed files are none of their own then, nor
is what weir writes itself.`

func newParse(s streams) *cobra.Command {
	o := &parsing{}
	cmd := &cobra.Command{
		Use:   "parse [flags] FILE|DIRECTORY|-...",
		Short: "Write the requests of logs as JSON, CSV, TSV or in the Combined format",
		Long:  parseHelp,
		Example: `  weir parse access.log | jq 'select(.status >= 500)'
  weir parse -o csv --since 7d access.log access.log.*.gz
  weir parse --follow --rejects bad.txt access.log`,
		Args: cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			if o.inputs.given() && !o.follow {
				return usageError{errors.New("--syslog, --exec and --journal have no end: give --follow too")}
			}
			if len(args) == 0 && !o.inputs.given() {
				return usageError{errors.New("weir parse needs a log: name a file, a directory, or - for standard input")}
			}
			return o.run(cmd.Context(), args, s)
		},
	}
	f := cmd.Flags()
	f.SortFlags = false
	f.VarP(newValue(&o.notation, "KIND", "json", parseNotation), "output-format", "o", "json (one object a line), csv, tsv, combined or combined-time")
	f.StringVar(&o.since, "since", "", "only the records from this `TIME` on: 7d, 14:30, 2026-03-10, 2026-03-10T14:00:00Z")
	f.StringVar(&o.until, "until", "", "only the records before this `TIME`")
	o.filter.add(f)
	o.format.add(f)
	f.Var(newValue(&o.zone, "ZONE", "local", config.Zone), "timezone", "of the times written: local, UTC, +02:00, Europe/Berlin")
	f.StringVar(&o.rejects, "rejects", "", "write the lines that are no requests to this `FILE`, each with its place and the reason")
	f.BoolVar(&o.follow, "follow", false, "follow the logs through rotation until Ctrl-C, and write lines as they come in")
	o.inputs.add(f)
	f.BoolVar(&o.poll, "poll", false, "with --follow: look at the files 4 times a second instead of asking the system for events")
	f.IntVar(&o.workers, "workers", 0, "`N` processors to use, all by default; the output is the same")
	return cmd
}

func parseNotation(s string) (export.Notation, error) {
	if n, ok := export.Lookup(s); ok {
		return n, nil
	}
	_, err := oneOf(export.Names()...)(s)
	return export.Notation{}, err
}

func (o *parsing) run(ctx context.Context, args []string, s streams) error {
	from, to, err := stretch(o.since, o.until, time.Now(), o.zone)
	if err != nil {
		return err
	}
	if err := checkWorkers(o.workers); err != nil {
		return err
	}
	where, err := o.filter.compile(time.Now(), o.zone, 1)
	if err != nil {
		return err
	}
	hops, err := o.filter.hops(true)
	if err != nil {
		return err
	}
	if o.follow {
		formats, err := o.format.choose(args)
		if err != nil {
			return err
		}
		if len(formats.some) > 0 {
			return usageError{errors.New("with --follow one --format is for all logs: follow a log of another format by itself")}
		}
		return o.tail(ctx, args, s, following{format: formats.all, isLog: formats.picks(), from: from, to: to, where: where, hops: hops})
	}
	logs, notices, err := o.format.find(args)
	if err != nil {
		return err
	}
	if logs, notices, err = withoutOutput(logs, notices, args, s.out); err != nil {
		return err
	}
	options := scan.Options{
		Workers: o.workers, From: from, To: to, Where: where, Hops: hops, Stdin: s.in,
		Records: s.out, Writer: func() export.Writer { return o.notation.New(o.zone) },
	}
	rejects, err := openRejects(o.rejects, logs)
	if err != nil {
		return err
	}
	if rejects != nil {
		defer rejects.Close()
		options.Rejects = o.filter.rejects(rejects)
	}
	if _, err := io.WriteString(s.out, o.notation.Header); err != nil {
		return err
	}
	done := func() {}
	if _, terminal := term.Color("never", s.out, os.Getenv); !terminal {
		done = showProgress(s.err, logs, &options)
	}
	found, err := scan.Run(ctx, logs, options)
	done()
	switch {
	case err != nil && ctx.Err() != nil:
		return fmt.Errorf("stopped before the logs were read: %w", err)
	case err != nil:
		return err
	}
	return o.verdict(found, notices, s.err)
}

// verdict tells what a person must know of records that were written, and is
// what the exit code says.
func (o *parsing) verdict(found *scan.Result, notices []string, w io.Writer) error {
	for _, n := range append(notices, found.Notices...) {
		tell(w, n)
	}
	hits, rejected, older := int64(0), int64(0), int64(0)
	for _, s := range found.Sources {
		hits, rejected, older = hits+s.Hits, rejected+s.Rejected, older+s.Older
		if s.Rejected > 0 {
			tell(w, rejectedText(&s, o.rejects))
		}
	}
	switch {
	case len(found.Failures) == 1:
		return &monitor.InputError{Text: found.Failures[0].Error()}
	case len(found.Failures) > 1:
		return &monitor.InputError{Text: fmt.Sprintf("%d logs could not be read, or not to their end, the first: %v", len(found.Failures), found.Failures[0])}
	case hits == 0 && older == 0 && rejected > 0:
		return &monitor.InputError{Text: `no line of what was read is a request; "weir explain FILE" tells why`}
	}
	return nil
}

func tell(w io.Writer, text string) {
	fmt.Fprintf(w, "weir: %s\n", escape.Terminal([]byte(text)))
}

// rejectedText says how many lines of a log are no requests, and where the last
// of them is.
func rejectedText(s *view.Source, kept string) string {
	text := fmt.Sprintf("%s: %s of %s lines are no requests, the last at %s: %s",
		s.Name, unit.Count(s.Rejected), unit.Count(s.Lines), s.LastReject.Position(s.Name), s.LastReject.Reason)
	if kept == "" {
		text += "; --rejects FILE keeps them"
	}
	return text
}

// stretch reads --since and --until as Unix seconds, 0 where not given.
func stretch(since, until string, now time.Time, zone *time.Location) (from, to int64, err error) {
	for _, bound := range []struct {
		flag, text string
		to         *int64
	}{{"since", since, &from}, {"until", until, &to}} {
		if bound.text == "" {
			continue
		}
		t, err := unit.ParseTime(bound.text, now, zone)
		if err != nil {
			return 0, 0, usageError{fmt.Errorf("invalid argument for --%s: %w", bound.flag, err)}
		}
		if *bound.to = t.Unix(); *bound.to == 0 {
			*bound.to = -1 // 0 is no bound; before 1970 there is no record
		}
	}
	if to != 0 && from >= to {
		return 0, 0, usageError{fmt.Errorf("--since %s is not before --until %s: no record can be between them", since, until)}
	}
	return from, to, nil
}

func checkWorkers(n int) error {
	if n < 0 || n > 1024 {
		return usageError{fmt.Errorf("invalid argument for --workers: must be from 1 to 1024, or 0 for all processors, got %d", n)}
	}
	return nil
}

// openRejects makes the file of --rejects; nil without a name. One that is one
// of the logs is refused: it would be emptied.
func openRejects(name string, logs []scan.Log) (*os.File, error) {
	if name == "" {
		return nil, nil
	}
	var paths []string
	for _, l := range logs {
		paths = append(paths, l.Name)
	}
	if err := notAnInput(name, paths); err != nil {
		return nil, err
	}
	file, err := os.Create(name)
	if err != nil {
		return nil, fmt.Errorf("cannot write --rejects: %w", err)
	}
	return file, nil
}

// withoutOutput leaves the file that records are written to out of the logs: what
// is read there would be written again, without end. It is refused if it is named.
func withoutOutput(logs []scan.Log, notices, args []string, out *os.File) ([]scan.Log, []string, error) {
	info, err := out.Stat()
	if err != nil || !info.Mode().IsRegular() {
		return logs, notices, nil
	}
	var others []scan.Log
	for _, l := range logs {
		switch {
		case sameAs(info, []string{l.Name}) == "":
			others = append(others, l)
		case slices.Contains(args, l.Name):
			return nil, nil, usageError{fmt.Errorf("standard output is the log %s, which weir would write into: name another file", l.Name)}
		default:
			notices = append(notices, l.Name+": left out, weir writes it itself")
		}
	}
	return others, notices, nil
}

// notAnInput refuses a file of --rejects that is one of the logs: it would be
// emptied before it is read.
func notAnInput(output string, paths []string) error {
	out, err := os.Stat(output)
	if err != nil {
		return nil // it is not there yet
	}
	for _, p := range paths {
		in, err := os.Stat(p)
		if p == "-" {
			in, err = os.Stdin.Stat()
		}
		if err == nil && out.Mode().IsRegular() && os.SameFile(in, out) {
			return usageError{fmt.Errorf("--rejects %s is the log %s, which weir would write into: name another file", output, p)}
		}
	}
	return nil
}

// reader is an io.Reader by a function.
type reader func([]byte) (int, error)

// Read implements io.Reader.
func (r reader) Read(p []byte) (int, error) { return r(p) }

// interruptible returns a standard input whose Read ends when ctx is done, even
// if nothing comes. That read goes on in the background, until the process
// ends.
func interruptible(ctx context.Context, r io.Reader) io.Reader {
	type result struct {
		n   int
		err error
	}
	var buf []byte
	done := make(chan result, 1)
	return reader(func(p []byte) (int, error) {
		if err := context.Cause(ctx); err != nil {
			return 0, err
		}
		if cap(buf) < len(p) {
			buf = make([]byte, len(p))
		}
		into := buf[:len(p)]
		go func() {
			n, err := r.Read(into)
			done <- result{n, err}
		}()
		select {
		case got := <-done:
			return copy(p, into[:got.n]), got.err
		case <-ctx.Done():
			return 0, context.Cause(ctx)
		}
	})
}
