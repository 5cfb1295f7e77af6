package cli

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
)

// figures is what a truth, a report and the summary of a followed log all tell.
type figures struct {
	Type      string           `json:"type"`
	Hits      int64            `json:"hits"`
	Rejected  json.RawMessage  `json:"rejected"`
	Malformed int64            `json:"malformed"`
	Bytes     int64            `json:"bytes"`
	Visitors  int64            `json:"visitors"`
	Status    map[string]int64 `json:"status"`
	Methods   map[string]int64 `json:"methods"`
	Sections  []struct {
		Key    string `json:"key"`
		Hits   int64  `json:"hits"`
		Bytes  int64  `json:"bytes"`
		Errors int64  `json:"errors"`
	} `json:"sections"`
	From string `json:"from"`
	To   string `json:"to"`
}

// rejected is the number of lines that are no requests: a number in a truth, an
// object elsewhere.
func (f figures) rejected() (n int64) {
	var object struct{ Total int64 }
	if json.Unmarshal(f.Rejected, &n) != nil && json.Unmarshal(f.Rejected, &object) == nil {
		n = object.Total
	}
	return n
}

// read returns the figures of a file: its only object, or the summary.
func readFigures(ts *testscript.TestScript, name string) figures {
	text := ts.ReadFile(name)
	var f figures
	if strings.Contains(text, `"type":"summary"`) {
		for line := range strings.Lines(text) {
			if strings.Contains(line, `"type":"summary"`) {
				text = line
			}
		}
	}
	if err := json.Unmarshal([]byte(text), &f); err != nil {
		ts.Fatalf("%s: %v", name, err)
	}
	return f
}

// counts compares a truth with what weir has counted.
func counts(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 2 {
		ts.Fatalf("usage: counts TRUTH FIGURES")
	}
	truth, got := readFigures(ts, args[0]), readFigures(ts, args[1])
	wrong := ""
	differ := func(what string, a, b any) {
		if fmt.Sprint(a) != fmt.Sprint(b) {
			wrong += fmt.Sprintf("%s: counted %v, written %v\n", what, b, a)
		}
	}
	differ("hits", truth.Hits, got.Hits)
	differ("rejected lines", truth.rejected(), got.rejected())
	differ("malformed", truth.Malformed, got.Malformed)
	differ("bytes", truth.Bytes, got.Bytes)
	differ("status", truth.Status, got.Status)
	differ("methods", truth.Methods, got.Methods)
	if got.Type == "" { // a report tells all sections and the whole time
		differ("from", truth.From, got.From)
		differ("to", truth.To, got.To)
		bySection := func(f figures) map[string]string {
			m := map[string]string{}
			for _, s := range f.Sections {
				m[s.Key] = fmt.Sprint(s.Hits, s.Bytes, s.Errors)
			}
			return m
		}
		differ("sections", bySection(truth), bySection(got))
	}
	// Visitors are estimated, to 2 % or so.
	if d := truth.Visitors - got.Visitors; d*d*400 > truth.Visitors*truth.Visitors+400 {
		differ("visitors", truth.Visitors, got.Visitors)
	}
	if (wrong != "") != neg {
		ts.Fatalf("%s and %s:\n%s", args[0], args[1], wrong)
	}
}
