package cli

import "os"

// notifySteps does nothing: Windows has no signals to change a rate with.
func notifySteps(chan<- os.Signal) {}

// stepOf is the key that a signal stands for.
func stepOf(os.Signal) byte { return '+' }
