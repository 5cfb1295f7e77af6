package report

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"
)

// object writes r as JSON and decodes it.
func object(t *testing.T, r *Report) map[string]any {
	t.Helper()
	var out bytes.Buffer
	if err := (&JSON{W: &out}).Write(r); err != nil {
		t.Fatal(err)
	}
	var m map[string]any
	if err := json.Unmarshal(out.Bytes(), &m); err != nil {
		t.Fatal(err)
	}
	return m
}

// keysOf lists the paths of all keys: sections[].latency.p90_ms. What stands
// below a map whose keys are data is one <key>.
func keysOf(prefix string, v any, into map[string]bool) {
	switch v := v.(type) {
	case map[string]any:
		for k, x := range v {
			if slices.Contains([]string{"status", "methods", "classes", "bounds", "rejected.reasons"}, strings.TrimSuffix(prefix, ".")) {
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

// stable are all keys there are. One may be added; none may go or change its
// name.
func stable() []string {
	keys := strings.Fields(`from to lines hits rejected rejected.total rejected.reasons rejected.reasons.<key> late outside malformed bytes visitors
		visitors_estimated bot_hits rate rate.mean rate.peak_1s rate.peak_10s status status.<key> classes classes.<key> methods methods.<key>
		latency latency.count latency.mean_ms latency.p50_ms latency.p90_ms latency.p99_ms latency.max_ms bounds bounds.<key>
		hours hours[].from hours[].hits hours[].bytes hours[].errors hits_before_hours notes notices failures alerts_dropped alerts_from
		alerts alerts[].rule alerts[].state alerts[].at alerts[].value alerts[].hits alerts[].message
		open open[].rule open[].state open[].since open[].seconds open[].hits open[].average open[].threshold
		sources sources[].name sources[].format sources[].lines sources[].hits sources[].rejected sources[].last_rejected sources[].last_reason
		sections[].visitors sections[].visitors_estimated sections[].latency.max_ms`)
	for _, table := range tableNames() {
		keys = append(keys, table)
		for _, key := range []string{"key", "hits", "bytes", "errors"} {
			keys = append(keys, table+"[]."+key)
		}
		if slices.Contains([]string{"sections", "paths", "clients", "agents", "users"}, table) { // those that bounded() bounds
			keys = append(keys, table+"[].missed")
		}
		if table == "referrers" || table == "protocols" {
			continue // untimed in the scene
		}
		for _, key := range []string{"", ".count", ".mean_ms", ".p50_ms", ".p90_ms", ".p99_ms"} {
			keys = append(keys, table+"[].latency"+key)
		}
		if table != "sections" {
			keys = append(keys, table+"[].latency.coarse")
		}
	}
	slices.Sort(keys)
	return keys
}

func tableNames() []string {
	return []string{"sections", "paths", "clients", "countries", "cities", "networks", "agents", "browsers", "systems", "bots", "bot_kinds", "referrers", "hosts", "users", "protocols", "not_found", "server_errors"}
}

func TestTheKeysOfJSONStay(t *testing.T) {
	got := map[string]bool{}
	keysOf("", object(t, rich()), got)
	r := bounded()
	r.AlertsFrom = midnight
	keysOf("", object(t, r), got)
	if keys := slices.Sorted(maps.Keys(got)); !slices.Equal(keys, stable()) {
		t.Errorf("got the keys\n%s\nwant\n%s", strings.Join(keys, "\n"), strings.Join(stable(), "\n"))
	}
}

// TestAnEmptyObjectIsWhole: a program may index into every list of it.
func TestAnEmptyObjectIsWhole(t *testing.T) {
	o := object(t, &Report{})
	for _, list := range append(tableNames(), "hours", "notes", "alerts", "open", "sources", "notices", "failures") {
		if _, ok := o[list].([]any); !ok {
			t.Errorf("%s: got %v, want a list", list, o[list])
		}
	}
	for _, key := range []string{"from", "to", "latency", "outside", "bounds", "alerts_from", "alerts_dropped", "visitors_estimated"} {
		if v, ok := o[key]; ok {
			t.Errorf("%s: got %v, want it absent where nothing was read", key, v)
		}
	}
}

func TestMethodsThatLookAlikeAreSummedUp(t *testing.T) {
	r := short()
	r.Methods.Rows = append(r.Methods.Rows, row("G\x1b", 2, 0), row(`G\x1B`, 3, 0))
	if got := object(t, r)["methods"].(map[string]any)[`G\x1B`]; got != 5.0 {
		t.Errorf("got %v hits, want 5", got)
	}
}
