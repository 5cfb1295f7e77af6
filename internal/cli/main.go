// Package cli is the command line: commands with their flags, a file each, the table of exit codes.
package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"weir/internal/escape"
	"weir/internal/monitor"
	"weir/internal/unit"
)

// The exit codes of all commands.
const (
	exitFine        = 0
	exitFailed      = 1   // something went wrong
	exitUsage       = 2   // wrong flags or arguments
	exitInput       = 3   // an input could not be reached, read or recognised
	exitCheck       = 4   // a check did not hold
	exitInterrupted = 130 // a second Ctrl-C
)

// usageError is a mistake in the flags or arguments.
type usageError struct{ error }

// checkError tells that what was checked does not hold.
type checkError struct{ text string }

// Error returns the sentence.
func (e checkError) Error() string { return e.text }

// streams are what a command reads and writes, besides files it is told of.
type streams struct {
	in       *os.File
	out, err *os.File
}

// Main runs weir with the arguments after its name and returns the exit code.
//
// The first Ctrl-C or SIGTERM lets the command finish what it has begun; at the
// second, unless it is of the same stop, Main returns at once.
func Main(args []string) int {
	frugal()
	// A write to a closed pipe is to be an error, not the end of the process.
	// The signal is not ignored: a command of --exec would inherit that, and
	// the writers in its pipes would complain instead of ending.
	signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE)
	ctx, cancel := context.WithCancelCause(context.Background())
	defer cancel(nil)
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	defer signal.Stop(signals)

	s := streams{in: os.Stdin, out: os.Stdout, err: os.Stderr}
	done := make(chan int, 1)
	go func() { done <- run(ctx, args, s) }()
	return await(done, signals, cancel)
}

// sameStop is how long after the first signal another one is of the same stop.
// timeout(1) sends SIGTERM to its command and at once to the command's group,
// which is two of them; to end at once at that would leave the work undone, and the
// position of weir tail unsaved.
const sameStop = 100 * time.Millisecond

// await returns the exit code of a command that is under way. At the first signal
// it calls cancel, at another one that means it does not wait any longer.
func await(done <-chan int, signals <-chan os.Signal, cancel func(error)) int {
	var first time.Time
	for {
		select {
		case code := <-done:
			return code
		case sig := <-signals:
			if first.IsZero() {
				first = time.Now()
				cancel(fmt.Errorf("stopped by %s", sig))
			} else if time.Since(first) >= sameStop {
				return exitInterrupted
			}
		}
	}
}

// run carries out one command and turns what came of it into an exit code. All
// final messages are written here.
func run(ctx context.Context, args []string, s streams) int {
	root := newRoot(s)
	root.SetArgs(args)
	cmd, err := root.ExecuteContextC(ctx)
	code := exitCode(err)
	if code != exitFine {
		fmt.Fprintf(s.err, "weir: %s\n", escape.Terminal([]byte(err.Error())))
	}
	if wrong := (configError{}); code == exitUsage && !errors.As(err, &wrong) {
		fmt.Fprintf(s.err, "weir: \"%s --help\" shows what can be given\n", cmd.CommandPath())
	}
	return code
}

func exitCode(err error) int {
	var usage usageError
	var wrong configError
	var check checkError
	var input *monitor.InputError
	switch {
	case err == nil:
		return exitFine
	case errors.Is(err, syscall.EPIPE):
		return exitFine // the reader has had enough: weir ... | head -1
	case errors.As(err, &usage), errors.As(err, &wrong):
		return exitUsage
	case errors.As(err, &input):
		return exitInput
	case errors.As(err, &check):
		return exitCheck
	}
	return exitFailed
}

// newRoot puts the commands together. Adding one is a file and a line here.
func newRoot(s streams) *cobra.Command {
	root := newWatch(s)
	root.AddCommand(
		newLoggen(s),
		newTimeserver(s),
		newTrafficgen(s),
		newCollector(s),
		newPlot(s),
		newReport(s),
		newParse(s),
		newTail(s),
		newHistory(s),
		newAlerts(s),
		newState(s),
		newMark(s),
		newLog(s),
		newExplain(s),
		newFormats(s),
		newConfig(s),
		newNotify(s),
		newTest(s),
		newBacktest(s),
		newDemo(s),
		newVersion(s),
	)
	root.SetIn(s.in)
	root.SetOut(s.out)
	root.SetErr(s.err)
	root.SilenceErrors, root.SilenceUsage = true, true
	root.SuggestionsMinimumDistance = 2
	root.SetGlobalNormalizationFunc(normalize)
	root.SetFlagErrorFunc(flagError)
	addCompletion(root)
	return root
}

// nearest returns the one of names that word is most like; "" where it shares too
// little with any: three letters are soon like three others.
func nearest(word string, names []string) string {
	best, least := "", len(word)
	for _, name := range names {
		far := unit.Distance(word, name)
		if strings.HasPrefix(name, word) {
			far = 0
		}
		if 2*far <= len(name) && (best == "" || far < least) {
			best, least = name, far
		}
	}
	return best
}

// aliases are other names that flags are known by, some of them from the
// exercises weir grew from.
func aliases() map[string]string {
	return map[string]string{
		"alert":           "threshold",
		"log-window":      "window",
		"log-interval":    "interval",
		"section-refresh": "interval",
		"test-window-end": "clock",
		"per-second":      "rate",
	}
}

// normalize makes "-" and "_" in flag names the same, and follows aliases.
func normalize(_ *pflag.FlagSet, name string) pflag.NormalizedName {
	name = strings.ReplaceAll(name, "_", "-")
	if to, ok := aliases()[name]; ok {
		name = to
	}
	return pflag.NormalizedName(name)
}

// noArgs is the argument check of commands that take none.
func noArgs(cmd *cobra.Command, args []string) error {
	if len(args) > 0 {
		return usageError{fmt.Errorf("%q takes no argument, got %q", cmd.CommandPath(), args[0])}
	}
	return nil
}
