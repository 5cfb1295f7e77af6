package incident

import (
	"fmt"
	"slices"
	"strings"
)

// Check returns the difference between what is expected and what was played, "" for
// none: a unified diff in which - is what the script has and + what came, and
// @@ the line of the script. name is that of the script.
func (s *Script) Check(name string, got []string) string {
	if slices.Equal(got, s.Expected) {
		return ""
	}
	var b strings.Builder
	fmt.Fprintf(&b, "--- %s, expected\n+++ %s, played\n", name, name)
	const around = 3 // lines that are the same, as diff -u has them
	edits := compare(s.Expected, got)
	line := s.Line
	told := -1 // the last edit that was written
	for i, e := range edits {
		if e.mark == ' ' {
			line++
			continue
		}
		from := max(told+1, i-around)
		if from > told+1 || told < 0 {
			fmt.Fprintf(&b, "@@ %s:%d @@\n", name, line-(i-from))
		}
		for _, same := range edits[from:i] {
			b.WriteString(same.String())
		}
		b.WriteString(e.String())
		told = i
		if e.mark == '-' {
			line++
		}
		next := slices.IndexFunc(edits[i+1:], func(n edit) bool { return n.mark != ' ' })
		if next < 0 || next > 2*around {
			for _, same := range edits[i+1 : min(len(edits), i+1+around)] {
				b.WriteString(same.String())
				told++
			}
		}
	}
	return b.String()
}

// An edit is a line of a difference.
type edit struct {
	mark byte // ' ', '-' or '+'
	text string
}

// String is the line with its mark.
func (e edit) String() string { return string(e.mark) + e.text + "\n" }

// compare returns the lines of both, those that they share once. Source: the longest
// common subsequence by dynamic programming, between what is the same at both ends; where that
// would take too much memory all of it is another.
func compare(old, now []string) []edit {
	var head, tail []edit
	for len(old) > 0 && len(now) > 0 && old[0] == now[0] {
		head = append(head, edit{' ', old[0]})
		old, now = old[1:], now[1:]
	}
	for len(old) > 0 && len(now) > 0 && old[len(old)-1] == now[len(now)-1] {
		tail = append(tail, edit{' ', old[len(old)-1]})
		old, now = old[:len(old)-1], now[:len(now)-1]
	}
	slices.Reverse(tail)
	return slices.Concat(head, differ(old, now), tail)
}

func differ(old, now []string) []edit {
	const most = 4 << 20 // cells
	if len(old) > 0 && len(now) > most/len(old) {
		var all []edit
		for _, line := range old {
			all = append(all, edit{'-', line})
		}
		for _, line := range now {
			all = append(all, edit{'+', line})
		}
		return all
	}
	length := make([][]int, len(old)+1)
	for i := range length {
		length[i] = make([]int, len(now)+1)
	}
	for i := len(old) - 1; i >= 0; i-- {
		for j := len(now) - 1; j >= 0; j-- {
			if old[i] == now[j] {
				length[i][j] = length[i+1][j+1] + 1
			} else {
				length[i][j] = max(length[i+1][j], length[i][j+1])
			}
		}
	}
	var out []edit
	i, j := 0, 0
	for i < len(old) || j < len(now) {
		switch {
		case i < len(old) && j < len(now) && old[i] == now[j]:
			out = append(out, edit{' ', old[i]})
			i, j = i+1, j+1
		case i < len(old) && (j == len(now) || length[i+1][j] >= length[i][j+1]):
			out = append(out, edit{'-', old[i]})
			i++
		default:
			out = append(out, edit{'+', now[j]})
			j++
		}
	}
	return out
}

// Rewrite returns the text of a script with other expected lines. All in front of
// them stays as it is.
func Rewrite(text string, got []string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		b.WriteString(line)
		if divides(line) {
			if !strings.HasSuffix(line, "\n") {
				b.WriteByte('\n')
			}
			break
		}
	}
	feed := "\n"
	if strings.Contains(text, "\r\n") {
		feed = "\r\n"
	}
	for _, line := range got {
		b.WriteString(line + feed)
	}
	return b.String()
}
