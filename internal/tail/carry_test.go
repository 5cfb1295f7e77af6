package tail

import "testing"

func TestTextThatBeginsAsALineDoesIsNotTheRestOfOne(t *testing.T) {
	const combined = "192.0.2.33 - - [21/Nov/2026:12:00:00 +0000] \"GET / HTTP/1.1\" 200 5\n"
	const line = `192.0.2.33 - - [x] "GET / HTTP/1.1" 200 5` + "\n"
	const json = `{"time":"2026-11-21","method":"GET","path":"/","status":200,"size":5,"agent":"a"}` + "\n"
	const ten = `10.204.111.38 - - [x] "GET / HTTP/1.1" 200 5` + "\n"
	for _, c := range []struct {
		carry, text string
		want        bool
	}{
		{"10.0.0.1 - - [21/", "Nov/2026:12:00:00 +0000] \"GET / HTTP/1.1\" 200 5\n", true},
		{"10.0.0.1 - - [21/", combined, false},
		{"10.0.0.1 - - [21/Nov/2026:12:00:00 +0000] \"GET /a", combined, false},
		{"10.0.0.1 - - [21/Nov/2026:12:00:00 +0000] \"GET /a", " HTTP/1.1\" 200 5\n", true},
		{"10.0.0.", combined, false},
		{"10", combined, true}, // too short to tell
		{"1", ".0.0.1 - -\n", true},
		{"2001:db8::1 - -", "2001:db8::2 - - [\n", false},
		{`{"time":"2026`, `{"time":"2026-11-21"}` + "\n", false},
		{`{"time":"2026`, `-11-21"}` + "\n", true},
		{"000012 GET /pages", "000013 GET /pages/create 000013\n", false},
		{"000012 GET /pages", "/create 000012\n", true},
		{`10.0.0.1 - - [x] "GET /a`, ` HTTP/1.1" 200 5` + "\n" + line + line, true},
		{`10.0.0.1 - - [x] "GET /a`, `b"` + "\n" + line + line, true},
		{`10.0.0.1 - - [x] "GET /a`, ` HTTP/1.1" 200 5 "-" "b"` + "\n" + line + line, false},
		{`10.0.0.1 - - [x] "GET /a`, ` HTTP/1.1" 200 5 "-" "b"` + "\n" + line, true}, // one line tells nothing
		{`10.0.0.1 - - [x] "GET /a`, ` HTTP/1.1" 200 5 "-" "b"` + "\n" + line + `GET "a" "b"` + "\n", true},
		{`{"time":"2026`, json + json + json, false},
		{`{"time":"2026`, json[13:] + json + json, true},
		{"10.", "10.198.176.21 - - [x] \"GET / HTTP/1.1\" 200 5\n" + line + line, false},
		{"10.1", "98.176.21 - - [x] \"GET / HTTP/1.1\" 200 5\n" + line + line, true},
		{"10.198.176.21", " - - [x] \"GET / HTTP/1.1\" 200 5\n" + line + line, true},
		{"10.", "10.198.176.21 - - [x] \"GET / HTTP/1.1\" 200 5\n" + line + "::1" + line[10:], true}, // first words differ
		{"1", ten + ten[:4] + "7" + ten[4:] + ten, false},                                            // all others are in 10.
		{"1", ten[1:] + ten + ten, true},
		{"1", ten + line + line, true}, // nothing tells
		{"a", "\n", true},
		{"", combined, true},
	} {
		if got := goesOn([]byte(c.carry), []byte(c.text)); got != c.want {
			t.Errorf("goesOn(%q, %q): got %v, want %v", c.carry, c.text, got, c.want)
		}
		whole, lost := glue([]byte(c.carry), []byte(c.text))
		want, wantLost := c.carry+c.text, 0
		if !c.want && c.carry != "" {
			want, wantLost = c.text, len(c.carry)
		}
		if string(whole) != want || lost != wantLost {
			t.Errorf("glue(%q, %q): got %q, %d lost, want %q, %d", c.carry, c.text, whole, lost, want, wantLost)
		}
	}
}

func TestWholeLinesEndBeforeALineOfZeros(t *testing.T) {
	for data, want := range map[string]int{
		"":                    0,
		"a":                   0,
		"a\n":                 2,
		"a\nb":                2,
		"a\nb\n":              4,
		"a\n\x00\x00":         2,
		"a\n\x00\x00b\n":      2,
		"a\x00\nb\n":          5,
		"a\x00b\n\x00c\n":     4,
		"a\nb\n\x00\n":        4,
		"\n\x00\n":            1,
		"a\n\x00b\nc\n\x00\n": 2,
	} {
		if got := wholeLines([]byte(data)); got != want {
			t.Errorf("wholeLines(%q): got %d, want %d", data, got, want)
		}
	}
}
