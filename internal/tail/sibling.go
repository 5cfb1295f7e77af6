package tail

import (
	"cmp"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// A sibling is a file whose name says that it is what another was rotated to:
//
//	access.log  ->  access.log.1  access.log.2.gz  access.log-20261121.zst
//	                access-2026-11-21.log  access.1.log
type sibling struct {
	path string
	base string // the name it was made of
	info os.FileInfo
	tag  tag
}

// A tag is what a rotation has put into a name.
type tag struct {
	numbers []uint64 // runs of digits
	counts  bool     // a counter, which is smaller for newer files; else a date, which is greater
}

// compressions are the endings of names that say how a file is compressed.
func compressions() []string { return []string{".gz", ".zst", ".bz2", ".xz"} }

// parseTag finds what a rotation has made of base to give name. A base that is
// dated itself, as what a link leads to, has names with other digits.
func parseTag(base, name string) (tag, bool) {
	for _, c := range compressions() {
		if stem, ok := strings.CutSuffix(name, c); ok {
			name = stem
			break
		}
	}
	if rest, ok := strings.CutPrefix(name, base); ok && rest != "" {
		return tagIn(rest)
	}
	ext := filepath.Ext(base)
	stem := strings.TrimSuffix(base, ext)
	if rest, ok := strings.CutPrefix(name, stem); ok && ext != "" && stem != "" {
		if inner, ok := strings.CutSuffix(rest, ext); ok && inner != "" {
			return tagWithin(inner)
		}
	}
	return datedTag(base, name)
}

// tagIn reads ".1", "-20261121", "_2026-11-21T10:00".
func tagIn(text string) (tag, bool) {
	if !strings.ContainsRune(".-_", rune(text[0])) {
		return tag{}, false
	}
	for _, c := range text {
		if !isDigit(c) && !strings.ContainsRune(".-_:+TZ", c) {
			return tag{}, false
		}
	}
	return newTag(digitRuns(text))
}

// datedTag compares names whose digits differ and nothing else, from a date on.
// Any digits were taken before: then 10.0.0.2.log was what 10.0.0.1.log had been
// rotated to, and its lines were those of the other host.
func datedTag(base, name string) (tag, bool) {
	if base == name || !strings.ContainsFunc(base, isDigit) || !sameButDigits(base, name) || !strings.HasPrefix(name, commonStart(base)) {
		return tag{}, false
	}
	was, is := digitRuns(base), digitRuns(name)
	if len(was) != len(is) {
		return tag{}, false
	}
	same := 0
	for same < len(is) && was[same] == is[same] {
		same++
	}
	if same == len(is) || !dated(was, same) || !dated(is, same) {
		return tag{}, false
	}
	return newTag(is)
}

// dated reports whether the first of runs after n equal ones is of a date, or
// behind one.
func dated(runs []string, n int) bool {
	for i := range runs[:n+1] {
		if isDate(runs[i]) {
			return true
		}
		// 2026-11-21, 2026-47, 2026-325; 21-11-2026
		if i+1 < len(runs) && isYear(runs[i]) && len(runs[i+1]) <= 3 && within(runs[i+1], 0, 366) ||
			i+2 < len(runs) && within(runs[i], 1, 31) && within(runs[i+1], 1, 31) && isYear(runs[i+2]) {
			return true
		}
	}
	return false
}

// isDate reports whether a run of digits is a date: 261121, 202611, 20261121 with
// or without a time behind it, or seconds since 1970.
func isDate(run string) bool {
	switch n := len(run); {
	case n == 6 && isYear(run[:4]):
		return within(run[4:], 1, 12) || within(run[2:4], 1, 12) && within(run[4:], 1, 31)
	case n == 6:
		return within(run[2:4], 1, 12) && within(run[4:], 1, 31)
	case n == 8 || n == 12 || n == 14:
		return isYear(run[:4]) && within(run[4:6], 1, 12) && within(run[6:8], 1, 31)
	case n == 10 || n == 13: // 2026112110; of seconds or milliseconds
		return true
	}
	return false
}

func isYear(run string) bool { return len(run) == 4 && within(run, 1970, 2199) }

// within reports whether run is a number of that range.
func within(run string, least, most int) bool {
	n, err := strconv.Atoi(run)
	return err == nil && least <= n && n <= most
}

// sameButDigits compares two names, with any run of digits being like any other,
// and like nothing at the ends.
func sameButDigits(a, b string) bool {
	a, b = strings.TrimFunc(a, isDigit), strings.TrimFunc(b, isDigit)
	for a != "" && b != "" {
		da, db := isDigit(rune(a[0])), isDigit(rune(b[0]))
		switch {
		case da && db:
			a, b = strings.TrimLeftFunc(a, isDigit), strings.TrimLeftFunc(b, isDigit)
		case a[0] != b[0]:
			return false
		default:
			a, b = a[1:], b[1:]
		}
	}
	return a == b
}

// tagWithin is tagIn for what stands before the ending of a name: access.1.log. A
// counter of three digits or more behind a dash is none: access_8080.log is the log
// of a port, and not what access.log was rotated to.
func tagWithin(text string) (tag, bool) {
	t, ok := tagIn(text)
	if ok && t.counts && text[0] != '.' && len(digitRuns(text)[0]) >= 3 {
		return tag{}, false
	}
	return t, ok
}

func newTag(runs []string) (tag, bool) {
	var t tag
	digits := 0
	for _, r := range runs {
		n := uint64(0)
		for _, c := range r[:min(len(r), 19)] {
			n = 10*n + uint64(c-'0')
		}
		t.numbers = append(t.numbers, n)
		digits += len(r)
	}
	// 261121 is the shortest date; nobody keeps a hundred thousand logs.
	t.counts = len(runs) == 1 && digits < 6
	return t, digits > 0
}

func digitRuns(s string) []string {
	return strings.FieldsFunc(s, func(c rune) bool { return !isDigit(c) })
}

func isDigit(c rune) bool { return '0' <= c && c <= '9' }

// A Member is one of the files of a log: the one at its path, or one beside it
// that is, by its name, what it was rotated to.
type Member struct {
	Path string
	Info os.FileInfo // when it was listed; another file may have the name by now
}

// Family returns the files of the log at path, oldest first. Its own is the last of
// them, unless it is dated itself and there are later ones; it is left out where
// there is no such file. A link is followed: what stands beside the file it leads
// to counts, too. Of a file and its compressed copy only the file is listed.
func Family(path string) []Member {
	self, err := os.Stat(path)
	list := siblings(filepath.Dir(path), filepath.Base(path))
	target, broken := filepath.EvalSymlinks(path)
	if broken == nil && target != filepath.Clean(path) {
		own := len(list)
		for _, b := range siblings(filepath.Dir(target), filepath.Base(target)) {
			if !slices.ContainsFunc(list, func(a sibling) bool { return os.SameFile(a.info, b.info) }) {
				list = append(list, b)
			}
		}
		if own > 0 && own < len(list) { // the numbers of two names say nothing about one another
			slices.SortStableFunc(list, func(a, b sibling) int { return b.info.ModTime().Compare(a.info.ModTime()) })
		}
	}
	if err == nil {
		list = slices.DeleteFunc(list, func(b sibling) bool { return os.SameFile(self, b.info) })
		later := 0 // than the file at path
		for later < len(list) && list[later].laterThan() {
			later++
		}
		list = slices.Insert(list, later, sibling{path: path, info: self})
	}
	slices.Reverse(list)
	var all []Member
	for _, b := range list {
		all = append(all, Member{Path: b.path, Info: b.info})
	}
	return all
}

// Identity returns what a Mark calls Device and Inode; 0 and 0 where the system has
// none.
func Identity(info os.FileInfo) (device, inode uint64) { return identify(info) }

// laterThan reports whether b has the name of its base with a later date in it.
func (b *sibling) laterThan() bool {
	name := filepath.Base(plainName(b.path))
	if _, ok := datedTag(b.base, name); !ok {
		return false
	}
	own, _ := newTag(digitRuns(b.base))
	return slices.Compare(b.tag.numbers, own.numbers) > 0
}

// siblings lists what stands in dir beside base, newest first. Of a file and its
// compressed copy only the file is listed.
//
// A directory is not read in one moment: while access.log.1 becomes access.log.2
// and another file access.log.1, one of the two may be seen under both names and
// the other under none. So it is read until two readings agree.
func siblings(dir, base string) []sibling {
	const most = 8 // a directory in which that much happens is looked at again soon
	list := siblingsNow(dir, base)
	for range most {
		again := siblingsNow(dir, base)
		if sameFiles(list, again) {
			return again
		}
		list = again
	}
	return list
}

// sameFiles reports whether two listings have the same files under the same names.
func sameFiles(a, b []sibling) bool {
	return slices.EqualFunc(a, b, func(a, b sibling) bool { return a.path == b.path && os.SameFile(a.info, b.info) })
}

func siblingsNow(dir, base string) []sibling {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil // the owner is told of a directory that is closed elsewhere
	}
	return among(entries, dir, base)
}

