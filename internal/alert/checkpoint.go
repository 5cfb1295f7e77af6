package alert

import (
	"encoding/binary"
	"fmt"
	"time"

	"weir/internal/change"
	"weir/internal/pack"
)

// The state of a Board is in two parts, since a Series takes 4 KiB and changes
// with each step: a checkpoint of all series, made anew every few minutes, and
// with the rest of the state the steps since then. They are stored together, so a
// restored series has taken the same steps as one that went on.
type checkpoint struct {
	number int64 // of the newest; 0 before the first
	at     int64 // Board.at at that time
	stale  bool  // something happened that no step is of
}

const (
	// checkpointSeconds of event time are between two checkpoints: at forty
	// series, 130 KiB each five minutes, and up to 10 KiB of steps in each state.
	checkpointSeconds = 300
	// mostSteps that a series takes between two; with more, there is another
	// checkpoint sooner.
	mostSteps = 1000
	// checkpointVersion is that of the binary form of a checkpoint:
	//
	//	version  number  series: how many, then of each  rule  key  state
	checkpointVersion = 1
)

// note remembers a step for the state, where somebody stores that.
func (b *Board) note(w *Watch, s step) {
	if b.mark.number == 0 {
		return
	}
	if len(w.steps) >= mostSteps {
		b.mark.stale = true
		return
	}
	w.steps = append(w.steps, s)
}

// Checkpoint appends to to the states of all series, when it is time for that:
// before each AppendBinary whose outcome is stored, and to be stored with it in
// place of the one before. fresh is false where the one before is still good.
func (b *Board) Checkpoint(to []byte) (data []byte, fresh bool) {
	n := 0
	for _, w := range b.watches {
		if w.series != nil {
			n++
		}
	}
	m := &b.mark
	if n == 0 || m.number > 0 && !m.stale && b.at-m.at < checkpointSeconds {
		return to, false
	}
	*m = checkpoint{number: m.number + 1, at: b.at}
	from := len(to)
	to = binary.AppendVarint(append(to, checkpointVersion), m.number)
	to = binary.AppendUvarint(to, uint64(n))
	for _, w := range b.watches {
		if w.series != nil {
			w.steps = nil
			to = pack.AppendBytes(pack.AppendBytes(to, w.Rule.Name), w.Key)
			to = pack.AppendBytes(to, w.series.AppendBinary(nil))
		}
	}
	return pack.AppendSum(to, from), true
}

// learned reads a checkpoint: the series by rule and key.
func learned(data []byte) (number int64, states map[[2]string][]byte, err error) {
	body, ok := pack.CutSum(data)
	if !ok {
		return 0, nil, fmt.Errorf("what was learned of the traffic is damaged: its checksum is another")
	}
	r := pack.NewReader("what was learned of the traffic", body)
	r.Version(checkpointVersion)
	number = r.Int("number")
	states = map[[2]string][]byte{}
	for n := r.Count("series", 3); n > 0 && r.Err() == nil; n-- {
		rule, key := string(r.Bytes("series")), string(r.Bytes("series"))
		states[[2]string{rule, key}] = r.Bytes("series")
	}
	return number, states, r.End()
}

// teach gives a restored watch its series: as it was at the checkpoint, then the
// steps that it has taken since. What it told of them was told. One that states
// does not have began after the checkpoint; where that was lost states is nil.
func (w *Watch) teach(states map[[2]string][]byte) error {
	s := w.Rule.series(w.Key)
	if states == nil {
		return fmt.Errorf("what was learned of the traffic is not there")
	}
	if state, ok := states[[2]string{w.Rule.Name, w.Key}]; ok {
		var err error
		if s, err = change.Restore(state, w.Rule.senses(w.Key)); err != nil {
			return err
		}
	}
	for _, st := range w.steps {
		if st.idle {
			s.Idle(st.t)
		} else {
			s.Step(st.t, st.sample)
		}
	}
	w.series = s
	return nil
}

// appendSteps appends what the series has taken since the checkpoint: what its
// kind is about.
func (w *Watch) appendSteps(to []byte) []byte {
	to = binary.AppendUvarint(to, uint64(len(w.steps)))
	kind, last := w.Rule.kind(), int64(0)
	for _, s := range w.steps {
		to = binary.AppendVarint(to, (s.t-last)<<1|oneIf(s.idle))
		last = s.t
		if s.idle {
			continue
		}
		switch kind {
		case change.Traffic:
			to = binary.AppendVarint(to, s.sample.Requests)
		case change.Errors:
			to = binary.AppendVarint(binary.AppendVarint(to, s.sample.Requests), s.sample.Failed)
		case change.MeanLatency:
			to = binary.AppendVarint(binary.AppendVarint(to, s.sample.Timed), int64(s.sample.Mean))
		default:
			to = binary.AppendVarint(binary.AppendVarint(to, s.sample.Timed), int64(s.sample.P90))
		}
	}
	return to
}

func (w *Watch) readSteps(r *pack.Reader) {
	const part = "steps"
	kind, last := w.Rule.kind(), int64(0)
	for n := r.Count(part, 1); n > 0 && r.Err() == nil; n-- {
		head := r.Int(part)
		s := step{t: last + head>>1, idle: head&1 == 1}
		if last = s.t; last < -pack.Horizon || last > pack.Horizon {
			r.Damaged(part)
			return
		}
		if !s.idle {
			switch kind {
			case change.Traffic:
				s.sample.Requests = r.Int(part)
			case change.Errors:
				s.sample.Requests, s.sample.Failed = r.Int(part), r.Int(part)
			case change.MeanLatency:
				s.sample.Timed, s.sample.Mean = r.Int(part), time.Duration(r.Int(part))
			default:
				s.sample.Timed, s.sample.P90 = r.Int(part), time.Duration(r.Int(part))
			}
		}
		w.steps = append(w.steps, s)
	}
}

func oneIf(is bool) int64 {
	if is {
		return 1
	}
	return 0
}
