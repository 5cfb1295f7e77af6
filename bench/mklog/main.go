// Command mklog writes an access log to measure programs with.
//
// The log is a day of a large site in the Combined format: paths, clients,
// agents and referrers with a few favourites and a long tail, most answers
// good, sizes from bytes to megabytes, busy by day, quiet by night. Nothing in
// it is malformed. Same options, same bytes, on one architecture; the floating
// point of another may round a size differently.
//
//	go run ./bench/mklog -variant c1g -o c1g.log
//	go run ./bench/mklog -size 10MiB -clients 500 -uniform -o - | weir
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"math"
	"os"
	"strconv"
	"strings"

	"weir/bench/program"
)

// options are what makes one log differ from another.
type options struct {
	size    int64 // bytes; the log ends with the line that reaches it
	clients int   // how many clients there are to choose from, 1 or more
	uniform bool  // all clients come equally often
	seed    uint64
	latency bool // each line ends in the request time: seconds with 3 decimals
}

// variant is a log that measurements name.
type variant struct {
	name    string
	options options
}

func variants() []variant {
	const mib, gib = 1 << 20, 1 << 30
	return []variant{
		{"c100m", options{size: 100 * mib, clients: 200_000}},
		{"c1g", options{size: gib, clients: 200_000}},
		{"rt1g", options{size: gib, clients: 200_000, latency: true}},
		{"ip10k", options{size: gib, clients: 10_000, uniform: true}},
		{"ip200k", options{size: gib, clients: 200_000, uniform: true}},
		// About 2 million of these are seen in the 4.4 million lines.
		{"ip2m", options{size: gib, clients: 2_300_000, uniform: true}},
	}
}

func lookup(name string) (options, error) {
	var names []string
	for _, v := range variants() {
		if v.name == name {
			return v.options, nil
		}
		names = append(names, v.name)
	}
	return options{}, fmt.Errorf("there is no variant named %q: take one of %s", name, strings.Join(names, ", "))
}

func main() { os.Exit(program.Exit("mklog", run(os.Args[1:], os.Stdout, os.Stderr))) }

func run(args []string, stdout, stderr io.Writer) error {
	o, name, err := parse(args, stderr)
	if err != nil {
		return err
	}
	out := stdout
	var file *os.File
	if name != "-" {
		if file, err = os.Create(name); err != nil {
			return err
		}
		out = file
	}
	s, err := write(out, o)
	if file != nil {
		// A file that the disk had no room for must not pass for a whole one.
		if err = errors.Join(err, file.Close()); err != nil {
			err = errors.Join(err, os.Remove(name))
		}
	}
	if err != nil {
		return err
	}
	fmt.Fprintf(stderr, "mklog: %d lines, %d bytes, %.1f bytes a line, up to %s\n",
		s.lines, s.bytes, float64(s.bytes)/float64(s.lines), s.last.Format("15:04:05"))
	return nil
}

// parse reads the command line. A variant gives the values of the flags that
// are not there.
func parse(args []string, stderr io.Writer) (o options, out string, err error) {
	fs := flag.NewFlagSet("mklog", flag.ContinueOnError)
	fs.SetOutput(stderr)
	size := fs.String("size", "100MiB", "length of the log: bytes, or with KiB, MiB, GiB")
	clients := fs.Int("clients", 200_000, "clients to choose from")
	uniform := fs.Bool("uniform", false, "all clients come equally often; else a few come often (Zipf)")
	seed := fs.Uint64("seed", 1, "another seed, another log")
	latency := fs.Bool("latency", false, "end each line with the request time in seconds")
	fs.StringVar(&out, "o", "-", "file to write; - is the standard output")
	name := fs.String("variant", "", "one of the measured logs: c100m, c1g, rt1g, ip10k, ip200k, ip2m")
	if err := fs.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return o, "", err
		}
		return o, "", program.Usage(err)
	}
	if fs.NArg() > 0 {
		return o, "", program.Usage(fmt.Errorf("%q is not expected: the file to write is given with -o", fs.Arg(0)))
	}
	given := map[string]bool{}
	fs.Visit(func(f *flag.Flag) { given[f.Name] = true })
	if *name != "" {
		if o, err = lookup(*name); err != nil {
			return o, "", program.Usage(err)
		}
	}
	set := func(flag string) bool { return given[flag] || *name == "" }
	if set("size") {
		if o.size, err = parseSize(*size); err != nil {
			return o, "", program.Usage(err)
		}
	}
	if set("clients") {
		o.clients = *clients
	}
	if set("uniform") {
		o.uniform = *uniform
	}
	if set("latency") {
		o.latency = *latency
	}
	o.seed = *seed
	if o.clients < 1 || o.clients > maxClients {
		return o, "", program.Usage(fmt.Errorf("-clients %d: take 1 to %d", o.clients, maxClients))
	}
	return o, out, nil
}

// parseSize reads a number of bytes such as 4096, 100MiB or 1GiB.
func parseSize(s string) (int64, error) {
	digits, unit := s, int64(1)
	for _, u := range []struct {
		suffix string
		bytes  int64
	}{{"KiB", 1 << 10}, {"MiB", 1 << 20}, {"GiB", 1 << 30}} {
		if d, ok := strings.CutSuffix(s, u.suffix); ok {
			digits, unit = d, u.bytes
		}
	}
	n, err := strconv.ParseInt(digits, 10, 64)
	if err != nil || n < 1 || n > math.MaxInt64/unit {
		return 0, fmt.Errorf("-size %q: write a number of bytes, or one with KiB, MiB or GiB, such as 100MiB", s)
	}
	return n * unit, nil
}
