//go:build unix

package main

import (
	"errors"
	"os"
	"os/exec"
	"syscall"
)

const (
	stopSignal     = syscall.SIGSTOP
	continueSignal = syscall.SIGCONT
	endSignal      = syscall.SIGTERM
	killSignal     = syscall.SIGKILL
)

// ownGroup puts a command into a group of processes of its own, so that what a
// shell starts for it is signalled with it, and an interrupt at the terminal is
// ours alone.
func ownGroup(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }

// signalGroup signals a command that was started with ownGroup; one that has
// ended is no error.
func signalGroup(cmd *exec.Cmd, s syscall.Signal) error {
	err := syscall.Kill(-cmd.Process.Pid, s)
	if errors.Is(err, syscall.ESRCH) {
		return nil
	}
	return os.NewSyscallError("kill", err)
}
