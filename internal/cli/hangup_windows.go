package cli

import "os"

// notifyHangup does nothing: Windows has no SIGHUP, and a file of --output is
// opened once.
func notifyHangup(chan<- os.Signal) {}
