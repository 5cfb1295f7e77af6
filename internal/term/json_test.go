package term

import (
	"bytes"
	"encoding/json"
	"maps"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"weir/internal/gauge"
)

// object shows o as JSON and decodes it.
func object(t *testing.T, o gauge.Output) map[string]any {
	t.Helper()
	var out bytes.Buffer
	if err := (&JSON{W: &out, Zone: time.UTC}).Show(o); err != nil {
		t.Fatal(err)
	}
	return decode(t, out.Bytes())
}

func decode(t *testing.T, b []byte) map[string]any {
	t.Helper()
	var m map[string]any
	if err := json.Unmarshal(b, &m); err != nil {
		t.Fatalf("%v in %s", err, b)
	}
	return m
}

// keysOf lists the paths of all keys: sections[].latency.p90_ms. What stands
// below a map whose keys are data is one <key>.
func keysOf(prefix string, v any, into map[string]bool) {
	switch v := v.(type) {
	case map[string]any:
		for k, x := range v {
			if slices.Contains([]string{"status", "methods", "classes", "rejected.reasons"}, strings.TrimSuffix(prefix, ".")) {
				k = "<key>"
			}
			into[prefix+k] = true
			keysOf(prefix+k+".", x, into)
		}
	case []any:
		for _, x := range v {
			keysOf(strings.TrimSuffix(prefix, ".")+"[].", x, into)
		}
	}
}

// stable are the keys that readers of --json rely on. A key may be added; none
// may go or change its name.
func stable() map[string]string {
	const row = ` S[].bytes S[].errors S[].hits S[].key`
	const rows = ` sections clients paths` + row
	const latency = ` latency.count latency.max_ms latency.mean_ms latency.p50_ms latency.p90_ms latency.p99_ms`
	const stats = ` bot_hits bots countries cities networks bytes classes classes.<key> hits latency malformed methods methods.<key> rate rejected rejected.reasons rejected.reasons.<key> rejected.total status status.<key> visitors late future type from to` + latency
	expand := func(s string) string {
		var out []string
		for word := range strings.FieldsSeq(s) {
			if rest, ok := strings.CutPrefix(word, "S"); ok {
				for _, table := range []string{"sections", "clients", "paths"} {
					out = append(out, table+rest)
				}
				continue
			}
			out = append(out, word)
		}
		return strings.Join(out, " ")
	}
	return map[string]string{
		"standout": expand(stats + rows + ` notes windows windows[].average windows[].hits windows[].rule windows[].seconds windows[].state windows[].threshold visitors_estimated bounds bounds.sections sections[].missed sections[].latency.coarse`),
		"firing":   `windows[].since windows[].text windows[].severity`,
		"failing":  `windows[].metric windows[].muted windows[].key channels[].name channels[].kind channels[].waiting channels[].failing_since channels[].last_error`,
		"partial":  `partial`,
		"alert":    `type rule state at value hits window_seconds threshold message`,
		"recovery": `duration_seconds`,
		"quiet":    `type from to`,
		"notice":   `type at text`,
		"summary-trouble": expand(stats + rows + ` lines late_by_seconds alerts alerts[].rule alerts[].state alerts[].at alerts[].value alerts[].hits alerts[].window_seconds
			alerts[].threshold alerts[].message alerts[].duration_seconds open sources sources[].name sources[].format sources[].lines sources[].hits sources[].rejected
			sources[].last_rejected sources[].last_reason sources[].lost_messages sources[].offset sources[].size sources[].lag_bytes sources[].lag_seconds sources[].rotations
			sources[].truncations sources[].recovered_bytes sources[].possible_loss_bytes sources[].zero_bytes sources[].too_long sources[].undecodable`),
		"visits":       `bots[].bytes bots[].errors bots[].hits bots[].key bots[].missed bots[].latency.coarse bounds.bots`,
		"places":       `countries[].hits countries[].key countries[].bytes countries[].errors cities[].key cities[].hits networks[].key networks[].hits bounds.countries`,
		"summary-many": `alerts_dropped open[].since`,
	}
}

