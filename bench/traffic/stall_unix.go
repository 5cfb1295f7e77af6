//go:build unix

package main

import "syscall"

// What stops a process, and what lets it go on.
const (
	stopSignal = syscall.SIGSTOP
	goOnSignal = syscall.SIGCONT
)
