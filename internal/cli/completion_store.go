package cli

import (
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"weir/internal/alert"
	"weir/internal/escape"
	"weir/internal/history"
	"weir/internal/report"
)

// completes lets the shell complete what a command that reads histories takes: logs
// there is a history of, and the values that flags may have.
func (o *storeFlags) completes(cmd *cobra.Command) {
	for flag, values := range map[string][]string{
		"by": report.Dimensions(), "step": {"10s", "1m", "10m", "1h", "1d"}, "compare": {"yesterday", "week"},
		"color": {"auto", "always", "never"}, "rule": {alert.HighTraffic}, "all-but": {"1m", "10m", "1h", "1d"},
		"since": {"today", "yesterday", "1h", "1d", "7d"}, "from": {"today", "yesterday", "1h", "1d", "7d"},
	} {
		o.completeFlag(cmd, flag, cobra.FixedCompletions(values, cobra.ShellCompDirectiveNoFileComp))
	}
	if f := cmd.Flags().Lookup("output-format"); f != nil {
		kinds := []string{"text", "json", "csv"}
		if !strings.Contains(f.Usage, "csv") {
			kinds = kinds[:2]
		}
		o.completeFlag(cmd, f.Name, cobra.FixedCompletions(kinds, cobra.ShellCompDirectiveNoFileComp))
	}
	o.completeFlag(cmd, "log", o.logs)
	if cmd.Flags().Lookup("log") == nil { // else words are the text of a mark
		cmd.ValidArgsFunction = o.logs
	} else {
		cmd.ValidArgsFunction = cobra.NoFileCompletions
	}
}

func (o *storeFlags) completeFlag(cmd *cobra.Command, name string, values cobra.CompletionFunc) {
	if cmd.Flags().Lookup(name) != nil {
		_ = cmd.RegisterFlagCompletionFunc(name, values) // the flag is there, and has none
	}
}

// logs returns the logs of which there is a history, as far as they begin like the word
// being typed. Where none does the shell goes on with the names of files.
func (o *storeFlags) logs(_ *cobra.Command, words []string, typed string) ([]cobra.Completion, cobra.ShellCompDirective) {
	home, one, err := o.home()
	if err != nil || one != "" {
		return nil, cobra.ShellCompDirectiveDefault
	}
	list, err := home.List()
	if err != nil {
		return nil, cobra.ShellCompDirectiveDefault
	}
	var found []string
	for _, k := range list[:min(len(list), 200)] { // a shell is waiting
		db, err := history.OpenReadOnly(k.Path)
		if err != nil {
			continue
		}
		subject, err := db.Subject()
		db.Close()
		if err != nil {
			continue
		}
		for _, l := range subject.Logs {
			// What would steer the terminal is not offered.
			if strings.HasPrefix(l, typed) && !slices.Contains(words, l) && escape.Terminal([]byte(l)) == l {
				found = append(found, l)
			}
		}
	}
	slices.Sort(found)
	return slices.Compact(found), cobra.ShellCompDirectiveDefault
}
