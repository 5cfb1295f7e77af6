package archive

import (
	"bytes"
	"compress/bzip2"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"github.com/ulikunitz/xz"
)

// reference is what the library alone gives of a file.
func reference(t *testing.T, kind Kind, data []byte) []byte {
	t.Helper()
	var r io.Reader
	var err error
	switch kind {
	case Gzip:
		r, err = gzip.NewReader(bytes.NewReader(data))
	case Zstd:
		z, zerr := zstd.NewReader(bytes.NewReader(data), zstd.WithDecoderConcurrency(1), zstd.WithDecodeBuffersBelow(0))
		if zerr == nil {
			defer z.Close()
		}
		r, err = z, zerr
	case Bzip2:
		r = bzip2.NewReader(bytes.NewReader(data))
	case XZ:
		r, err = xz.NewReader(bytes.NewReader(data))
	}
	if err != nil {
		return nil
	}
	text, _ := io.ReadAll(r) // what was before the error counts
	return text
}

func TestAStreamCutShortGivesAllTextBeforeTheCut(t *testing.T) {
	for _, s := range samples() {
		before := 0
		for cut := range s.data {
			text, err := readAll(t, bytes.NewReader(s.data[:cut]), s.kind, standardLimits())
			if !strings.HasPrefix(s.text, string(text)) || len(text) < before {
				t.Fatalf("%s cut at %d: got %q", s.kind, cut, text)
			}
			before = len(text)
			if ref := reference(t, s.kind, s.data[:cut]); len(text) < len(ref) {
				t.Errorf("%s cut at %d: %d bytes of text, the library alone gives %d", s.kind, cut, len(text), len(ref))
			}
			if i := slices.Index(s.ends, cut); i >= 0 {
				if len(text) != s.gave[i] || err != nil {
					t.Errorf("%s cut between two parts at %d: %d bytes of text, want %d; %v", s.kind, cut, len(text), s.gave[i], err)
				}
				continue
			}
			if err == nil || !errors.Is(err, io.ErrUnexpectedEOF) || err.Offset != int64(cut) {
				t.Errorf("%s cut at %d: got %v", s.kind, cut, err)
			}
		}
	}
}

func TestALargeStreamCutShortGivesNearlyAllOfIt(t *testing.T) {
	text := logText(4 << 20)
	// What the format holds back: the rest of a block or chunk.
	lost := map[Kind]int{Gzip: 1000, Zstd: 128 << 10, XZ: 2 << 20}
	for _, kind := range []Kind{Gzip, Zstd, XZ} {
		file := compressed(t, kind, text)
		got, err := readAll(t, bytes.NewReader(file[:len(file)*3/4]), kind, standardLimits())
		if want := len(text)*3/4 - len(text)/50 - lost[kind]; !bytes.HasPrefix(text, got) || len(got) < want {
			t.Errorf("%s: %d bytes of text, want %d", kind, len(got), want)
		}
		if !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("%s: got %v", kind, err)
		}
		if err != nil && !strings.Contains(err.Error(), " is cut short after ") {
			t.Errorf("%s: got %q", kind, err)
		}
	}
}

// damages calls try with every copy of data that has one byte changed.
func damages(data []byte, try func(at int, change byte, bad []byte)) {
	bad := bytes.Clone(data)
	for at := range bad {
		for _, change := range []byte{1, 2, 4, 8, 16, 32, 64, 128, 0xff, data[at]} {
			if change == 0 {
				continue
			}
			bad[at] = data[at] ^ change
			try(at, change, bad)
			bad[at] = data[at]
		}
	}
}

func TestADamagedByteIsAnErrorOrChangesNothing(t *testing.T) {
	small := limits{window: 1 << 20, text: 1 << 16, ratio: 100}
	for _, s := range samples() {
		unnoticed := 0
		damages(s.data, func(at int, change byte, bad []byte) {
			text, err := readAll(t, bytes.NewReader(bad), s.kind, small)
			if err != nil {
				if len(text) > int(small.text)+1<<20 {
					t.Errorf("%s, byte %d ^ %#x: %d bytes of text", s.kind, at, change, len(text))
				}
				return
			}
			if damageCanHide(s, at) {
				return
			}
			unnoticed++
			if string(text) != s.text {
				t.Errorf("%s, byte %d ^ %#x: no error, and the text is %q", s.kind, at, change, text)
			}
		})
		// Times, names and systems in gzip headers mean nothing for the text.
		if most := 2 * len(s.data); unnoticed > most {
			t.Errorf("%s: %d of %d damages went unnoticed", s.kind, unnoticed, 10*len(s.data))
		}
	}
}

// damageCanHide tells of the bytes in samples that no checksum covers.
func damageCanHide(s sample, at int) bool {
	switch s.kind {
	case Zstd:
		return at >= s.ends[0] // the second frame has no checksum
	case XZ:
		return at >= 288 && at < 392 // nor has the third stream
	}
	return false
}

