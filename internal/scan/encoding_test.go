package scan

import (
	"bytes"
	"encoding/binary"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf16"

	"weir/internal/accesslog"
)

// inUTF16 is text in UTF-16, behind its mark.
func inUTF16(text []byte, order binary.AppendByteOrder) []byte {
	b := order.AppendUint16(nil, 0xfeff)
	for _, u := range utf16.Encode([]rune(string(text))) {
		b = order.AppendUint16(b, u)
	}
	return b
}

func TestALogInUTF16IsReadAsTheSameInUTF8(t *testing.T) {
	data := bytes.ReplaceAll(combined(40_000), []byte("agent 3"), []byte("agent é😀"))
	data = append(data, "not a request\n"...)
	if len(data) < worthSeeking {
		t.Fatalf("a log of %d bytes is not bisected", len(data))
	}
	for _, o := range []Options{{}, {From: stamp.Unix() + 1000, To: stamp.Unix() + 1100}} {
		plain := run(t, Options{Where: func() func(*accesslog.Record) bool { return o.spans }}, write(t, "access.log", data))
		for name, order := range map[string]binary.AppendByteOrder{"little": binary.LittleEndian, "big": binary.BigEndian} {
			raw := inUTF16(data, order)
			stdin := o
			stdin.Stdin = bytes.NewReader(raw)
			for what, r := range map[string]*Result{
				"a file":         run(t, o, write(t, "access.log", raw)),
				"compressed":     run(t, o, write(t, "access.log.gz", pack(t, "gz", raw))),
				"standard input": run(t, stdin, "-"),
			} {
				if !bytes.Equal(r.Tally.AppendBinary(nil), plain.Tally.AppendBinary(nil)) || len(r.Failures) > 0 {
					t.Errorf("%s, %s: got %d hits of %d, failures %v", name, what, r.Tally.Hits, plain.Tally.Hits, r.Failures)
				}
				if last := r.Sources[0].LastReject; last == nil || last.Line != 40_001 || last.Offset != int64(len(data)-len("not a request\n")) {
					t.Errorf("%s, %s: the last rejected is %+v", name, what, last)
				}
				if notices := strings.Join(r.Notices, "\n"); !strings.Contains(notices, "UTF-16, "+name+"-endian, read as UTF-8") || strings.Contains(notices, "invalid") {
					t.Errorf("%s, %s: got the notices %q", name, what, notices)
				}
			}
		}
	}
}

func TestHalfACharacterAtTheEndIsTold(t *testing.T) {
	raw := inUTF16(combined(10), binary.LittleEndian)
	raw = append(raw, 'x')
	r := run(t, Options{}, write(t, "access.log", raw))
	if got := r.Notices[len(r.Notices)-1]; r.Tally.Hits != 10 || !strings.HasSuffix(got, ": 1 invalid character in its UTF-16 is read as U+FFFD") {
		t.Errorf("got %d hits, %q", r.Tally.Hits, r.Notices)
	}
}

func TestALogInUTF16IsFoundInADirectory(t *testing.T) {
	path := write(t, "u_ex260310.log", inUTF16(combined(10), binary.LittleEndian))
	if err := os.WriteFile(filepath.Join(filepath.Dir(path), "other.txt"), inUTF16([]byte("nothing\n"), binary.BigEndian), 0o600); err != nil {
		t.Fatal(err)
	}
	logs, notices, err := Find([]string{filepath.Dir(path)}, nil)
	if err != nil || len(logs) != 1 || logs[0].Name != path || len(notices) != 1 {
		t.Errorf("got %v, %v, %v", logs, notices, err)
	}
}
