package cli

import (
	"context"
	"os"
)

// notifyHangup does nothing: Windows has no SIGHUP, and a file of --output is
// opened once.
func notifyHangup(chan<- os.Signal) {}

// untilHangup returns ctx: Windows has no SIGHUP.
func untilHangup(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithCancel(ctx)
}
