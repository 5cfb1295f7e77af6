package accesslog

import "bytes"

// byteOrderMark is U+FEFF in UTF-8, which some editors put before the first
// line of a file.
const byteOrderMark = "\xef\xbb\xbf"

// TrimEnd returns line without its line feed and without the carriage return
// before it, where it has them. What remains is what a Parser takes. A carriage
// return elsewhere in the line stays. The result is a view of line.
func TrimEnd(line []byte) []byte {
	if n := len(line); n > 0 && line[n-1] == '\n' {
		line = line[:n-1]
	}
	if n := len(line); n > 0 && line[n-1] == '\r' {
		line = line[:n-1]
	}
	return line
}

// HeadLines cuts the beginning of a log into lines without their ends, no more
// than Detect reads. With cut the last one may go on behind head, and is left
// away unless it is the only one. The lines are views of head.
func HeadLines(head []byte, cut bool) [][]byte {
	var lines [][]byte
	for len(head) > 0 && len(lines) < maxSample {
		end := bytes.IndexByte(head, '\n') + 1
		if end == 0 {
			if cut && len(lines) > 0 {
				break
			}
			end = len(head)
		}
		lines = append(lines, TrimEnd(head[:end]))
		head = head[end:]
	}
	return lines
}

func markLen(line []byte) int {
	// The first byte decides nearly always; HasPrefix alone cost 2 ns a line.
	if len(line) > 0 && line[0] == byteOrderMark[0] && bytes.HasPrefix(line, []byte(byteOrderMark)) {
		return len(byteOrderMark)
	}
	return 0
}
