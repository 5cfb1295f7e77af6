//go:build !unix

package main

import (
	"errors"
	"os/exec"
	"syscall"
)

// Only the last of these is more than a name here.
const (
	stopSignal = syscall.Signal(iota + 1)
	continueSignal
	endSignal
	killSignal
)

func ownGroup(*exec.Cmd) {}

// signalGroup can only kill here.
func signalGroup(cmd *exec.Cmd, s syscall.Signal) error {
	if s != killSignal {
		return errors.New("this system cannot stop a program or ask it to end: run the torture on a Unix")
	}
	return cmd.Process.Kill()
}