func TestTextBeforeABadChecksumIsDelivered(t *testing.T) {
	text := logText(10_000)
	file := map[Kind][]byte{Bzip2: samples()[2].data[:samples()[2].ends[0]]}
	want := map[Kind]string{Bzip2: firstText, Gzip: string(text), Zstd: string(text), XZ: string(text)}
	for _, kind := range []Kind{Gzip, Zstd, Bzip2, XZ} {
		if file[kind] == nil {
			file[kind] = compressed(t, kind, text)
		}
		data := bytes.Clone(file[kind])
		data[checksumAt(kind, data)] ^= 1
		got, err := readAll(t, bytes.NewReader(data), kind, standardLimits())
		if string(got) != want[kind] || !errors.Is(err, ErrDamaged) {
			t.Errorf("%s: %d bytes of %d, %v", kind, len(got), len(want[kind]), err)
		}
	}
}

// checksumAt is where the checksum of the only block in data begins.
func checksumAt(kind Kind, data []byte) int {
	switch kind {
	case Gzip:
		return len(data) - 8
	case Zstd:
		return len(data) - 4
	case Bzip2:
		return 10
	}
	index := int(binary.LittleEndian.Uint32(data[len(data)-8:])+1) * 4
	return len(data) - 12 - index - 8
}

func TestTrailingBytesAreToldAfterAllText(t *testing.T) {
	for _, s := range samples() {
		for _, rest := range []string{"garbage\n", "\x01\x02", strings.Repeat("10.0.0.1 - -\n", 10_000)} {
			text, err := readAll(t, strings.NewReader(string(s.data)+rest), s.kind, standardLimits())
			if string(text) != s.text || !errors.Is(err, ErrTrailing) || err.Offset != int64(len(s.data)) {
				t.Errorf("%s: got %q, %v", s.kind, text, err)
				continue
			}
			if want := "trailing bytes that are no " + string(s.kind); !strings.Contains(err.Error(), want) {
				t.Errorf("%s: got %q, want %q in it", s.kind, err, want)
			}
		}
	}
}

func TestAnEmptyFileIsPlainTextAndNothingElse(t *testing.T) {
	if text, err := readAll(t, strings.NewReader(""), Plain, standardLimits()); len(text) != 0 || err != nil {
		t.Errorf("plain: got %q, %v", text, err)
	}
	for _, s := range samples() {
		text, err := readAll(t, strings.NewReader(""), s.kind, standardLimits())
		if len(text) != 0 || !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("%s: got %q, %v", s.kind, text, err)
		} else if !strings.Contains(err.Error(), "the file is empty") {
			t.Errorf("%s: got %q", s.kind, err)
		}
	}
}

func TestAFileOfAnotherKindIsDamaged(t *testing.T) {
	for _, s := range samples() {
		for _, o := range samples() {
			if o.kind == s.kind {
				continue
			}
			text, err := readAll(t, bytes.NewReader(s.data), o.kind, standardLimits())
			if len(text) != 0 || !errors.Is(err, ErrDamaged) {
				t.Errorf("%s read as %s: got %q, %v", s.kind, o.kind, text, err)
			}
		}
	}
}

func TestAnErrorOfTheSourceIsToldAsItIs(t *testing.T) {
	broken := errors.New("input/output error")
	for _, kind := range written() {
		text := logText(1 << 20)
		file := compressed(t, kind, text)
		src := io.MultiReader(bytes.NewReader(file[:len(file)/2]), iotest.ErrReader(broken))
		got, err := readAll(t, src, kind, standardLimits())
		if !errors.Is(err, broken) || errors.Is(err, ErrDamaged) || !bytes.HasPrefix(text, got) {
			t.Errorf("%q: got %d bytes, %v", kind, len(got), err)
		} else if !strings.Contains(err.Error(), "could not be read on") {
			t.Errorf("%q: got %q", kind, err)
		}
	}
}

func TestErrorsAreSentences(t *testing.T) {
	for want, e := range map[string]*Error{
		"the gzip stream is cut short after 12,345 bytes of text (at byte 678 of the file)":                                                                                                     {Gzip, 12345, 678, io.ErrUnexpectedEOF},
		"the zstd stream is damaged after 1 byte of text (at byte 1,000 of the file): bad block":                                                                                                {Zstd, 1, 1000, damaged("bad block")},
		"the xz stream gave 5 bytes of text and is whole, but from byte 99 of the file on there are trailing bytes that are no xz":                                                              {XZ, 5, 99, trailing(XZ)},
		"the bzip2 stream expands more than 500 times: this looks like a decompression bomb; unpack it yourself and pipe it in if it is not (after 2,000 bytes of text, at byte 3 of the file)": {Bzip2, 2000, 3, bombFault(500)},
		"the file is empty: the gzip stream that should be in it is missing":                                                                                                                    {Gzip, 0, 0, io.ErrUnexpectedEOF},
		"the file could not be read on after 7 bytes of text (at byte 7 of the file): disk on fire":                                                                                             {Plain, 7, 7, fmt.Errorf("disk on fire")},
	} {
		if got := e.Error(); got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
		if !errors.Is(e, e.Err) {
			t.Errorf("%v is not found in its Error", e.Err)
		}
	}
}
