package query

import (
	"bytes"
	"regexp/syntax"
	"unicode/utf8"
)

// A machine finds where a program of package syntax matches, and its groups. It
// does what package regexp does (Pike's simulation: all ways through the program
// at once, those that the expression prefers first), but in memory of its own:
// each match that regexp tells the place of is an allocation. It belongs to one
// goroutine.
type machine struct {
	prog    *syntax.Prog
	prefix  []byte // every match begins with it
	numbers int    // two for the whole and two for each group: where it begins and ends
	now     threads
	next    threads
	work    []int // of the thread that is being followed
	found   []int // where the match is; -1 for a group that took no part
}

// threads are the states of the simulation at one place of the text, in the
// order of preference, and a sparse set of their instructions.
type threads struct {
	pc     []uint32
	at     []uint32 // by instruction: where in pc it is, if it is there
	places []int    // numbers for each of pc
}

func newMachine(prog *syntax.Prog) *machine {
	prefix, _ := prog.Prefix()
	m := &machine{prog: prog, prefix: []byte(prefix), numbers: prog.NumCap}
	m.now.at, m.next.at = make([]uint32, len(prog.Inst)), make([]uint32, len(prog.Inst))
	m.work, m.found = make([]int, m.numbers), make([]int, m.numbers)
	return m
}

// find looks for the first match at or after from. It returns m.found, nil where
// there is none. What stands before from counts for ^ and \b.
func (m *machine) find(b []byte, from int) []int {
	matched := false
	m.now.clear()
	before := rune(-1)
	if from > 0 {
		before, _ = utf8.DecodeLastRune(b[:from])
	}
	for at := from; ; {
		if len(m.now.pc) == 0 {
			if matched {
				break
			}
			if i := bytes.Index(b[at:], m.prefix); i < 0 {
				break
			} else if i > 0 {
				at += i
				before, _ = utf8.DecodeLastRune(b[:at])
			}
		}
		r, width := rune(-1), 0
		if at < len(b) {
			r, width = utf8.DecodeRune(b[at:])
		}
		around := syntax.EmptyOpContext(before, r)
		if !matched {
			for i := range m.work {
				m.work[i] = -1
			}
			m.work[0] = at
			m.follow(&m.now, uint32(m.prog.Start), at, around)
		}
		after := rune(-1)
		if at+width < len(b) {
			after, _ = utf8.DecodeRune(b[at+width:])
		}
		if m.step(r, at+width, syntax.EmptyOpContext(r, after), at) {
			matched = true
		}
		if width == 0 {
			break
		}
		at, before = at+width, r
		m.now, m.next = m.next, m.now
	}
	if !matched {
		return nil
	}
	return m.found
}

// step moves all threads over the rune r, that ends at to. Those behind one that
// matches, at at, are less preferred, and end.
func (m *machine) step(r rune, to int, around syntax.EmptyOp, at int) (matched bool) {
	m.next.clear()
	for i, pc := range m.now.pc {
		inst := &m.prog.Inst[pc]
		goes := false
		switch inst.Op {
		case syntax.InstMatch:
			copy(m.found, m.now.place(i, m.numbers))
			m.found[1] = at
			return true
		case syntax.InstRune, syntax.InstRune1:
			goes = r >= 0 && inst.MatchRune(r)
		case syntax.InstRuneAny:
			goes = r >= 0
		case syntax.InstRuneAnyNotNL:
			goes = r >= 0 && r != '\n'
		}
		if goes {
			copy(m.work, m.now.place(i, m.numbers))
			m.follow(&m.next, inst.Out, to, around)
		}
	}
	return false
}

// follow adds a thread, with m.work as its places, and those that it becomes
// without reading a rune.
func (m *machine) follow(into *threads, pc uint32, at int, around syntax.EmptyOp) {
	for {
		if !into.add(pc, m.work) {
			return
		}
		inst := &m.prog.Inst[pc]
		switch inst.Op {
		case syntax.InstAlt, syntax.InstAltMatch:
			m.follow(into, inst.Out, at, around)
			pc = inst.Arg
		case syntax.InstEmptyWidth:
			if syntax.EmptyOp(inst.Arg)&^around != 0 {
				return
			}
			pc = inst.Out
		case syntax.InstNop:
			pc = inst.Out
		case syntax.InstCapture:
			old := m.work[inst.Arg]
			m.work[inst.Arg] = at
			m.follow(into, inst.Out, at, around)
			m.work[inst.Arg] = old
			return
		default:
			return
		}
	}
}

func (t *threads) clear() { t.pc, t.places = t.pc[:0], t.places[:0] }

func (t *threads) place(i, numbers int) []int { return t.places[i*numbers : (i+1)*numbers] }

// add adds a thread, unless one that is preferred has come to the same
// instruction.
func (t *threads) add(pc uint32, places []int) bool {
	if i := t.at[pc]; int(i) < len(t.pc) && t.pc[i] == pc {
		return false
	}
	t.at[pc] = uint32(len(t.pc))
	t.pc, t.places = append(t.pc, pc), append(t.places, places...)
	return true
}
