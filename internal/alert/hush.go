package alert

import (
	"encoding/binary"
	"slices"

	"weir/internal/pack"
)

// byHand is why an alert is muted that somebody wants to hear nothing of for a while.
const byHand = "by hand"

// A Hush is what somebody has said of a rule: that nobody is to be told of its alerts.
type Hush struct {
	Rule, Key string
	All       bool  // of all keys; Key is "" then
	Until     int64 // second; one that is past takes back what was said before
}

func (h *Hush) covers(w *Watch) bool { return h.Rule == w.Rule.Name && (h.All || h.Key == w.Key) }

// Mute tells nobody of the alerts of a rule that begin from second t on. It takes the place of
// what was said of the same before, and that of all keys of what was said of each. It returns the
// event that says so, none where there is no such rule, or nothing to take back.
//
// An alert that everybody was told of stays one, and its end is told. Mutes are part of the state.
func (b *Board) Mute(h Hush, t int64) []Event {
	i := slices.IndexFunc(b.rules, func(r Rule) bool { return r.Name == h.Rule })
	if i < 0 {
		return nil
	}
	before := len(b.hushes)
	b.hushes = slices.DeleteFunc(b.hushes, func(o Hush) bool { return o.Rule == h.Rule && (h.All || !o.All && o.Key == h.Key) })
	known := len(b.hushes) < before
	b.hushes = slices.DeleteFunc(b.hushes, func(o Hush) bool { return o.Until <= t })
	if h.Until > t {
		if len(b.hushes) >= MaxKeys {
			b.hushes = slices.Delete(b.hushes, 0, 1)
		}
		b.hushes = append(b.hushes, h)
	} else if !known {
		return nil
	}
	b.quieten()
	e := Event{Rule: b.rules[i], Key: h.Key, At: t, Began: t, Hushed: max(h.Until, t)}
	for _, w := range b.of(i) {
		if w.Key == h.Key {
			e.State, e.Was, e.Sample = w.State, w.State, w.Last
			if w.State != Quiet {
				e.Began, e.After = w.Since, t-w.Since
			}
		}
	}
	old := len(b.history)
	b.history = append(b.history, e)
	events := b.history[old:]
	b.trim()
	return events
}

// quieten makes known to all watches what was said.
func (b *Board) quieten() {
	for _, w := range b.watches {
		w.hushed = b.hushed(w)
	}
}

// hushed returns until when nobody is told of w.
func (b *Board) hushed(w *Watch) (until int64) {
	for i := range b.hushes {
		if h := &b.hushes[i]; h.covers(w) {
			until = max(until, h.Until)
		}
	}
	return until
}

// silent returns why nobody is told of w at second t, "" where they are.
func (w *Watch) silent(t int64) string {
	switch {
	case t < w.hushed:
		return byHand
	case w.Rule.Muted(t):
		return bySchedule
	}
	return ""
}

// heardAgain returns a second after t up to which w is silent, if it is at t.
func (w *Watch) heardAgain(t int64) int64 {
	if t < w.hushed {
		return w.hushed
	}
	return w.Rule.unmuted(t)
}

// Hushed is until which second nobody is told of alerts that begin, 0 where they are; it may be past.
func (w *Watch) Hushed() int64 { return w.hushed }

func (b *Board) appendHushes(to []byte) []byte {
	to = binary.AppendUvarint(to, uint64(len(b.hushes)))
	for _, h := range b.hushes {
		to = append(pack.AppendBytes(pack.AppendBytes(to, h.Rule), h.Key), byte(oneIf(h.All)))
		to = binary.AppendVarint(to, h.Until)
	}
	return to
}

func readHushes(r *pack.Reader) (all []Hush) {
	const part = "mutes"
	for n := r.Count(part, 4); n > 0 && r.Err() == nil; n-- {
		h := Hush{Rule: string(r.Bytes(part)), Key: string(r.Bytes(part)), All: r.Bool(part), Until: r.Second(part)}
		if all = append(all, h); len(all) > MaxKeys {
			r.Damaged(part)
		}
	}
	return all
}
