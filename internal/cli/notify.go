package cli

import (
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"weir/internal/config"
	"weir/internal/escape"
	"weir/internal/notify"
	"weir/internal/term"
)

// newNotify is the command about the ways to people.
func newNotify(s streams) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "notify",
		Short: "Try the channels that tell of alerts",
		Long:  "weir notify looks at the channels of a weir.toml, or of --notify; docs/notifications.md tells of each kind.",
		Args:  noArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	var file configFlag
	var flags ruleFlags
	test := &cobra.Command{
		Use:   "test [NAME]...",
		Short: "Send a message through each channel, or through those that are named",
		Example: `  weir notify test -c weir.toml
  weir notify test -c weir.toml chat
  weir notify test --notify https://example.org/hook`,
		RunE: func(cmd *cobra.Command, names []string) error {
			now := time.Now()
			c, err := file.load(s, now, false)
			if err != nil {
				return err
			}
			if c == nil {
				c = config.Default()
			}
			if c, err = flags.over(c, configOptions(now, false)); err != nil {
				return err
			}
			return testChannels(cmd, s, c.Channels, names)
		},
	}
	file.add(test.Flags())
	flags.addChannels(test.Flags())
	cmd.AddCommand(test)
	return cmd
}

// testChannels sends one message through each channel. It goes on where one fails.
func testChannels(cmd *cobra.Command, s streams, channels []notify.Channel, names []string) error {
	wanted := map[string]bool{}
	for _, n := range names {
		wanted[n] = true
	}
	failed, tried := 0, 0
	o := notify.Options{Agent: "weir"}
	if _, terminal := term.Color("auto", s.out, os.Getenv); terminal {
		o.Bell = s.out
	}
	for _, c := range channels {
		if len(names) > 0 && !wanted[c.Name] {
			continue
		}
		delete(wanted, c.Name)
		tried++
		name := escape.Terminal([]byte(c.Name))
		err := notify.Test(cmd.Context(), c, o)
		if err != nil {
			failed++
			fmt.Fprintf(s.out, "%s (%s): %s\n", name, c.Kind, escape.Terminal([]byte(strings.TrimPrefix(err.Error(), "notify "+c.Name+": "))))
			continue
		}
		off := map[bool]string{false: ", although it is off: enabled = false"}[c.Enabled]
		fmt.Fprintf(s.out, "%s (%s): delivered%s\n", name, c.Kind, off)
	}
	for name := range wanted {
		return usageError{fmt.Errorf("there is no channel called %q", name)}
	}
	switch {
	case tried == 0:
		return usageError{fmt.Errorf("there is no channel to try: give --notify CHANNEL, or -c FILE with a [[notify]] table")}
	case failed > 0:
		return fmt.Errorf("%d of %d channels did not take the message", failed, tried)
	}
	return nil
}
