//go:build !windows

package cli

import (
	"os"
	"os/signal"
	"syscall"
)

// notifyHangup asks for SIGHUP on c.
func notifyHangup(c chan<- os.Signal) { signal.Notify(c, syscall.SIGHUP) }
