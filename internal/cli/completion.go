package cli

import (
	"fmt"

	"github.com/spf13/cobra"
)

// addCompletion adds the command that writes completion scripts. The one that
// cobra makes takes any argument for a wish for help; here a shell that it does
// not know is a mistake.
func addCompletion(root *cobra.Command) {
	root.InitDefaultCompletionCmd()
	for _, cmd := range root.Commands() {
		if cmd.Name() != "completion" {
			continue
		}
		for _, shell := range cmd.Commands() {
			shell.Args = noArgs
		}
		cmd.Args = cobra.ArbitraryArgs
		cmd.RunE = func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return usageError{fmt.Errorf("no completion for %q: give bash, zsh, fish or powershell", args[0])}
			}
			return cmd.Help()
		}
	}
}
