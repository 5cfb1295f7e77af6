// Command weir watches access logs: what happens on the site, when something is wrong.
package main

import (
	"os"
	_ "time/tzdata" // --timezone works where the system has no zone files

	"weir/internal/cli"
)

func main() { os.Exit(cli.Main(os.Args[1:])) }
