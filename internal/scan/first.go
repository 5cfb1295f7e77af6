package scan

import (
	"io"
	"os"

	"weir/internal/accesslog"
	"weir/internal/archive"
)

// First returns the time of the first request in the head of a log, compressed or not; ok is
// false where it has none, cannot be read, or is standard input.
func First(l Log) (sec int64, ok bool) {
	if l.Name == "-" {
		return 0, false
	}
	f, err := os.Open(l.Name)
	if err != nil {
		return 0, false
	}
	defer f.Close()
	if info, err := f.Stat(); err != nil || !info.Mode().IsRegular() {
		return 0, false // the first bytes of a pipe do not come twice
	}
	magic := make([]byte, archive.HeadSize)
	n, _ := f.ReadAt(magic, 0)
	from := io.Reader(f)
	if kind := archive.Sniff(magic[:n]); kind != archive.Plain {
		r, err := archive.Open(f, kind)
		if err != nil {
			return 0, false
		}
		defer r.Close()
		from = r
	}
	head := make([]byte, headBytes)
	n, _ = io.ReadFull(archive.NewText(from), head) // what could be read is looked at
	text := head[:n]
	p := new(accesslog.Auto)
	if l.Format != nil {
		p = accesslog.NewForced(*l.Format)
	}
	lines := accesslog.HeadLines(text, n < len(head))
	p.Prime(lines)
	for _, line := range lines {
		var r accesslog.Record
		if p.Parse(accesslog.TrimEnd(line), &r).Kind == accesslog.Hit {
			return r.Sec, true
		}
	}
	return 0, false
}
