package cli

import (
	"os"

	"github.com/spf13/cobra"
	xterm "golang.org/x/term"

	"weir/internal/accesslog"
	"weir/internal/term"
)

func newFormats(s streams) *cobra.Command {
	long := false
	cmd := &cobra.Command{
		Use:   "formats",
		Short: "List the log formats that weir reads, with an example of each",
		Example: `  weir formats
  weir formats --long`,
		Args: noArgs,
		RunE: func(*cobra.Command, []string) error {
			cells := 0
			if !long {
				cells = width(s.out)
			}
			return (&term.Guide{W: s.out}).Formats(accesslog.Formats(), cells)
		},
	}
	cmd.Flags().BoolVar(&long, "long", false, "show the examples whole, however long they are")
	return cmd
}

// width is that of the terminal, or 80 where the output goes elsewhere.
func width(f *os.File) int {
	if cells, _, err := xterm.GetSize(int(f.Fd())); err == nil && cells > 0 {
		return max(40, cells)
	}
	return 80
}
