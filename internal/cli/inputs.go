package cli

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"weir/internal/feed"
	"weir/internal/monitor"
	"weir/internal/tail"
)

// inputFlags are the flags that name inputs which are no files.
type inputFlags struct {
	syslog  []string
	exec    []string
	journal []string
}

func (o *inputFlags) add(f *pflag.FlagSet) {
	f.StringArrayVar(&o.syslog, "syslog", nil, "take lines sent by syslog to `ADDR`: udp://127.0.0.1:5514, tcp://..., unix:///run/weir.sock, unix-stream:///...; may be repeated (docs/inputs.md)")
	f.StringArrayVar(&o.exec, "exec", nil, "take what `CMD`, a line of the shell, prints, as 'kubectl logs -f --since-time=$WEIR_SINCE deploy/web'; it is run again when it ends, with the time of the last line in WEIR_SINCE; may be repeated")
	f.StringArrayVar(&o.journal, "journal", nil, "take what the systemd `UNIT` logs, with journalctl; may be repeated")
}

// given reports whether there is any.
func (o *inputFlags) given() bool { return len(o.syslog)+len(o.exec)+len(o.journal) > 0 }

// names returns what the inputs are called in notices, and by --format.
func (o *inputFlags) names() []string {
	names := slices.Concat(o.syslog, o.exec)
	for _, unit := range o.journal {
		names = append(names, feed.JournalName(unit))
	}
	return names
}

// open begins to listen, and starts what is to be run. Whoever calls it closes
// the inputs, which may be done twice. On an error nothing is left open.
func (o *inputFlags) open(start feed.Start) (inputs, error) {
	var makers []func() (*feed.Feed, error)
	for _, text := range distinct(o.syslog) {
		a, err := feed.ParseAddress(text)
		if err != nil {
			return nil, usageError{fmt.Errorf("invalid argument for --syslog: %w", err)}
		}
		makers = append(makers, func() (*feed.Feed, error) { return feed.Syslog(a) })
	}
	for _, line := range distinct(o.exec) {
		if strings.TrimSpace(line) == "" {
			return nil, usageError{errors.New("invalid argument for --exec: the command is empty: write it as for a shell, such as 'kubectl logs -f deploy/web'")}
		}
		makers = append(makers, func() (*feed.Feed, error) { return feed.Command(line, start) })
	}
	for _, unit := range distinct(o.journal) {
		if strings.TrimSpace(unit) == "" {
			return nil, usageError{errors.New("invalid argument for --journal: the unit is empty: name it as systemctl does, such as nginx.service")}
		}
		makers = append(makers, func() (*feed.Feed, error) { return feed.Journal(unit, start) })
	}
	var in inputs
	for _, make := range makers {
		f, err := make()
		if err != nil {
			in.close()
			return nil, &monitor.InputError{Text: err.Error()}
		}
		in = append(in, tail.Input{Name: f.Name(), Feed: f})
	}
	return in, nil
}

// distinct drops what was given before: it would be counted twice.
func distinct(all []string) []string {
	var out []string
	for _, s := range all {
		if !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	return out
}

// inputs are open.
type inputs []tail.Input

func (in inputs) close() {
	for _, i := range in {
		_ = i.Feed.Close() // what it is to let go of, it has
	}
}
