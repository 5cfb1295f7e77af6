package pack

import (
	"bytes"
	"encoding/binary"
	"math"
	"testing"
)

func TestWhatWasWrittenIsReadBack(t *testing.T) {
	b := []byte{3}
	ints := []int64{0, -1, 1, 63, -64, 64, math.MaxInt64, math.MinInt64}
	for _, v := range ints {
		b = binary.AppendVarint(b, v)
	}
	b = binary.AppendVarint(b, -Horizon)
	b = binary.AppendUvarint(b, math.MaxInt64)
	b = append(AppendBytes(AppendBytes(b, "text"), []byte{}), 1, 0)
	body, ok := CutSum(AppendSum(b, 0))
	if !ok || !bytes.Equal(body, b) {
		t.Fatal("the checksum is not its own")
	}
	r := NewReader("a form", body)
	r.Version(3)
	for _, v := range ints {
		if got := r.Int("number"); got != v {
			t.Errorf("got %d, want %d", got, v)
		}
	}
	if got := r.Second("time"); got != -Horizon {
		t.Errorf("got second %d", got)
	}
	if got := r.Number("number"); got != math.MaxInt64 {
		t.Errorf("got %d", got)
	}
	if a, b := r.Bytes("text"), r.Bytes("text"); string(a) != "text" || len(b) != 0 {
		t.Errorf("got %q and %q", a, b)
	}
	if !r.Bool("flag") || r.Bool("flag") {
		t.Error("the flags are not as written")
	}
	if err := r.End(); err != nil {
		t.Error(err)
	}
}

func TestWhatCannotHaveBeenWrittenIsAnError(t *testing.T) {
	for name, c := range map[string]struct {
		b    []byte
		read func(*Reader)
		want string
	}{
		"a version":          {[]byte{9}, func(r *Reader) { r.Version(1) }, "a form has version 9, this weir reads version 1: it was written by another weir"},
		"nothing":            {nil, func(r *Reader) { r.Byte("flag") }, "a form is damaged: its flag cannot be read"},
		"no flag":            {[]byte{2}, func(r *Reader) { r.Bool("flag") }, "a form is damaged: its flag cannot be read"},
		"zeros in front":     {[]byte{0x81, 0}, func(r *Reader) { r.Number("sum") }, "a form is damaged: its sum cannot be read"},
		"half a number":      {[]byte{0x81}, func(r *Reader) { r.Int("sum") }, "a form is damaged: its sum cannot be read"},
		"too large":          {binary.AppendUvarint(nil, 1<<63), func(r *Reader) { r.Number("sum") }, "a form is damaged: its sum cannot be read"},
		"beyond the horizon": {binary.AppendVarint(nil, Horizon+1), func(r *Reader) { r.Second("time") }, "a form is damaged: its time cannot be read"},
		"more than there is": {[]byte{5, 1, 2}, func(r *Reader) { r.Bytes("text") }, "a form is damaged: its text cannot be read"},
		"too many":           {[]byte{3, 1, 2, 3, 4}, func(r *Reader) { r.Count("rows", 2) }, "a form is damaged: its rows cannot be read"},
		"a rest":             {[]byte{1}, func(*Reader) {}, "a form is damaged: its end cannot be read"},
	} {
		r := NewReader("a form", c.b)
		c.read(r)
		if err := r.End(); err == nil || err.Error() != c.want {
			t.Errorf("%s: got %v, want %s", name, err, c.want)
		}
		if r.Int("more") != 0 || len(r.Bytes("more")) != 0 {
			t.Errorf("%s: something was read behind an error", name)
		}
	}
	if _, ok := CutSum([]byte("1234567")); ok {
		t.Error("a wrong checksum was believed")
	}
	if _, ok := CutSum([]byte("123")); ok {
		t.Error("three bytes were taken for a checksum")
	}
}
