package accesslog

import "bytes"

// wordAfterSpace reads the space at line[at] and the word behind it. start is
// where the word begins, or where the line is wrong.
func wordAfterSpace(line []byte, at int) (word []byte, start int, why Reason) {
	if at+1 >= len(line) {
		return nil, len(line), ReasonCut
	}
	if line[at] != ' ' {
		return nil, at, ReasonField
	}
	start = at + 1
	end := start
	for end < len(line) && line[end] != ' ' {
		end++
	}
	if end == start {
		return nil, start, ReasonField
	}
	return line[start:end], start, ""
}

// quotedAfterSpace reads the space at line[at] and the quoted field behind it.
// next is the position after the closing quote, or where the line is wrong.
func quotedAfterSpace(line []byte, at int) (body []byte, next int, why Reason) {
	if at+1 >= len(line) {
		return nil, len(line), ReasonCut
	}
	if line[at] != ' ' {
		return nil, at, ReasonField
	}
	end, why := quoted(line, at+1)
	if why != "" {
		return nil, end, why
	}
	return line[at+2 : end], end + 1, ""
}

// quoted returns the position of the quote that closes the field opened at
// line[at]; with a Reason, of what is wrong. Apache writes \" and \\ for a
// quote and a backslash, nginx \x22 and \x5C: an odd run of backslashes keeps a
// quote from closing the field. Behind the closing quote the field must be
// over; otherwise a quote was not escaped, and where the fields after it begin
// would be up to whoever sent it.
//
// An unclosed field is reported at its opening quote: the end of the line, where
// the search stopped, tells a person nothing.
func quoted(line []byte, at int) (int, Reason) {
	if line[at] != '"' {
		return at, ReasonQuote
	}
	for from := at + 1; ; {
		i := bytes.IndexByte(line[from:], '"')
		if i < 0 {
			return at, ReasonQuote
		}
		i += from
		if line[i-1] == '\\' && isEscaped(line[at+1:i]) {
			from = i + 1
			continue
		}
		if i+1 < len(line) && line[i+1] != ' ' {
			return i + 1, ReasonQuote
		}
		return i, ""
	}
}

// isEscaped says whether before ends in an odd number of backslashes.
func isEscaped(before []byte) bool {
	n := len(before)
	for n > 0 && before[n-1] == '\\' {
		n--
	}
	return (len(before)-n)%2 == 1
}

// lastField walks over the fields from line[at], which is a space or the end,
// and returns the bounds of the last one; they are equal if there is none. A
// field may be a word, quoted, or both (uct="0.1"); its quotes must balance.
// With a Reason, from is where the line is wrong.
func lastField(line []byte, at int) (from, to int, why Reason) {
	from, to = at, at
	for at < len(line) {
		for at < len(line) && line[at] == ' ' {
			at++
		}
		start := at
		for at < len(line) && line[at] != ' ' {
			if line[at] == '"' {
				end, why := quoted(line, at)
				if why != "" {
					return end, end, why
				}
				at = end
			}
			at++
		}
		if start < at {
			from, to = start, at
		}
	}
	return from, to, ""
}
