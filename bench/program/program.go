// Package program is how the programs of bench begin, end, fail.
package program

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
)

// A UsageError is a command line that cannot be carried out.
type UsageError struct{ err error }

// Usage returns err as a UsageError.
func Usage(err error) error { return UsageError{err} }

// Error returns what is wrong with the command line.
func (e UsageError) Error() string { return e.err.Error() }

// Unwrap returns the error it was made of.
func (e UsageError) Unwrap() error { return e.err }

// Run carries out run with the arguments of this process until it ends, and returns the
// exit code. Its context ends with SIGINT and SIGTERM.
func Run(name string, run func(ctx context.Context, args []string, stdout, stderr io.Writer) error) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	return Exit(name, run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// Exit tells on standard error what went wrong in the program name, and returns its exit
// code: 0 where nothing did or help was asked for, 2 for a UsageError, 1 for the rest.
func Exit(name string, err error) int {
	if err == nil || errors.Is(err, flag.ErrHelp) {
		return 0
	}
	fmt.Fprintf(os.Stderr, "%s: %v\n", name, err)
	if errors.As(err, new(UsageError)) {
		return 2
	}
	return 1
}
