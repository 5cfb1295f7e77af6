package view

import "weir/internal/alert"

// A Told is one line of a list of alerts: a message, or how many of a rule that went on
// and off are left out there.
type Told struct {
	Event *alert.Event // a message; of those left out, the first of them
	Left  int          // 0 of a message
}

// folded is how many messages of one rule and key are listed before those in the middle
// are left out.
const folded = 6

// Fold returns the messages that people were told, in their order. Of a rule that has gone
// on and off again and again, for one key, the first two and the last two are listed, with
// the number of those between; of high traffic all are.
func Fold(events []alert.Event) []Told {
	type name struct{ rule, key string }
	told := func(e *alert.Event) bool { return e.Told() && e.Muted == "" }
	total, seen := map[name]int{}, map[name]int{}
	for i := range events {
		if e := &events[i]; told(e) {
			total[name{e.Rule.Name, e.Key}]++
		}
	}
	var out []Told
	for i := range events {
		e := &events[i]
		if !told(e) {
			continue
		}
		n := name{e.Rule.Name, e.Key}
		seen[n]++
		switch k, all := seen[n], total[n]; {
		case n.rule == alert.HighTraffic || all <= folded || k <= 2 || k > all-2:
			out = append(out, Told{Event: e})
		case k == 3:
			out = append(out, Told{Event: e, Left: all - 4})
		}
	}
	return out
}
