//go:build !windows

package cli

import (
	"os"
	"os/signal"
	"syscall"
)

// notifySteps asks for the signals that change a rate on c.
func notifySteps(c chan<- os.Signal) { signal.Notify(c, syscall.SIGUSR1, syscall.SIGUSR2) }

// stepOf is the key that a signal stands for.
func stepOf(s os.Signal) byte {
	if s == syscall.SIGUSR2 {
		return '-'
	}
	return '+'
}
