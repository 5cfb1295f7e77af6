package cli

import (
	"fmt"
	"io/fs"
	"os"
	"slices"

	"weir/internal/bookmark"
	"weir/internal/scan"
	"weir/internal/tail"
)

// written is a file that a flag has weir write.
type written struct {
	flag, name string
}

// names are the files it is kept in, none if the flag is not given.
func (w written) names() []string {
	switch {
	case w.name == "":
		return nil
	case w.flag == "state":
		return bookmark.Names(w.name)
	}
	return []string{w.name}
}

// A selection is the logs that words of a command line stand for.
type selection struct {
	paths    []string // that are there now, or were named
	patterns []string // for those that come later
	choice   tail.Choice
}

// follow replaces patterns that the shell left, and directories, by the files
// they stand for now, and keeps them as well, for those that come later. What is
// a file, or may become one, stays as it is.
//
// What weir writes itself, to its streams or because of flags, is no log: to
// follow that would have no end. Whoever names such a file is told so; it is left
// out of directories and patterns, since a report may well lie beside the logs.
// isLog, when not nil, is for tail.Choice.
func follow(words []string, s streams, isLog func(path string, head []byte) bool, flags ...written) (selection, error) {
	l := selection{choice: tail.Choice{Log: isLog}}
	own := &l.choice.Own
	for _, w := range flags {
		own.Names = append(own.Names, w.names()...)
	}
	for _, stream := range []*os.File{s.out, s.err} {
		if info, err := stream.Stat(); err == nil && info.Mode().IsRegular() {
			own.Files = append(own.Files, info)
		}
	}
	for _, w := range words {
		if w == "/dev/stdin" || w == "/dev/fd/0" || w == "/proc/self/fd/0" {
			w = "-" // as a path it would be a pipe that never ends
		}
		found, more := l.choice.Match(w)
		l.paths = append(l.paths, found...)
		var err error
		if more {
			l.patterns = append(l.patterns, w)
			err = spared(w, flags)
		} else {
			err = notWritten(w, s, flags)
		}
		if err != nil {
			return l, err
		}
	}
	return l, nil
}

// notWritten refuses a log, named in full, that weir would write into.
func notWritten(path string, s streams, flags []written) error {
	info, err := os.Stat(path)
	if path == "-" {
		info, err = s.in.Stat()
	}
	if err != nil {
		info = nil
	} else if !info.Mode().IsRegular() {
		return nil
	}
	refuse := func(output string) error {
		return usageError{fmt.Errorf("%s is the log %s, which weir would write into: name another file", output, path)}
	}
	for _, w := range flags {
		if own := (tail.Own{Names: w.names()}); path != "-" && own.Is(path, info) || path == "-" && info != nil && own.Is("", info) {
			return refuse("--" + w.flag + " " + w.name)
		}
	}
	for i, stream := range []*os.File{s.out, s.err} {
		if is, err := stream.Stat(); err == nil && info != nil && os.SameFile(is, info) {
			return refuse([...]string{"standard output", "standard error"}[i])
		}
	}
	return nil
}

// spared refuses a file to be written that is an access log and one of those a
// pattern or a directory stands for: a slip, which would cost the log. What was
// written there by an earlier weir is none.
func spared(pattern string, flags []written) error {
	everything := tail.Choice{}
	matched, _ := everything.Match(pattern)
	for _, w := range flags {
		info, err := os.Stat(w.name)
		if w.name == "" || err != nil || !info.Mode().IsRegular() || !holdsLog(w.name) {
			continue
		}
		if path := sameAs(info, matched); path != "" {
			return usageError{fmt.Errorf("--%s %s is the log %s, which weir would write into: name another file", w.flag, w.name, path)}
		}
	}
	return nil
}

// holdsLog looks at the head of a file.
func holdsLog(name string) bool {
	f, err := os.Open(name)
	if err != nil {
		return false
	}
	defer f.Close()
	head := make([]byte, 64<<10)
	n, _ := f.Read(head) // nothing is no log
	return n > 0 && scan.Promising(head[:n])
}

// sameAs returns the first of paths that leads to the file of info, "" if none
// does.
func sameAs(info fs.FileInfo, paths []string) string {
	i := slices.IndexFunc(paths, func(p string) bool {
		other, err := os.Stat(p)
		return err == nil && os.SameFile(info, other)
	})
	if i < 0 {
		return ""
	}
	return paths[i]
}
