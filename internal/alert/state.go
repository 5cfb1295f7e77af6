package alert

import (
	"encoding/binary"
	"fmt"
	"slices"

	"weir/internal/pack"
)

// stateVersion is that of the binary form of a Board:
//
//	version  started  at  heard  checkpoint: number  at
//	watches: how many, then of each
//	         name  key  test  by  metric  window  threshold  state  since
//	         acknowledged  held  over  heard  bare  muted  flags  [newest sample]
//	         steps since the checkpoint
//	what is muted by hand: how many, then of each  rule  key  of all keys  until
//
// Version 2 had nothing muted by hand.
// Version 1 had no checkpoint, and of each watch  name  window  threshold  state  since.
const stateVersion = 3

// The flags of a watch.
const (
	flagKnown = 1 << iota
	flagWhole
	flagNone
	flagUp
	knownFlags = 1<<iota - 1
)

// AppendBinary appends the state of b's rules to to: how far they were
// stepped, which of them fire and since when. The history is no part of it, and
// series are but for their steps since the last Checkpoint. Equal states have equal bytes.
func (b *Board) AppendBinary(to []byte) []byte {
	to = append(to, stateVersion, byte(oneIf(b.started)))
	to = appendInts(to, b.at, b.heard, b.mark.number, b.mark.at)
	to = binary.AppendUvarint(to, uint64(len(b.watches)))
	for _, w := range b.watches {
		r := &w.Rule
		to = pack.AppendBytes(pack.AppendBytes(to, r.Name), w.Key)
		to = append(to, byte(r.Test), byte(r.By), byte(r.Metric))
		to = appendInts(to, r.Window, int64(r.Threshold))
		to = append(to, byte(w.State))
		to = appendInts(to, w.Since, w.Acknowledged, w.held, w.over, w.heard, w.bare)
		to = pack.AppendBytes(to, w.muted)
		to = append(to, byte(oneIf(w.known)*flagKnown|oneIf(w.Last.Whole)*flagWhole|oneIf(w.none)*flagNone|oneIf(w.up)*flagUp))
		if w.known {
			to = appendInts(to, w.Last.Num, w.Last.Den, w.Last.Hits, w.Last.now)
		}
		to = w.appendSteps(to)
	}
	return b.appendHushes(to)
}

func appendInts(to []byte, numbers ...int64) []byte {
	for _, n := range numbers {
		to = binary.AppendVarint(to, n)
	}
	return to
}

// RestoreBoard returns a Board of rules that goes on where the one stood whose
// state AppendBinary wrote to state, and its newest Checkpoint to checkpoint. It has no history.
//
// Rules take the states of stored ones of the same name. So a rule whose
// threshold or window was changed stays as it is until its own value
// says otherwise: an alert that is open is recovered when the traffic is below
// what the rule now asks for, is not announced a second time, and never hangs
// open for want of its recovery. To begin anew as quiet was rejected: it would
// announce the same traffic twice and never recover the first alert. Alerts of
// rules that are no more end: see Owed.
//
// Without a checkpoint that belongs to the state, series begin to learn anew,
// and their alerts end; forgot says why, nil where nothing was forgotten. Another
// error is in err.
func RestoreBoard(state, learnt []byte, rules ...Rule) (b *Board, forgot, err error) {
	r := pack.NewReader("the state of the alerts", state)
	version := r.Version(stateVersion, 2, 1)
	old := &Board{}
	old.started = r.Bool("beginning")
	old.at = r.Second("second")
	old.heard = old.at
	if version > 1 {
		old.heard = r.Second("second")
		old.mark = checkpoint{number: r.Int("checkpoint"), at: r.Second("checkpoint")}
		if old.mark.number < 0 || old.mark.number > pack.Horizon {
			r.Damaged("checkpoint") // there are not that many
		}
	}
	for n := r.Count("rules", 5); n > 0 && r.Err() == nil; n-- {
		if version > 1 {
			old.watches = append(old.watches, readWatch(r))
		} else {
			old.watches = append(old.watches, readFirst(r))
		}
	}
	var hushes []Hush
	if version > 2 {
		hushes = readHushes(r)
	}
	if err := r.End(); err != nil {
		return nil, nil, err
	}
	// By their old rules first: that is what their steps are of.
	number, states, err := int64(0), map[[2]string][]byte(nil), error(nil)
	if old.mark.number > 0 && slices.ContainsFunc(old.watches, func(w *Watch) bool { return w.Rule.Test == Changes }) {
		number, states, err = learned(learnt)
		if err == nil && number != old.mark.number {
			err = fmt.Errorf("what was learned of the traffic is of another time than the state of the alerts")
		}
		if err != nil {
			forgot, states = err, nil
		}
	}
	b = NewBoard(rules...)
	b.started, b.at, b.heard, b.mark = old.started, old.at, old.heard, old.mark
	var owed []Event
	kept := old.watches[:0]
	for _, w := range old.watches {
		if w.Rule.Test == Changes {
			now := ruleNamed(rules, w.Rule.Name)
			if now != nil && now.sameKind(&w.Rule) {
				w.Rule = *now // its threshold is that of the steps to come, too
			}
			if err := w.teach(states); err != nil {
				if forgot == nil {
					forgot = err
				}
				if e, ok := w.end(b.at, "what was usual is no longer known"); ok {
					owed = append(owed, e)
				}
				w.series, w.steps = w.Rule.series(w.Key), nil
				b.mark.stale = true
			}
		}
		kept = append(kept, w)
	}
	b.owed = append(owed, b.take(kept, b.at)...)
	b.hushes = hushes
	b.quieten()
	return b, forgot, nil
}

func ruleNamed(rules []Rule, name string) *Rule {
	for i := range rules {
		if rules[i].Name == name {
			return &rules[i]
		}
	}
	return nil
}

// readFirst reads a watch of version 1, when all rules were of hits.
func readFirst(r *pack.Reader) *Watch {
	const part = "rule"
	w := &Watch{Rule: Rule{Name: string(r.Bytes(part)), Window: r.Int(part), Threshold: Level(r.Int(part))}}
	if w.State = State(r.Byte(part)); w.State > Firing {
		r.Damaged(part)
	}
	w.Since = r.Second(part)
	w.held = w.Since
	return w
}

// readWatch reads a watch with what is known of its rule.
func readWatch(r *pack.Reader) *Watch {
	const part = "rule"
	w := &Watch{}
	w.Rule.Name, w.Key = string(r.Bytes(part)), string(r.Bytes(part))
	w.Rule.Test, w.Rule.By, w.Rule.Metric = Test(r.Byte(part)), By(r.Byte(part)), Metric(r.Byte(part))
	w.Rule.Window, w.Rule.Threshold = r.Int(part), Level(r.Int(part))
	w.State = State(r.Byte(part))
	if w.Rule.Test >= tests || w.Rule.By >= bys || w.Rule.Metric >= Metrics || w.State > Pending {
		r.Damaged(part)
	}
	for _, sec := range []*int64{&w.Since, &w.Acknowledged, &w.held, &w.over, &w.heard, &w.bare} {
		*sec = r.Second(part)
	}
	w.muted = string(r.Bytes(part))
	flags := r.Byte(part)
	if w.known, w.none, w.up = flags&flagKnown != 0, flags&flagNone != 0, flags&flagUp != 0; flags > knownFlags {
		r.Damaged(part)
	}
	if w.known {
		w.Last = Sample{Num: r.Int(part), Den: r.Int(part), Hits: r.Int(part), now: r.Int(part), Whole: flags&flagWhole != 0}
	}
	w.readSteps(r)
	return w
}