// objects are all scenes and endings as they decode.
func objects(t *testing.T) map[string]map[string]any {
	t.Helper()
	all := map[string]map[string]any{}
	for name, o := range scenes() {
		all[name] = object(t, o)
	}
	for name, c := range endings() {
		var out bytes.Buffer
		if err := (&JSON{W: &out, Zone: time.UTC}).Close(c); err != nil {
			t.Fatal(err)
		}
		all[name] = decode(t, out.Bytes())
	}
	return all
}

func TestTheKeysOfJSONStay(t *testing.T) {
	all := objects(t)
	for name, want := range stable() {
		got := map[string]bool{}
		keysOf("", all[name], got)
		for key := range strings.FieldsSeq(want) {
			if !got[key] {
				t.Errorf("%s: the key %s is gone", name, key)
			}
		}
	}
}

func TestEveryKeyOfJSONIsInTheManual(t *testing.T) {
	manual, err := os.ReadFile("../../docs/json.md")
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]bool{}
	for _, o := range objects(t) {
		keysOf("", o, got)
	}
	for _, path := range slices.Sorted(maps.Keys(got)) {
		last := path[strings.LastIndexByte(path, '.')+1:]
		if last == "<key>" {
			continue
		}
		if !strings.Contains(string(manual), "`"+last+"`") && !strings.Contains(string(manual), `"`+last+`"`) {
			t.Errorf("docs/json.md does not tell of the key %s (%s)", last, path)
		}
	}
}

func TestJSONSaysWhatThePlainBlockSays(t *testing.T) {
	o := object(t, scenes()["ordinary"])
	for key, want := range map[string]any{
		"type": "interval", "from": "2026-03-10T14:05:00Z", "to": "2026-03-10T14:05:10Z", "hits": 4468.0, "rate": 446.8, "bytes": 52.1e6, "visitors": 1904.0,
		"classes": map[string]any{"1xx": 0.0, "2xx": 4291.0, "3xx": 90.0, "4xx": 67.0, "5xx": 20.0},
		"status":  map[string]any{"200": 4291.0, "304": 90.0, "404": 67.0, "500": 12.0, "503": 8.0},
		"methods": map[string]any{"GET": 4000.0, "POST": 468.0},
		"latency": map[string]any{"count": 9.0, "mean_ms": 26.0, "p50_ms": 13.0, "p90_ms": 52.0, "p99_ms": 390.0, "max_ms": 2080.0},
		"windows": []any{map[string]any{"rule": "high-traffic", "state": "quiet", "seconds": 120.0, "hits": 960.0, "average": 8.0, "threshold": 10.0}},
		"notes":   []any{},
	} {
		if !reflect.DeepEqual(o[key], want) {
			t.Errorf("%s: got %v, want %v", key, o[key], want)
		}
	}
	e := object(t, scenes()["recovery"])
	want := map[string]any{
		"type": "alert", "rule": "high-traffic", "state": "recovered", "at": "2026-03-10T14:07:27Z", "value": "9.99", "hits": 1199.0,
		"window_seconds": 120.0, "threshold": 10.0, "duration_seconds": 140.0,
		"message": "High traffic alert recovered - hits = 9.99, recovered at 2026-03-10T14:07:27Z", "severity": "warning",
	}
	if !reflect.DeepEqual(e, want) {
		t.Errorf("recovery: got %v, want %v", e, want)
	}
}

// TestAnEmptySummaryIsWhole: a reader may index into every list of it.
func TestAnEmptySummaryIsWhole(t *testing.T) {
	o := objects(t)["summary-empty"]
	for _, list := range []string{"sections", "clients", "paths", "bots", "countries", "cities", "networks", "alerts", "open", "sources"} {
		if _, ok := o[list].([]any); !ok {
			t.Errorf("%s: got %v, want a list", list, o[list])
		}
	}
	if _, ok := o["from"]; ok {
		t.Errorf("got from %v, want none where nothing was read", o["from"])
	}
}