// among is siblings in what was listed already, sorted by name.
func among(entries []os.DirEntry, dir, base string) []sibling {
	var all []sibling
	plain := map[string]bool{}
	for _, e := range startingWith(entries, commonStart(base)) {
		t, ok := parseTag(base, e.Name())
		if !ok || !e.Type().IsRegular() {
			continue
		}
		if info, err := e.Info(); err == nil {
			path := filepath.Join(dir, e.Name())
			all = append(all, sibling{path: path, base: base, info: info, tag: t})
			plain[path] = plain[path] || plainName(path) == path
		}
	}
	// As long as both are there the copy may still be in the making.
	all = slices.DeleteFunc(all, func(b sibling) bool { return plainName(b.path) != b.path && plain[plainName(b.path)] })
	order(all)
	return slices.CompactFunc(all, func(a, b sibling) bool { return plainName(a.path) == plainName(b.path) })
}

// commonStart is what all names that base can be rotated to begin with.
func commonStart(base string) string {
	start := strings.TrimSuffix(base, filepath.Ext(base))
	if slices.ContainsFunc(digitRuns(base), isYearOrDate) {
		start = start[:min(len(start), strings.IndexFunc(base, isDigit))]
	}
	return start
}

// isYearOrDate reports whether what differs from run in digits may be rotated.
func isYearOrDate(run string) bool { return isYear(run) || isDate(run) }

