package scan

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"weir/internal/accesslog"
	"weir/internal/archive"
)

// Find turns what a person names into logs: files, "-" for standard input,
// directories, whose files that are access logs are taken, and patterns that
// the shell left, as *.log. A file named twice is read once. The notices say
// what was left out. The error is that of a pattern or a directory that has
// nothing for us.
func Find(names []string, format *accesslog.Format) (logs []Log, notices []string, err error) {
	var seen []os.FileInfo
	add := func(name string, info os.FileInfo) {
		if info != nil && slices.ContainsFunc(seen, func(o os.FileInfo) bool { return os.SameFile(o, info) }) {
			notices = append(notices, name+": is the same file as one named before, and read once")
			return
		}
		if info != nil {
			seen = append(seen, info)
		}
		logs = append(logs, Log{Name: name, Format: format})
	}
	stdin := false
	for _, name := range names {
		if name == "-" || name == "/dev/stdin" || name == "/dev/fd/0" || name == "/proc/self/fd/0" {
			if !stdin {
				logs = append(logs, Log{Name: "-", Format: format})
			}
			stdin = true
			continue
		}
		matches, err := expand(name)
		if err != nil {
			return nil, nil, err
		}
		for _, m := range matches {
			info, err := os.Stat(m)
			if err != nil || !info.IsDir() {
				add(m, info) // a name that is nothing is a Failure of reading it
				continue
			}
			files, left, err := directory(m, format)
			if err != nil {
				return nil, nil, err
			}
			notices = append(notices, left...)
			for _, f := range files {
				if info, err := os.Stat(f); err == nil {
					add(f, info)
				}
			}
		}
	}
	return logs, notices, nil
}

// expand replaces a pattern by the files it matches.
func expand(name string) ([]string, error) {
	if _, err := os.Lstat(name); err == nil || !strings.ContainsAny(name, "*?[") {
		return []string{name}, nil
	}
	matches, err := filepath.Glob(name)
	if err != nil {
		return []string{name}, nil // no pattern, then a name
	}
	if len(matches) == 0 {
		return nil, fmt.Errorf("%s: no file matches this pattern", name)
	}
	return matches, nil
}

// directory returns the files of a directory that are access logs, in the order
// of their names, and a notice for each that is none.
func directory(dir string, format *accesslog.Format) (files, notices []string, err error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, nil, fmt.Errorf("cannot read the directory %s: %w", dir, cause(err))
	}
	for _, e := range entries {
		name := filepath.Join(dir, e.Name())
		info, err := os.Stat(name)
		if err != nil || !info.Mode().IsRegular() || info.Size() == 0 || strings.HasPrefix(e.Name(), ".") {
			continue
		}
		if format == nil && !isLog(name) {
			notices = append(notices, name+": left out, it does not look like an access log; name it to read it all the same")
			continue
		}
		files = append(files, name)
	}
	if len(files) == 0 {
		return nil, nil, fmt.Errorf("%s: there is no access log in this directory", dir)
	}
	return files, notices, nil
}

// Promising reports whether the first whole lines of a log that is being written
// are those of an access log, or all there is so far may be its header.
func Promising(head []byte) bool {
	found := accesslog.Detect(accesslog.HeadLines(head, false))
	onlyHeader := func(a accesslog.Attempt) bool { return a.Hits == 0 && a.Line == 0 }
	return found.Found || found.Lines > 0 && found.Compressed == "" && slices.ContainsFunc(found.Attempts, onlyHeader)
}

// isLog looks at the head of a file. One that cannot be read is taken for a
// log, so that reading it tells why.
func isLog(name string) bool {
	f, err := os.Open(name)
	if err != nil {
		return true
	}
	defer f.Close()
	head := make([]byte, archive.HeadSize)
	n, _ := f.ReadAt(head, 0)
	unpack, err := archive.Open(f, archive.Sniff(head[:n]))
	if err != nil {
		return true
	}
	defer unpack.Close()
	text := make([]byte, 64<<10)
	n, err = io.ReadFull(archive.NewText(unpack), text)
	if err != nil && err != io.EOF && err != io.ErrUnexpectedEOF {
		return true
	}
	return accesslog.Detect(accesslog.HeadLines(text[:n], true)).Found
}
