package accesslog

import (
	"fmt"
	"slices"
	"strings"
)

// mapped has the fields of a record that a key can be mapped to.
func mapped() map[string]column {
	return map[string]column{
		"time": columnTime, "client": columnClient, "forwarded": columnForwarded, "user": columnUser, "request": columnRequest,
		"method": columnMethod, "path": columnTarget, "query": columnQuery, "protocol": columnProtocol,
		"status": columnStatus, "bytes": columnBytes, "referrer": columnReferrer, "agent": columnAgent,
		"host": columnHost, "latency_s": columnSeconds, "latency_ms": columnMillis,
		"latency_us": columnMicros, "latency_ns": columnNanos,
	}
}

// CompileJSON returns the format of JSON lines whose keys are not those that
// weir guesses. Each mapping is "field=key.path": the field of a record, and
// the key that it is found under, from the outermost object inwards; case and
// hyphens do not matter, an array is its first element.
//
//	status=http.code
//	latency_ms=timing.total
//
// Of two keys for one field the first that says something counts. Fields that
// are not mapped are guessed as in the format json, but a line need not have a
// status. The error says what is wrong with which mapping.
func CompileJSON(mapping []string) (Format, error) {
	fields := mapped()
	f, _ := Lookup("json")
	f.Title = "JSON with keys that were mapped: " + strings.Join(mapping, " ")
	if len(mapping) > bestRank {
		return Format{}, fmt.Errorf("%d mappings of keys are too many: %d at most", len(mapping), bestRank)
	}
	var keys []mappedKey
	for i, m := range mapping {
		field, path, ok := strings.Cut(m, "=")
		if !ok {
			return Format{}, fmt.Errorf("%q is not FIELD=KEY, such as status=http.code", m)
		}
		c, ok := fields[strings.TrimSpace(field)]
		if !ok {
			return Format{}, fmt.Errorf("%q: a record has no field %q: map one of %s", m, field, strings.Join(fieldNames(fields), ", "))
		}
		path = strings.TrimSpace(strings.ReplaceAll(path, "[0]", ""))
		if slices.Contains(strings.Split(path, "."), "") {
			return Format{}, fmt.Errorf("%q: the key %q has an empty part: give the keys from the outermost inwards, with dots between them, such as request.method", m, path)
		}
		if len(path) > longestKey {
			return Format{}, fmt.Errorf("%q: the key is longer than %d bytes", m, longestKey)
		}
		keys = append(keys, mappedKey{name(path), c, uint8(2*bestRank - i)})
	}
	tree := mappedTree(keys)
	f.New = func() Parser { return &jsonParser{keys: tree, mapped: keys, need: needNothing} }
	return f.marked(mapping...), nil
}

// A mappedKey is a path of keys that a person has said the column of.
type mappedKey struct {
	path   string
	column column
	rank   uint8
}

// mappedTree returns the tree of all keys, those that were mapped first.
func mappedTree(keys []mappedKey) *keyTree {
	tree := newKeyTree(jsonRows(), jsonWriters())
	for _, k := range keys {
		tree.add(k.path, k.column, k.rank)
	}
	return tree
}

func fieldNames(fields map[string]column) []string {
	var names []string
	for n := range fields {
		names = append(names, n)
	}
	slices.Sort(names)
	return names
}