// startingWith picks from entries, which are sorted, those whose names begin with
// start: of thousands of logs in one directory few are to be looked into.
func startingWith(entries []os.DirEntry, start string) []os.DirEntry {
	from, _ := slices.BinarySearchFunc(entries, start, func(e os.DirEntry, start string) int { return strings.Compare(e.Name(), start) })
	entries = entries[from:]
	if end := slices.IndexFunc(entries, func(e os.DirEntry) bool { return !strings.HasPrefix(e.Name(), start) }); end >= 0 {
		entries = entries[:end]
	}
	return entries
}

func plainName(path string) string {
	for _, c := range compressions() {
		if stem, ok := strings.CutSuffix(path, c); ok {
			return stem
		}
	}
	return path
}

// order sorts newest first: by the numbers in the names if all are of one kind,
// else by when they were last written.
func order(all []sibling) {
	counts, dates := 0, 0
	for _, s := range all {
		if s.tag.counts {
			counts++
		} else {
			dates++
		}
	}
	slices.SortFunc(all, func(a, b sibling) int {
		c := 0
		switch {
		case counts == 0:
			c = slices.Compare(b.tag.numbers, a.tag.numbers)
		case dates == 0:
			c = slices.Compare(a.tag.numbers, b.tag.numbers)
		default:
			c = b.info.ModTime().Compare(a.info.ModTime())
		}
		// A file comes before its compressed copy.
		return cmp.Or(c, cmp.Compare(plainName(a.path), plainName(b.path)), cmp.Compare(a.path, b.path))
	})
}

// open opens b for reading, wherever it has been renamed to since it was listed, or
// the compressed copy that it has become; b is that then. It fails with
// fs.ErrNotExist if it is not to be found.
func (b *sibling) open(pool *blocks) (*remnant, error) {
	for range 3 {
		c, err := openRemnant(b.path, pool)
		if err == nil && os.SameFile(c.info, b.info) {
			return c, nil
		}
		if err == nil {
			c.close() // another file has been given the name
		} else if !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
		if !b.follow() {
			break
		}
	}
	return nil, &fs.PathError{Op: "open", Path: b.path, Err: fs.ErrNotExist}
}

// follow finds out where b is now; false if it is not to be found. Its number may
// be that of any other file by now, so only a name that a rotation gives counts.
func (b *sibling) follow() bool {
	dir := filepath.Dir(b.path)
	entries, _ := os.ReadDir(dir)
	var packed *sibling
	for _, e := range entries {
		_, ok := parseTag(b.base, e.Name())
		info, err := e.Info()
		if !ok || err != nil {
			continue
		}
		path := filepath.Join(dir, e.Name())
		if os.SameFile(info, b.info) {
			b.path, b.info = path, info
			return true
		}
		if path != b.path && plainName(path) == plainName(b.path) {
			packed = &sibling{path: path, info: info}
		}
	}
	if packed == nil {
		return false
	}
	b.path, b.info = packed.path, packed.info
	return true
}
