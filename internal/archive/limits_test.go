package archive

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"
	"runtime"
	"strings"
	"testing"
)

// bzip2Bomb is bzip2 -9 of 46,000,000 zero bytes.
const bzip2Bomb = "QlpoOTFBWSZTWQ4J4t8BX45AAMAAAAggADCATUZCoCWpCoCXMUFZJlNZudCH0AAAxdAAwAAEAAAI" +
	"IAAgpTQZjUhbBQvF3JFOFCQpcNCbgA=="

func TestABombIsRefusedAtItsLimit(t *testing.T) {
	small := limits{window: 64 << 20, text: 1 << 20, ratio: 500}
	bomb, err := base64.StdEncoding.DecodeString(bzip2Bomb)
	if err != nil {
		t.Fatal(err)
	}
	files := map[Kind][]byte{Bzip2: bomb}
	for _, kind := range []Kind{Gzip, Zstd, XZ} {
		files[kind] = compressed(t, kind, make([]byte, 8<<20))
	}
	for kind, file := range files {
		r, err := open(bytes.NewReader(file), kind, small)
		if err != nil {
			t.Fatal(err)
		}
		n, readErr := io.Copy(io.Discard, r)
		if !errors.Is(readErr, ErrBomb) || n < small.text || n > small.text+1<<20 {
			t.Errorf("%s: %d bytes, %v", kind, n, readErr)
		} else if !strings.Contains(readErr.Error(), "expands more than 500 times: this looks like a decompression bomb; unpack it yourself and pipe it in if it is not") {
			t.Errorf("%s: got %q", kind, readErr)
		}
		r.Close()
	}
}

func TestTextBelowEitherLimitIsNoBomb(t *testing.T) {
	zeros, text := make([]byte, 1<<20), logText(1<<20)
	for _, kind := range []Kind{Gzip, Zstd, XZ} {
		for name, c := range map[string]struct {
			text []byte
			l    limits
		}{
			"little text":  {zeros, limits{window: 64 << 20, text: 2 << 20, ratio: 500}},
			"small ratio":  {text, limits{window: 64 << 20, text: 1, ratio: 500}},
			"as installed": {zeros, standardLimits()},
		} {
			got, err := readAll(t, bytes.NewReader(compressed(t, kind, c.text)), kind, c.l)
			if len(got) != len(c.text) || err != nil {
				t.Errorf("%s, %s: %d bytes, %v", kind, name, len(got), err)
			}
		}
	}
}

// zstdFrame is a frame of one raw block with this descriptor and fields
// behind it.
func zstdFrame(descriptor byte, fields string, text string) string {
	block := uint32(len(text))<<3 | 1
	return zstdMagic + string([]byte{descriptor}) + fields + string([]byte{byte(block), byte(block >> 8), byte(block >> 16)}) + text
}

// xzWithDictionary is a stream of text that asks for the dictionary with this
// code.
func xzWithDictionary(t *testing.T, code byte, text string) string {
	t.Helper()
	file := compressed(t, XZ, []byte(text))
	head := file[12 : 12+4*(int(file[12])+1)]
	at := bytes.Index(head, []byte{0x21, 1})
	if at < 0 {
		t.Fatal("there is no LZMA2 in the block header")
	}
	head[at+2] = code
	binary.LittleEndian.PutUint32(head[len(head)-4:], crc32.ChecksumIEEE(head[:len(head)-4]))
	return string(file)
}

