package archive

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"github.com/ulikunitz/xz"
)

// A sample is a small file that the program of its kind made.
type sample struct {
	kind Kind
	text string
	data []byte
	ends []int // where the file could end as well, and what it gives then
	gave []int
}

const (
	firstText  = "10.0.0.1 - - \"GET /a HTTP/1.1\" 200 12\n10.0.0.2 - - \"GET /b HTTP/1.1\" 404 0\n"
	secondText = "10.0.0.3 - - \"GET /c HTTP/1.1\" 500 7\n"
)

func samples() []sample {
	one, two := len(firstText), len(firstText)+len(secondText)
	return []sample{
		// gzip of firstText with a name, gzip -n of secondText
		{
			kind: Gzip, text: firstText + secondText, ends: []int{72}, gave: []int{one},
			data: fromBase64("H4sICNpAAWsAA3gxADM00ANBQwVdIFRydw1R0E9U8AgJCdA31DNUUjAyMFAwNOIyhKgyQlKVhKTKxMBEwYALAMkmQqBLAAAAH4sI" +
				"AAAAAAAAAzM00ANBYwVdIFRydw1R0E9W8AgJCdA31DNUUjA1MFAw5wIAGyWhciUAAAA="),
		},
		// zstd, zstd --no-check
		{
			kind: Zstd, text: firstText + secondText, ends: []int{71}, gave: []int{one},
			data: fromBase64("KLUv/SRL1QEA1AIxMC4xIC0gLSAiR0VUIC9hIEhUVFAvMS4xIiAyMDAgMTIKMTAuMmI0MDQgMAoEAMBIUnYF4hW4IXOHhTIotS/9" +
				"ICUpAQAxMC4wLjAuMyAtIC0gIkdFVCAvYyBIVFRQLzEuMSIgNTAwIDcK"),
		},
		// bzip2 -9, bzip2 -1
		{
			kind: Bzip2, text: firstText + secondText, ends: []int{87}, gave: []int{one},
			data: fromBase64("QlpoOTFBWSZTWWddOfAAABnfAAAQUAP0AALARAAwACAASEpPUaZNTI0EqBoDJjMuEr0p5PuwUM7C" +
				"LdLsrmwrSbhwjOFFnFLDDlSDpIu5IpwoSDOunPgAQlpoMTFBWSZTWTKvyRQAAAzfAAAQUAPqgALA" +
				"RAAIACAAIamI0YmmQoaaYAHyGpWuGwgMrQ0gSUyainOKK+fF3JFOFCQMq/JFAA=="),
		},
		// xz with a dictionary of 4 KiB: of firstText in two blocks with CRC64,
		// of secondText with SHA-256, 8 zero bytes, of firstText without a
		// checksum, of secondText with CRC32 and sizes in the block header
		{
			kind: XZ, text: firstText + secondText + firstText + secondText,
			ends: []int{160, 280, 281, 282, 283, 284, 285, 286, 287, 288, 392}, gave: []int{one, two, two, two, two, two, two, two, two, two, one + two},
			data: fromBase64(xzSample),
		},
	}
}

const xzSample = "/Td6WFoAAATm1rRGAgAhAQAAAAA3J5fWAQAmMTAuMC4wLjEgLSAtICJHRVQgL2EgSFRUUC8xLjEiIDIwMCAxMgoxAACJr1l5cLup" +
	"vwIAIQEAAAAANyeX1gEAIzAuMC4wLjIgLSAtICJHRVQgL2IgSFRUUC8xLjEiIDQwNCAwCgA0iRbGDQd0+QACPyc8JAAACSHJ8bHE" +
	"Z/sCAAAAAARZWv03elhaAAAK4fsMoQIAIQEAAAAANyeX1gEAJDEwLjAuMC4zIC0gLSAiR0VUIC9jIEhUVFAvMS4xIiA1MDAgNwoA" +
	"AAAAQdrJNOlyxzdJH8ChJeTwXBjYwy7/bjoDRfuQQ7cty/oAAVUlfchOrBibS5oBAAAAAApZWgAAAAAAAAAA/Td6WFoAAAD/EtlB" +
	"AgAhAQAAAAA3J5fW4ABKADJdABiMAg0AxDOTFx4i5W0J35IgsfRGY1d6fQwTnkqnSyBAW8J9JPrg2g1BfRnldnDHRCqAAAAAAAFG" +
	"S7DFq2cGcp56AQAAAAAAWVr9N3pYWgAAAWki3jYDwCklIQEAAAAAAABlvmdFAQAkMTAuMC4wLjMgLSAtICJHRVQgL2MgSFRUUC8x" +
	"LjEiIDUwMCA3CgAAAAAbJaFyAAE9JdIpagGQQpkNAQAAAAABWVo="

