//go:build !unix

package main

import "syscall"

// stopSignal and goOnSignal do not exist here: sending them is an error.
const (
	stopSignal = syscall.Signal(-1)
	goOnSignal = syscall.Signal(-1)
)
