package view

import (
	"fmt"

	"weir/internal/traffic"
	"weir/internal/unit"
)

// The limits from which something stands out. Below standHits a share says
// nothing.
const (
	standHits     = 50
	hotClient     = 0.30
	notFoundShare = 0.10
	errorShare    = 0.01
	changeFactor  = 2
)

// StandOut says in words what a person should look at in an interval: who asks
// for most of it, where the errors are, what is missing, what has doubled. t is
// the tally that iv was read off. The sentences hold strings of the log as
// they are.
func StandOut(iv *Interval, t *traffic.Tally) []string {
	var notes []string
	say := func(format string, args ...any) { notes = append(notes, fmt.Sprintf(format, args...)) }
	share := func(n int64) float64 { return float64(n) / float64(max(1, iv.Hits)) }

	if n := iv.Classes[5]; n > 0 && (share(n) >= errorShare || n >= standHits) {
		text := fmt.Sprintf("5xx: %s of %s hits (%s)", unit.Count(n), unit.Count(iv.Hits), unit.Percent(n, iv.Hits))
		if top := t.TopErrors(traffic.BySection, 1); len(top) > 0 {
			text += fmt.Sprintf(", %s of them in %s", unit.Count(top[0].Errors), Name(top[0].Key))
		}
		say("%s", text)
	}
	if n := iv.Count(404); iv.Hits >= standHits && share(n) >= notFoundShare {
		text := fmt.Sprintf("404: %s of %s hits (%s)", unit.Count(n), unit.Count(iv.Hits), unit.Percent(n, iv.Hits))
		if top := t.TopNotFound(traffic.ByClient, 1); len(top) > 0 && top[0].Key != "" {
			text += fmt.Sprintf(", %s of them to %s", unit.Count(top[0].NotFound), Name(top[0].Key))
		}
		say("%s", text)
	}
	if top := t.Top(traffic.ByClient, 1); len(top) > 0 && top[0].Key != "" && iv.Hits >= standHits && share(top[0].Hits) >= hotClient {
		say("client %s makes %s of the hits", Name(top[0].Key), unit.Percent(top[0].Hits, iv.Hits))
	}
	if b := iv.Before; b != nil && !iv.Partial {
		switch {
		case iv.Hits >= standHits && b.Hits > 0 && iv.Hits >= changeFactor*b.Hits:
			say("hits went up from %s to %s", unit.Count(b.Hits), unit.Count(iv.Hits))
		case b.Hits >= standHits && iv.Hits*changeFactor <= b.Hits:
			say("hits went down from %s to %s", unit.Count(b.Hits), unit.Count(iv.Hits))
		}
	}
	if iv.Malformed > 0 {
		say("%s of the requests are no HTTP", unit.Count(iv.Malformed))
	}
	return notes
}

// Name is what a person reads for a key: a dash where the log left it empty.
func Name(key string) string {
	if key == "" {
		return "-"
	}
	return key
}
