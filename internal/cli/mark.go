package cli

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"weir/internal/config"
	"weir/internal/history"
	"weir/internal/monitor"
	"weir/internal/unit"
)

// marking holds the flags of the mark command.
type marking struct {
	store storeFlags
	at    string
	logs  []string
	zone  *time.Location
}

const markHelp = `weir mark puts a note on the time line of a history, which weir history then shows between
its lines: a deployment, a change of configuration, a campaign. It works beside a weir that
follows the log.

TEXT may be several words. Without --log it is the history last written.`

func newMark(s streams) *cobra.Command {
	o := &marking{}
	cmd := &cobra.Command{
		Use:   "mark [flags] TEXT...",
		Short: "Put a note on the time line of a history",
		Long:  markHelp,
		Example: `  weir mark deploy 1.4.2
  weir mark --at 14:05 --log /var/log/nginx/access.log 'cache off'`,
		Args: cobra.ArbitraryArgs,
		RunE: func(_ *cobra.Command, args []string) error { return o.run(args, s, time.Now()) },
	}
	f := cmd.Flags()
	f.SortFlags = false
	f.StringVar(&o.at, "at", "", "when it was, as `TIME`: 14:05, 10m, 2026-03-10T14:00:00Z; now by default")
	f.StringArrayVar(&o.logs, "log", nil, "the history of this `LOG`, as weir was given it; may be repeated, as weir was given several")
	f.Var(newValue(&o.zone, "ZONE", "local", config.Zone), "timezone", "of the time given: local, UTC, +02:00, Europe/Berlin")
	o.store.add(f)
	o.store.completes(cmd)
	return cmd
}

func (o *marking) run(words []string, s streams, now time.Time) error {
	text := strings.TrimSpace(strings.Join(words, " "))
	if text == "" {
		return usageError{errors.New("weir mark needs a text: say what happened, as in weir mark deploy 1.4.2")}
	}
	at := now
	if o.at != "" {
		var err error
		if at, err = unit.ParseTime(o.at, now, o.zone); err != nil {
			return usageError{fmt.Errorf("invalid argument for --at: %w", err)}
		}
	}
	m := history.Mark{At: at.Unix(), Text: text}
	if err := m.Check(); err != nil {
		return usageError{err}
	}
	db, err := o.store.open(o.logs, s)
	if err != nil {
		return err // a mark makes no history of its own
	}
	defer db.Close()
	_, known, _, err := db.Bounds()
	if err != nil {
		return &monitor.InputError{Text: err.Error()}
	}
	if err := notLater("at", o.at, m.At, now, known, o.zone); err != nil {
		return err
	}
	return history.AddMark(db.Path(), m)
}
