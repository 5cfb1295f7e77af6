package cli

import (
	"fmt"

	"weir/internal/accesslog"
)

const mapUsage = "JSON logs: `FIELD=KEY` says which key a field is under, as status=http.code; may be repeated (docs/formats.md)"

// mapKeys returns the format of JSON whose keys were mapped; format, named by
// --format or nil, where none was.
func mapKeys(format *accesslog.Format, mapping []string) (*accesslog.Format, error) {
	if len(mapping) == 0 {
		return format, nil
	}
	if format != nil && format.Name != "json" {
		return nil, usageError{fmt.Errorf("--map is for JSON logs: give it without --format %s", format.Name)}
	}
	f, err := accesslog.CompileJSON(mapping)
	if err != nil {
		return nil, usageError{fmt.Errorf("invalid argument for --map: %w", err)}
	}
	return &f, nil
}
