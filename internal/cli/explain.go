package cli

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"weir/internal/accesslog"
	"weir/internal/archive"
	"weir/internal/charset"
	"weir/internal/config"
	"weir/internal/diagnosis"
	"weir/internal/monitor"
	"weir/internal/scan"
	"weir/internal/term"
)

const (
	explainHead  = 1000      // lines that the format is found from
	explainText  = 128 << 20 // bytes of a log that are looked at
	longestLine  = 1 << 20
	explainWords = 3 // so many words that are no files are a line without its quotes
)

const explainHelp = `weir explain tells what weir makes of a log or of a line: the format and why that one, a
good line field by field, what the log could tell besides, and the lines that are no
requests, each with the place where it fails and what to do.

An argument that is a file, or "-", is a log; compressed logs are unpacked. An argument
that is no file and has a space, a tab, a comma, a quote, a brace or a bar in it is a line: put
it in single quotes, and -- in front of one that begins with a hyphen.`

func newExplain(s streams) *cobra.Command {
	var flags formatFlags
	var proxies proxyFlags
	var zone *time.Location
	cmd := &cobra.Command{
		Use:   "explain [flags] FILE|LINE|-...",
		Short: "Tell which format a log or a line has and why, field by field, and what is wrong with it",
		Long:  explainHelp,
		Example: `  weir explain access.log
  weir explain '203.0.113.7 - - [10/Oct/2000:13:55:36 -0700] "GET / HTTP/1.1" 200 2326'
  tail -1 access.log | weir explain -`,
		Args: cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			formats, err := flags.choose(args)
			if err != nil {
				return err
			}
			if err := explainable(args); err != nil {
				return err
			}
			hops, err := proxies.hops(true)
			if err != nil {
				return err
			}
			guess := diagnosis.Guess{Format: formats.all, Hops: hops}
			return explain(cmd.Context(), args, guess, s, &term.Guide{W: s.out, Zone: zone})
		},
	}
	cmd.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		if strings.Contains(err.Error(), ": ' ' in -") {
			return usageError{errors.New("a line that begins with a hyphen needs -- in front of it: weir explain -- 'LINE'")}
		}
		return flagError(cmd, err)
	})
	cmd.Flags().SortFlags = false
	flags.add(cmd.Flags())
	proxies.add(cmd.Flags())
	cmd.Flags().Var(newValue(&zone, "ZONE", "local", config.Zone), "timezone", "of the times shown: local, UTC, +02:00, Europe/Berlin")
	return cmd
}

// explainable refuses what is most likely a line that the shell took apart.
func explainable(args []string) error {
	if len(args) == 0 {
		return usageError{errors.New("weir explain needs a log or a line: name a file, - for standard input, or give a line in single quotes")}
	}
	words := 0
	for _, a := range args {
		if strings.TrimSpace(a) == "" {
			return usageError{errors.New("an argument is empty, and so neither a file nor a line: is it a variable that is not set? Name a file, - for standard input, or give a line in single quotes")}
		}
		if _, err := os.Lstat(a); err != nil && !isLine(a) {
			words++
		}
	}
	if words >= explainWords {
		return usageError{errors.New("a line must stand in single quotes, so that the shell leaves it whole; or give it by standard input: weir explain -")}
	}
	return nil
}

// isLine reports whether an argument that is no file is a line: it has what names
// of logs hardly ever have. Objects of JSON, labels and rows need no space.
func isLine(arg string) bool { return strings.ContainsAny(arg, " \t\n,\"{|") }

// explain tells of each argument. The error says which could not be recognised.
func explain(ctx context.Context, args []string, guess diagnosis.Guess, s streams, guide *term.Guide) error {
	var failures []error
	for i, arg := range args {
		if i > 0 {
			if _, err := fmt.Fprintln(s.out); err != nil {
				return err
			}
		}
		_, err := os.Stat(arg)
		var found bool
		switch {
		case arg == "-" || err == nil || !isLine(arg):
			found, err = explainLog(ctx, arg, guess, s, guide)
		case strings.Contains(strings.TrimSpace(arg), "\n"):
			found, err = explainLines(strings.NewReader(arg), "these lines", guess, guide)
		default:
			line := diagnosis.OfLine(accesslog.TrimEnd([]byte(arg)), guess)
			found, err = line.Found, guide.Line(&line)
			arg = "this line"
		}
		var input *monitor.InputError
		switch {
		case errors.As(err, &input):
			failures = append(failures, err)
		case err != nil:
			return err
		case !found:
			failures = append(failures, &monitor.InputError{Text: arg + ": in no format that weir knows"})
		}
	}
	if len(failures) > 1 {
		return &monitor.InputError{Text: fmt.Sprintf("%d of %d were not recognised, the first: %v", len(failures), len(args), failures[0])}
	}
	return errors.Join(failures...)
}

