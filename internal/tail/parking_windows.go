package tail

import "os"

// mayOpen is 0: a process may have millions of files open.
func mayOpen() int { return 0 }

func links(os.FileInfo) uint64 { return 1 }
