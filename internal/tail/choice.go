package tail

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// A Choice says which of the files that a directory or a pattern stands for are
// followed. The zero value takes all that have a name for it.
type Choice struct {
	// Own is what the process itself writes. To follow that would have no end.
	Own Own
	// Log, when not nil, says by the first lines of a file whether it is a log that
	// is wanted. It is asked about what lies in a directory, not about what matches
	// a pattern: whoever writes *.log means them all.
	Log func(path string, head []byte) bool
}

// headSize is how much of a file Choice.Log is shown, as a report looks at.
const headSize = 64 << 10

// Match returns the files that a word of a command line stands for now, and
// whether more may come for which the word must be among Options.Patterns: it is
// a directory or a pattern. What is neither is the file itself, whether it is
// there or not. Rotated, compressed and hidden files are left out, and what c does
// not take; a Follower of the pattern tells of that.
func (c *Choice) Match(word string) (paths []string, more bool) {
	if !isPattern(word) {
		return []string{word}, false
	}
	p := newPattern(word)
	all, err := filepath.Glob(p.glob)
	if err != nil {
		return []string{word}, false // no pattern, then a name
	}
	known := map[string]bool{}
	for _, path := range all {
		known[path] = true
	}
	for _, path := range all {
		if !p.fits(path) || rotatedFrom(path, func(p string) bool { return known[p] }) {
			continue
		}
		info, err := os.Stat(path)
		if err != nil || !info.Mode().IsRegular() || c.Own.Is(path, info) || c.Own.rotated(path) {
			continue
		}
		if ok, _ := c.takes(p, path); ok {
			paths = append(paths, path)
		}
	}
	return paths, true
}

// isPattern reports whether a word stands for other files than one of its name. A
// directory may be yet to come, if a slash at the end says that it is one.
func isPattern(word string) bool {
	if word == "" || word == "-" {
		return false
	}
	if info, err := os.Stat(word); err == nil {
		return info.IsDir()
	}
	return strings.ContainsAny(word, "*?[") || os.IsPathSeparator(word[len(word)-1])
}

// takes reports whether the file at path, which has a name for p, is a log. With
// sure false it holds no line yet that would tell.
//
// Such a file is decided by its name: all are taken but error logs. To wait for
// the first line of all was not done, because a log that is rotated between that
// line and the next look would be missed; and to go by the name for all would
// leave logs out that have been called error_access.log, and follow the slow.log
// of a database. A file that may not be read is taken, so that the attempt tells
// why it cannot be.
func (c *Choice) takes(p *pattern, path string) (ok, sure bool) {
	if !p.logs || c.Log == nil {
		return true, true
	}
	f, err := openShared(path)
	if err != nil {
		return true, true
	}
	defer f.Close()
	head := make([]byte, headSize)
	n, _ := readAt(f, head, 0)
	end := bytes.LastIndexByte(head[:n], '\n') + 1
	if end == 0 && n < len(head) {
		return !strings.Contains(strings.ToLower(filepath.Base(path)), "error"), false
	}
	if end == 0 {
		end = n
	}
	return c.Log(path, head[:end]), true
}

// worthAnother reports whether a file that was no log when it had one size may be
// one now that it has another: its head is longer by half, or is a new one.
func worthAnother(was, is int64) bool { return is < was || was < headSize && is > was+was/2 }

// Own are the files that a process writes itself. The zero value is none.
type Own struct {
	Names []string      // of files, there or not
	Files []fs.FileInfo // of open files, whatever their names
}

// Is reports whether what is at path is one of o. info is what it is now, nil
// where there is nothing.
func (o *Own) Is(path string, info fs.FileInfo) bool {
	if info != nil && slices.ContainsFunc(o.Files, func(f fs.FileInfo) bool { return os.SameFile(f, info) }) {
		return true
	}
	return slices.ContainsFunc(o.Names, func(name string) bool {
		if is, err := os.Stat(name); err == nil && info != nil && os.SameFile(is, info) {
			return true
		}
		return filepath.Base(name) == filepath.Base(path) && sameDir(name, path)
	})
}

// rotated reports whether path has the name of what one of o was rotated to.
func (o *Own) rotated(path string) bool {
	return slices.ContainsFunc(o.Names, func(name string) bool {
		_, ok := parseTag(filepath.Base(name), filepath.Base(path))
		return ok && sameDir(name, path)
	})
}

// sameDir reports whether two files lie in the same directory, however it is named.
func sameDir(a, b string) bool {
	a, b = filepath.Dir(a), filepath.Dir(b)
	if a == b {
		return true
	}
	one, err := os.Stat(a)
	if err != nil {
		return false
	}
	other, err := os.Stat(b)
	return err == nil && os.SameFile(one, other)
}