// explainLog tells of a file or of standard input.
func explainLog(ctx context.Context, name string, guess diagnosis.Guess, s streams, guide *term.Guide) (found bool, err error) {
	in, shown := interruptible(ctx, s.in), "standard input"
	var elsewhere [][]byte
	if name != "-" {
		file, err := os.Open(name)
		if err != nil {
			return false, &monitor.InputError{Text: fmt.Sprintf("cannot read %s: %v", name, pathless(err))}
		}
		defer file.Close()
		switch info, err := file.Stat(); {
		case err == nil && info.IsDir():
			return false, &monitor.InputError{Text: name + " is a directory: name a log in it"}
		case err == nil && info.Mode().IsRegular() && isPlain(file):
			elsewhere = scan.Elsewhere(file, info.Size())
		}
		in, shown = file, name
	}
	buffered := bufio.NewReaderSize(in, 64<<10)
	head, _ := buffered.Peek(archive.HeadSize)
	unpack, err := archive.Open(buffered, archive.Sniff(head))
	if err != nil {
		return false, &monitor.InputError{Text: fmt.Sprintf("cannot read %s: %v", shown, err)}
	}
	defer unpack.Close()
	text := archive.NewText(unpack)
	found, err = explainLines(text, shown, guess, guide, elsewhere...)
	if e := text.Encoding(); e != charset.UTF8 {
		tell(s.err, fmt.Sprintf("%s: text in %s, read as UTF-8; lines and columns count in that", shown, e))
	}
	return found, err
}

// isPlain reports whether a file can be read from anywhere: it is not compressed,
// and no UTF-16.
func isPlain(file *os.File) bool {
	head := make([]byte, archive.HeadSize)
	n, _ := file.ReadAt(head, 0)
	e, _ := charset.Sniff(head[:n])
	return e == charset.UTF8 && archive.Sniff(head[:n]) == archive.Plain
}

// pathless is what is wrong with a file, without its name.
func pathless(err error) error {
	var path *os.PathError
	if errors.As(err, &path) {
		return path.Err
	}
	return err
}

// explainLines tells of lines, of which some are elsewhere, too. What can be read before an error is told.
func explainLines(r io.Reader, name string, guess diagnosis.Guess, guide *term.Guide, elsewhere ...[]byte) (found bool, err error) {
	limited := &io.LimitedReader{R: r, N: explainText}
	lines := bufio.NewReaderSize(limited, longestLine+2)
	var head [][]byte
	failure := error(nil)
	for len(head) < explainHead && failure == nil {
		var line []byte
		if line, failure = nextLine(lines); len(line) > 0 {
			head = append(head, bytes.Clone(line))
		}
	}
	sample := make([][]byte, len(head))
	for i, line := range head {
		sample[i] = accesslog.TrimEnd(line)
	}
	log := diagnosis.NewLog(name, sample, guess, elsewhere...)
	for _, line := range head {
		add(log, line)
	}
	for failure == nil {
		var line []byte
		if line, failure = nextLine(lines); len(line) > 0 && (limited.N > 0 || line[len(line)-1] == '\n') {
			add(log, line)
		}
	}
	log.Close(limited.N <= 0)
	if err := guide.Log(log); err != nil {
		return false, err
	}
	if failure != io.EOF {
		return log.Found, &monitor.InputError{Text: fmt.Sprintf("%s: %v; what came before is told", name, pathless(failure))}
	}
	return log.Found, nil
}

// nextLine returns the next line with its line end, valid until the next call.
// Of one that is too long only the head is returned.
func nextLine(r *bufio.Reader) ([]byte, error) {
	line, err := r.ReadSlice('\n')
	if err != bufio.ErrBufferFull {
		return line, err
	}
	kept := bytes.Clone(line)
	for err == bufio.ErrBufferFull {
		_, err = r.ReadSlice('\n')
	}
	return kept, err
}

func add(log *diagnosis.Log, line []byte) {
	if text := accesslog.TrimEnd(line); len(text) <= longestLine {
		log.Add(text)
		return
	}
	log.AddTooLong()
}
