package archive

import (
	"bufio"
	"bytes"
	"io"
	"testing"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// BenchmarkRead reads through a Reader, and with the library alone.
func BenchmarkRead(b *testing.B) {
	text := logText(16 << 20)
	piece := make([]byte, 64<<10)
	drain := func(b *testing.B, r io.Reader) {
		for {
			if _, err := r.Read(piece); err == io.EOF {
				return
			} else if err != nil {
				b.Fatal(err)
			}
		}
	}
	alone := map[Kind]func(io.Reader) (io.Reader, func(), error){
		Gzip: func(r io.Reader) (io.Reader, func(), error) {
			z, err := gzip.NewReader(bufio.NewReaderSize(r, bufferSize))
			return z, func() {}, err
		},
		Zstd: func(r io.Reader) (io.Reader, func(), error) {
			z, err := zstd.NewReader(bufio.NewReaderSize(r, bufferSize), zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true))
			if err != nil {
				return nil, nil, err
			}
			return z, z.Close, nil
		},
	}
	for _, kind := range []Kind{Gzip, Zstd, XZ} {
		file := compressed(b, kind, text)
		b.Run(string(kind)+"/Reader", func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			b.ReportAllocs()
			for b.Loop() {
				r, err := Open(bytes.NewReader(file), kind)
				if err != nil {
					b.Fatal(err)
				}
				drain(b, r)
				r.Close()
			}
		})
		if alone[kind] == nil {
			continue
		}
		b.Run(string(kind)+"/alone", func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			b.ReportAllocs()
			for b.Loop() {
				r, free, err := alone[kind](bytes.NewReader(file))
				if err != nil {
					b.Fatal(err)
				}
				drain(b, r)
				free()
			}
		})
	}
}
