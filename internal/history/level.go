package history

import "weir/internal/traffic"

// A Level is how wide the stretches are that rows hold.
type Level uint8

// The levels, the finest first. The days are those of UTC.
const (
	TenSeconds Level = iota
	Minute
	TenMinutes
	Hour
	Day
	levels
)

// Levels is how many there are.
const Levels = int(levels)

// Step returns the width of a row in seconds. Each is a multiple of the one below
// it.
func (l Level) Step() int64 {
	switch l {
	case TenSeconds:
		return 10
	case Minute:
		return 60
	case TenMinutes:
		return 10 * 60
	case Hour:
		return 60 * 60
	default:
		return 24 * 60 * 60
	}
}

// String returns how a person would say it: "10 s", "1 min", "10 min", "1 h", "1 day".
func (l Level) String() string {
	return [levels]string{"10 s", "1 min", "10 min", "1 h", "1 day"}[min(l, Day)]
}

// A Width is how wide the rows are that are kept of what is older than Before.
type Width struct{ Before, Seconds int64 }

// Widths returns which rows of a log whose newest second is newest need not be made,
// since they would be dropped at once: in the order of time, the widest first.
func (db *DB) Widths(newest int64) []Width {
	var list []Width
	for l := Hour; ; l-- {
		if keep := db.options.keep(l); keep > 0 {
			list = append(list, Width{newest - keep, (l + 1).Step()})
		}
		if l == TenSeconds {
			return list
		}
	}
}

// align is the beginning of the row that t falls into.
func (l Level) align(t int64) int64 { return floor(t, l.Step()) }

// border is the width in which rows of l are dropped: that of a row of the next
// level, so that what is left and what is above it meet without a gap or overlap.
func (l Level) border() int64 { return min(l+1, Day).Step() }

func floor(t, step int64) int64 { return traffic.FloorDiv(t, step) * step }

func ceil(t, step int64) int64 { return -floor(-t, step) }

// levelOf returns the level whose rows are so many seconds wide.
func levelOf(width int64) (Level, bool) {
	for l := range levels {
		if l.Step() == width {
			return l, true
		}
	}
	return 0, false
}