func fromBase64(s string) []byte {
	b, err := base64.StdEncoding.DecodeString(s)
	if err != nil {
		panic(err) // a constant of this file
	}
	return b
}

// logText is n bytes of lines that compress about as a log does.
func logText(n int) []byte {
	random := rand.New(rand.NewPCG(1, 2))
	var b bytes.Buffer
	for b.Len() < n {
		fmt.Fprintf(&b, "10.%d.%d.%d - - [10/Oct/2026:13:55:%02d +0000] \"GET /section%d/page%d HTTP/1.1\" %d %d\n",
			random.IntN(4), random.IntN(256), random.IntN(256), random.IntN(60), random.IntN(20), random.IntN(1000), 200+random.IntN(5), random.IntN(1e6))
	}
	return b.Bytes()[:n]
}

// noise is n bytes that do not compress.
func noise(n int) []byte {
	random := rand.New(rand.NewPCG(3, 4))
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(random.Uint32())
	}
	return b
}

// compressed is text as a member, frame or stream of its own, by the library.
func compressed(tb testing.TB, kind Kind, text []byte) []byte {
	tb.Helper()
	var b bytes.Buffer
	var w io.WriteCloser
	var err error
	switch kind {
	case Plain:
		return text
	case Gzip:
		w = gzip.NewWriter(&b)
	case Zstd:
		w, err = zstd.NewWriter(&b, zstd.WithEncoderConcurrency(1), zstd.WithWindowSize(1<<20))
	case XZ:
		w, err = xz.WriterConfig{DictCap: 1 << 20, BlockSize: 1 << 20}.NewWriter(&b)
	default:
		tb.Fatalf("there is no writer for %q", kind)
	}
	if err == nil {
		_, err = w.Write(text)
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		tb.Fatal(err)
	}
	return b.Bytes()
}

// readAll is what a Reader with these limits gives, and how it ends. It fails
// the test if that is anything but io.EOF (then err is nil) or an *Error that
// agrees with what was given.
func readAll(tb testing.TB, src io.Reader, kind Kind, l limits) (text []byte, err *Error) {
	tb.Helper()
	r, openErr := open(src, kind, l)
	if openErr != nil {
		tb.Fatal(openErr)
	}
	defer r.Close()
	text, readErr := io.ReadAll(r)
	if _, again := r.Read(make([]byte, 1)); readErr != nil && again != readErr {
		tb.Fatalf("the Read after the error %v gives another: %v", readErr, again)
	}
	if readErr == nil {
		return text, nil
	}
	if !errors.As(readErr, &err) {
		tb.Fatalf("%v is no *Error", readErr)
	}
	if err.Kind != kind || err.Plain != int64(len(text)) || err.Offset < 0 || err.Offset > r.Consumed() || err.Err == nil {
		tb.Fatalf("%d bytes came out of %d: the error does not fit: %#v", len(text), r.Consumed(), err)
	}
	if s := err.Error(); s == "" || strings.ContainsAny(s, "\n") || strings.HasSuffix(s, ".") {
		tb.Fatalf("%q is not to be put behind a file name", s)
	}
	return text, err
}
