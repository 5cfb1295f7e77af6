//go:build !windows

package cli

import (
	"context"
	"os"
	"os/signal"
	"syscall"
)

// notifyHangup asks for SIGHUP on c.
func notifyHangup(c chan<- os.Signal) { signal.Notify(c, syscall.SIGHUP) }

// untilHangup returns a context that is done at a SIGHUP, too.
func untilHangup(ctx context.Context) (context.Context, context.CancelFunc) {
	return signal.NotifyContext(ctx, syscall.SIGHUP)
}