func TestALargeWindowIsRefusedBeforeItIsTaken(t *testing.T) {
	const mib = 1 << 20
	length := func(n uint64) string { return string(binary.LittleEndian.AppendUint64(nil, n)) }
	for name, c := range map[string]struct {
		kind Kind
		file string
		need string // "" if it is read
	}{
		"zstd 64 MiB":         {Zstd, zstdFrame(0, "\x80", "text\n"), ""},
		"zstd 72 MiB":         {Zstd, zstdFrame(0, "\x81", "text\n"), "a window of 72 MiB"},
		"zstd 128 MiB":        {Zstd, zstdFrame(0, "\x88", "text\n"), "a window of 128 MiB"},
		"zstd largest":        {Zstd, zstdFrame(0, "\xff", "text\n"), "a window of 3,932,160 MiB"},
		"zstd whole":          {Zstd, zstdFrame(0x20, "\x05", "text\n"), ""},
		"zstd whole, 65 MiB":  {Zstd, zstdFrame(0xe0, length(64*mib+1), "text\n"), "a window of 65 MiB"},
		"zstd whole, largest": {Zstd, zstdFrame(0xe0, length(1<<64-1), "text\n"), "a window of 17,592,186,044,416 MiB"},
		"xz 64 MiB":           {XZ, xzWithDictionary(t, 28, "text\n"), ""},
		"xz 96 MiB":           {XZ, xzWithDictionary(t, 29, "text\n"), "a dictionary of 96 MiB"},
		"xz largest":          {XZ, xzWithDictionary(t, 40, "text\n"), "a dictionary of 4,096 MiB"},
	} {
		before := string(compressed(t, c.kind, []byte("before\n")))
		var m0, m1 runtime.MemStats
		runtime.ReadMemStats(&m0)
		text, err := readAll(t, strings.NewReader(before+c.file), c.kind, standardLimits())
		runtime.ReadMemStats(&m1)
		if c.need == "" {
			if string(text) != "before\ntext\n" || err != nil {
				t.Errorf("%s: got %q, %v", name, text, err)
			}
			continue
		}
		if string(text) != "before\n" || !errors.Is(err, ErrWindow) || err.Offset != int64(len(before)) && c.kind == Zstd {
			t.Errorf("%s: got %q, %v", name, text, err)
			continue
		}
		for _, want := range []string{c.need, "64 MiB", " FILE | weir report -"} {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("%s: got %q, want %q in it", name, err, want)
			}
		}
		if took := m1.TotalAlloc - m0.TotalAlloc; took > 8*mib {
			t.Errorf("%s: %d bytes were taken", name, took)
		}
	}
}

func TestWhatOnlyTheProgramsReadIsToldWithTheCommand(t *testing.T) {
	filter := []byte(xzWithDictionary(t, 0, "text\n"))
	head := filter[12 : 12+4*(int(filter[12])+1)]
	head[bytes.Index(head, []byte{0x21, 1})] = 0x04 // x86
	binary.LittleEndian.PutUint32(head[len(head)-4:], crc32.ChecksumIEEE(head[:len(head)-4]))
	for _, c := range []struct {
		kind Kind
		file string
		want string
	}{
		{Zstd, zstdFrame(0x01, "\x50\x07", "text\n"), "zstd -dc -D DICTIONARY FILE | weir report -"},
		{XZ, string(filter), "xz -dc FILE | weir report -"},
	} {
		_, err := readAll(t, strings.NewReader(c.file), c.kind, standardLimits())
		if !errors.Is(err, errors.ErrUnsupported) || !strings.HasSuffix(strings.TrimSuffix(err.Error(), ")"), "of the file") || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %q in it", c.kind, err, c.want)
		}
	}
}

// liveHeap is what is in use, garbage apart.
func liveHeap() int64 {
	runtime.GC()
	runtime.GC() // what sync.Pool kept from before goes with the second
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

func TestMemoryStaysBelowTheWindowAndALittle(t *testing.T) {
	const mib = 1 << 20
	for _, c := range []struct {
		kind Kind
		text int
		most int64
	}{
		{Gzip, 8 * mib, 1 * mib},
		{Zstd, 8 * mib, (1 + 4) * mib}, // of a window of 1 MiB
		{XZ, 3 * mib, (1 + 4) * mib},   // of a dictionary of 1 MiB, in 3 blocks
	} {
		file := compressed(t, c.kind, logText(c.text))
		before := liveHeap()
		r, err := Open(bytes.NewReader(file), c.kind)
		if err != nil {
			t.Fatal(err)
		}
		p := make([]byte, 32<<10)
		highest := int64(0)
		for i := 0; ; i++ {
			if i%(c.text/len(p)/4) == 0 {
				highest = max(highest, liveHeap()-before)
			}
			if _, err := r.Read(p); err != nil {
				break
			}
		}
		t.Logf("%s: %d kB", c.kind, highest/1000)
		if highest > c.most {
			t.Errorf("%s: %d bytes in use, want at most %d", c.kind, highest, c.most)
		}
		r.Close()
		runtime.KeepAlive(file)
	}
}

func TestManyXZBlocksTakeOneDictionary(t *testing.T) {
	const blocks = 200
	block := xzWithDictionary(t, 28, "text\n") // 64 MiB
	var m0, m1 runtime.MemStats
	runtime.ReadMemStats(&m0)
	text, err := readAll(t, strings.NewReader(strings.Repeat(block, blocks)), XZ, standardLimits())
	runtime.ReadMemStats(&m1)
	if string(text) != strings.Repeat("text\n", blocks) || err != nil {
		t.Errorf("got %d bytes, %v", len(text), err)
	}
	if took := m1.TotalAlloc - m0.TotalAlloc; took > 100<<20 {
		t.Errorf("%d bytes were taken in all", took)
	}
}
