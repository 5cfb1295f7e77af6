package archive

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"strings"
	"testing"
	"testing/iotest"

	"go.uber.org/goleak"
)

// written are the kinds that tests can write.
func written() []Kind { return []Kind{Plain, Gzip, Zstd, XZ} }

func TestFilesOfTheProgramsGiveTheirText(t *testing.T) {
	for _, s := range samples() {
		text, err := readAll(t, bytes.NewReader(s.data), s.kind, standardLimits())
		if string(text) != s.text || err != nil {
			t.Errorf("%s: got %q, %v", s.kind, text, err)
		}
	}
}

func TestWhatTheLibraryCompressedComesBack(t *testing.T) {
	for _, kind := range written() {
		for _, text := range [][]byte{{}, []byte("a"), logText(3 << 20), noise(300_000), make([]byte, 3<<20)} {
			got, err := readAll(t, bytes.NewReader(compressed(t, kind, text)), kind, standardLimits())
			if kind == Plain && len(text) == 0 && len(got) == 0 && err == nil {
				continue
			}
			if !bytes.Equal(got, text) || err != nil {
				t.Errorf("%q: %d bytes in, %d out, %v", kind, len(text), len(got), err)
			}
		}
	}
}

func TestThePiecesInWhichItIsReadDoNotMatter(t *testing.T) {
	sources := map[string]func(io.Reader) io.Reader{
		"one byte":        iotest.OneByteReader,
		"half":            iotest.HalfReader,
		"error with data": iotest.DataErrReader,
	}
	for _, s := range samples() {
		for name, source := range sources {
			for _, size := range []int{1, 7, 4096} {
				r, err := Open(source(bytes.NewReader(s.data)), s.kind)
				if err != nil {
					t.Fatal(err)
				}
				var got []byte
				p := make([]byte, size)
				for err == nil {
					var n int
					n, err = r.Read(p)
					got = append(got, p[:n]...)
				}
				if string(got) != s.text || err != io.EOF {
					t.Errorf("%s, %s, %d bytes: got %q, %v", s.kind, name, size, got, err)
				}
				r.Close()
			}
		}
	}
}

func TestPartsOneAfterAnotherAreOneStream(t *testing.T) {
	parts := [][]byte{logText(70_000), {}, noise(1000), []byte("last\n")}
	between := map[Kind]string{
		Gzip: "\x00\x00\x00",                             // padding, which gzip skips too
		Zstd: "\x5a" + skipMagic + "\x03\x00\x00\x00abc", // a skippable frame
		XZ:   "\x00\x00\x00\x00",                         // stream padding
	}
	for _, kind := range written() {
		for _, gap := range []string{"", between[kind]} {
			var file, text []byte
			for _, p := range parts {
				file = append(append(file, compressed(t, kind, p)...), gap...)
				text = append(text, p...)
			}
			got, err := readAll(t, bytes.NewReader(file), kind, standardLimits())
			if !bytes.Equal(got, text) || err != nil {
				t.Errorf("%q with %q between: %d bytes of %d, %v", kind, gap, len(got), len(text), err)
			}
		}
	}
	bz := samples()[2]
	got, err := readAll(t, bytes.NewReader(append(bytes.Clone(bz.data), bz.data...)), Bzip2, standardLimits())
	if string(got) != bz.text+bz.text || err != nil {
		t.Errorf("bzip2: got %q, %v", got, err)
	}
}

func TestZerosBehindAGzipFileAreIgnored(t *testing.T) {
	s := samples()[0]
	for _, n := range []int{1, 7, 512, 100_000} {
		got, err := readAll(t, bytes.NewReader(append(bytes.Clone(s.data), make([]byte, n)...)), Gzip, standardLimits())
		if string(got) != s.text || err != nil {
			t.Errorf("%d zeros: got %q, %v", n, got, err)
		}
	}
}

