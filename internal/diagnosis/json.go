package diagnosis

// maxDepth is how deep objects may be nested before reading them is given up.
const maxDepth = 100

// checkJSON reads one JSON value (RFC 8259) that should fill all of b, and
// returns the position at which it is broken and what is wrong there; "" when
// nothing is.
func checkJSON(b []byte) (at int, wrong string) {
	c := jsonCheck{b: b}
	c.value(0)
	if c.wrong == "" {
		if c.space(); c.at < len(b) {
			c.fail("more text after the end of the object")
		}
	}
	return c.at, c.wrong
}

type jsonCheck struct {
	b     []byte
	at    int
	wrong string
}

func (c *jsonCheck) fail(wrong string) {
	if c.wrong == "" {
		c.wrong = wrong
	}
}

// peek is the next byte that is no space, 0 at the end.
func (c *jsonCheck) peek() byte {
	c.space()
	if c.at == len(c.b) {
		return 0
	}
	return c.b[c.at]
}

func (c *jsonCheck) space() {
	for c.at < len(c.b) && (c.b[c.at] == ' ' || c.b[c.at] == '\t' || c.b[c.at] == '\r') {
		c.at++
	}
}

func (c *jsonCheck) value(depth int) {
	switch b := c.peek(); {
	case depth > maxDepth:
		c.fail("objects are nested too deep")
	case b == '{':
		c.list(depth, '}', true)
	case b == '[':
		c.list(depth, ']', false)
	case b == '"':
		c.text()
	case b == '-' || '0' <= b && b <= '9':
		for c.at < len(c.b) && isNumber(c.b[c.at]) {
			c.at++
		}
	case b == '\'':
		c.fail("a string must stand in double quotes")
	case b == 0:
		c.fail("the object is cut off here")
	default:
		for _, literal := range []string{"true", "false", "null"} {
			if rest := c.b[c.at:]; len(rest) >= len(literal) && string(rest[:len(literal)]) == literal {
				c.at += len(literal)
				return
			}
		}
		c.fail("a value is expected here: a string in quotes, a number, true, false or null")
	}
}

func isNumber(b byte) bool {
	return '0' <= b && b <= '9' || b == '.' || b == '-' || b == '+' || b|0x20 == 'e'
}

// list reads an object or an array.
func (c *jsonCheck) list(depth int, closing byte, keyed bool) {
	c.at++
	if c.peek() == closing {
		c.at++
		return
	}
	for c.wrong == "" {
		if keyed {
			if b := c.peek(); b != '"' {
				c.fail(expected(b, "a key in double quotes is expected here"))
				return
			}
			c.text()
			if b := c.peek(); b != ':' && c.wrong == "" {
				c.fail(expected(b, "a colon is expected here, after the key"))
			}
			c.at++
		}
		if c.wrong == "" {
			c.value(depth + 1)
		}
		if c.wrong != "" {
			c.at = min(c.at, len(c.b))
			return
		}
		switch b := c.peek(); b {
		case ',':
			c.at++
		case closing:
			c.at++
			return
		default:
			c.fail(expected(b, "a comma or the end of the object is expected here"))
		}
	}
}

func expected(b byte, what string) string {
	if b == 0 {
		return "the object is cut off here"
	}
	return what
}

// text reads a string.
func (c *jsonCheck) text() {
	from := c.at
	for c.at++; c.at < len(c.b); c.at++ {
		switch b := c.b[c.at]; {
		case b == '"':
			c.at++
			return
		case b < ' ':
			c.fail("a control character must be escaped in a string")
			return
		case b == '\\':
			c.at++
			if c.at == len(c.b) {
				break
			}
			switch c.b[c.at] {
			case '"', '\\', '/', 'b', 'f', 'n', 'r', 't', 'u':
			default:
				c.at--
				c.fail(`no escape of JSON (nginx: write log_format with escape=json)`)
				return
			}
		}
	}
	c.at = from
	c.fail("this quote is never closed")
}
