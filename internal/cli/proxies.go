package cli

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/pflag"

	"weir/internal/accesslog"
)

// proxyFlags are the flags that say behind which proxies a log was written.
type proxyFlags struct {
	from  string
	trust []string
}

func (o *proxyFlags) add(f *pflag.FlagSet) {
	f.StringVar(&o.from, "client-from", "", "behind proxies: take clients from this logged header or `FIELD`, as x-forwarded-for, forwarded or cf-connecting-ip, as far as its hops are trusted (docs/proxies.md)")
	f.StringArrayVar(&o.trust, "trust", nil, "with --client-from: the proxies that are believed, `CIDR[,CIDR...]`, private or all; private by default; may be repeated")
}

// hops returns what the flags say. Without them it is nil, or with lists what
// reads all lists of addresses and leaves clients as they are.
func (o *proxyFlags) hops(lists bool) (*accesslog.Hops, error) {
	if o.from == "" {
		switch {
		case len(o.trust) > 0:
			return nil, usageError{errors.New("--trust says whom --client-from may believe: give that too, as --client-from x-forwarded-for")}
		case lists:
			return accesslog.ReadLists(), nil
		}
		return nil, nil
	}
	var trusted []string
	for _, t := range o.trust {
		trusted = append(trusted, strings.Split(t, ",")...)
	}
	h, err := accesslog.NewHops(o.from, trusted)
	var header *accesslog.HeaderError
	switch {
	case errors.As(err, &header):
		return nil, usageError{fmt.Errorf("invalid argument for --client-from: %w", err)}
	case err != nil:
		return nil, usageError{fmt.Errorf("invalid argument for --trust: %w", err)}
	}
	return h, nil
}