func TestMagicBytesTellTheKind(t *testing.T) {
	for _, s := range samples() {
		if got := Sniff(s.data[:HeadSize]); got != s.kind {
			t.Errorf("%s: got %q", s.kind, got)
		}
	}
	for head, want := range map[string]Kind{
		"":                              Plain,
		"\x1f\x8b":                      Plain,
		"\x1f\x8b\x08":                  Gzip,
		"\x1f\x9d\x90":                  Plain, // compress
		"\x28\xb5\x2f\xfd":              Zstd,
		"\x50\x2a\x4d\x18":              Zstd,
		"\x5f\x2a\x4d\x18":              Zstd,
		"\x60\x2a\x4d\x18":              Plain,
		"\xfd7zXZ\x00":                  XZ,
		"\xfd7zXZ":                      Plain,
		"BZh91AY&SY":                    Bzip2,
		"BZh1\x17\x72\x45\x38\x50\x90":  Bzip2, // of an empty file
		"BZh01AY&SY":                    Plain,
		"BZh9 is not a magic number":    Plain,
		"BZh9":                          Plain,
		"10.0.0.1 - - [10/Oct/2026:13:": Plain,
		"PK\x03\x04":                    Plain,
	} {
		if got := Sniff([]byte(head)); got != want {
			t.Errorf("%q: got %q, want %q", head, got, want)
		}
	}
}

func TestAnUnknownKindIsRefusedWithTheKnownOnes(t *testing.T) {
	_, err := Open(strings.NewReader(""), "lz4")
	if err == nil || !strings.Contains(err.Error(), `"lz4"`) || !strings.Contains(err.Error(), "gzip, zstd, bzip2, xz") {
		t.Errorf("got %v", err)
	}
}

func TestConsumedCanBeAskedWhileReading(t *testing.T) {
	text := logText(2 << 20)
	for _, kind := range written() {
		file := compressed(t, kind, text)
		r, err := Open(bytes.NewReader(file), kind)
		if err != nil {
			t.Fatal(err)
		}
		if r.Consumed() != 0 {
			t.Errorf("%q: Open has read %d bytes", kind, r.Consumed())
		}
		done, asked := make(chan struct{}), make(chan struct{})
		go func() {
			defer close(asked)
			for last := int64(0); ; {
				now := r.Consumed()
				if now < last {
					t.Errorf("%q: Consumed goes from %d to %d", kind, last, now)
				}
				last = now
				select {
				case <-done:
					return
				default:
				}
			}
		}()
		if _, err := io.Copy(io.Discard, r); err != nil {
			t.Error(err)
		}
		close(done)
		<-asked
		if r.Consumed() != int64(len(file)) {
			t.Errorf("%q: consumed %d of %d bytes", kind, r.Consumed(), len(file))
		}
	}
}

func TestNoGoroutineIsStarted(t *testing.T) {
	defer goleak.VerifyNone(t)
	mine := goleak.IgnoreCurrent()
	text := logText(2 << 20)
	for _, kind := range written() {
		r, err := Open(bytes.NewReader(compressed(t, kind, text)), kind)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.ReadFull(r, make([]byte, len(text)/2)); err != nil {
			t.Fatal(err)
		}
		if err := goleak.Find(mine); err != nil {
			t.Errorf("%q, half read: %v", kind, err)
		}
		r.Close()
	}
}

func TestAClosedReaderGivesNothing(t *testing.T) {
	for _, s := range samples() {
		r, err := Open(bytes.NewReader(s.data), s.kind)
		if err != nil {
			t.Fatal(err)
		}
		r.Read(make([]byte, 1))
		for range 2 {
			if err := r.Close(); err != nil {
				t.Errorf("%s: Close: %v", s.kind, err)
			}
		}
		if n, err := r.Read(make([]byte, 1)); n != 0 || !errors.Is(err, fs.ErrClosed) {
			t.Errorf("%s: got %d, %v", s.kind, n, err)
		}
		if r.Consumed() != int64(len(s.data)) {
			t.Errorf("%s: consumed %d bytes", s.kind, r.Consumed())
		}
	}
}
