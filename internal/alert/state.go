package alert

import (
	"encoding/binary"
	"slices"

	"weir/internal/pack"
	"weir/internal/unit"
)

// stateVersion is that of the binary form of a Board:
//
//	version  started  at
//	rules: how many, then of each  name  window  threshold  state  since
const stateVersion = 1

// AppendBinary appends the state of b's rules to to: how far they were
// stepped, which of them fire and since when. The history is no part of it.
// Equal states have equal bytes.
func (b *Board) AppendBinary(to []byte) []byte {
	to = append(to, stateVersion, 0)
	if b.started {
		to[len(to)-1] = 1
	}
	to = binary.AppendVarint(to, b.at)
	to = binary.AppendUvarint(to, uint64(len(b.watches)))
	for i := range b.watches {
		w := &b.watches[i]
		to = pack.AppendBytes(to, w.Rule.Name)
		to = binary.AppendVarint(to, w.Rule.Window)
		to = binary.AppendVarint(to, int64(w.Rule.Threshold))
		to = append(to, byte(w.State))
		to = binary.AppendVarint(to, w.Since)
	}
	return to
}

// RestoreBoard returns a Board of rules that goes on where the one stood whose
// state AppendBinary wrote to b. It has no history.
//
// Each rule takes the state of the stored one of the same name and window,
// else of one of the same name that is left over, else it is quiet. So a rule
// whose threshold or window was changed stays as it is until its own average
// says otherwise: an alert that is open is recovered when the traffic is below
// what the rule now asks for, is not announced a second time, and never hangs
// open for want of its recovery. To begin anew as quiet was rejected: it would
// announce the same traffic twice and never recover the first alert. Stored
// rules that are no more are dropped.
func RestoreBoard(b []byte, rules ...Rule) (*Board, error) {
	r := pack.NewReader("the state of the alerts", b)
	r.Version(stateVersion)
	board := NewBoard(rules...)
	board.started = r.Bool("beginning")
	board.at = r.Second("second")
	var stored []Watch
	for n := r.Count("rules", 5); n > 0 && r.Err() == nil; n-- {
		w := Watch{Rule: Rule{Name: string(r.Bytes("rule")), Window: r.Int("rule"), Threshold: unit.PerSecond(r.Int("rule"))}}
		w.State = State(r.Byte("rule"))
		if w.State > Firing {
			r.Damaged("rule")
		}
		w.Since = r.Second("rule")
		stored = append(stored, w)
	}
	if err := r.End(); err != nil {
		return nil, err
	}
	taken := make([]bool, len(board.watches))
	for _, sameWindow := range []bool{true, false} {
		for i := range board.watches {
			w := &board.watches[i]
			k := slices.IndexFunc(stored, func(s Watch) bool {
				return s.Rule.Name == w.Rule.Name && (!sameWindow || s.Rule.Window == w.Rule.Window)
			})
			if !taken[i] && k >= 0 {
				w.State, w.Since = stored[k].State, stored[k].Since
				stored, taken[i] = slices.Delete(stored, k, k+1), true
			}
		}
	}
	return board, nil
}
