package term

import "golang.org/x/sys/unix"

// What asks for the settings of a terminal, and what makes them.
const (
	readTermios  = unix.TCGETS
	writeTermios = unix.TCSETS
)
