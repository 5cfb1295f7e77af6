package cli

import (
	"os"
	"reflect"
	"strings"
	"testing"
)

// TestTheManualTellsOfEachKeyOfTheState looks for the keys of weir state in the
// documents that say to have them.
func TestTheManualTellsOfEachKeyOfTheState(t *testing.T) {
	for _, c := range []struct {
		document string
		written  []any
	}{
		{"../../docs/json.md", []any{listed{}, listedLevel{}}},
		{"../../docs/history.md", []any{
			exportedHead{}, exportedRow{}, exportedLatency{}, exportedEvent{}, exportedMark{}, exportedSpan{}, exportedBlob{}, exportedMessage{},
		}},
	} {
		text, err := os.ReadFile(c.document)
		if err != nil {
			t.Fatal(err)
		}
		for _, v := range c.written {
			for i := range reflect.TypeOf(v).NumField() {
				key, _, _ := strings.Cut(reflect.TypeOf(v).Field(i).Tag.Get("json"), ",")
				if key != "" && !strings.Contains(string(text), "`"+key+"`") {
					t.Errorf("%s does not tell of the key %s of %T", c.document, key, v)
				}
			}
		}
	}
}
