package cli

import "os"

// readerGone is not known here; the next write tells.
func readerGone(*os.File) bool { return false }
