package archive

import (
	"bufio"
	"io"

	"github.com/klauspost/compress/gzip"
)

// A gzipReader reads the members of a gzip file (RFC 1952) one after another.
//
// It takes them one by one because the library, asked to join them, takes zero
// bytes behind the last one for damage, and a member that is cut short in its
// name for the end.
type gzipReader struct {
	src    *bufio.Reader
	member gzip.Reader
	inside bool // of a member
	later  bool // the first member has begun
}

// Read gives text of the member it is in, or of the next one.
func (g *gzipReader) Read(p []byte) (int, error) {
	for {
		if !g.inside {
			if err := g.next(); err != nil {
				return 0, err
			}
			g.inside = true
		}
		n, err := g.member.Read(p)
		if err == io.EOF {
			g.inside, err = false, nil
		}
		if n > 0 || err != nil {
			return n, err
		}
	}
}

// next goes to the text of the next member; io.EOF if there is none.
func (g *gzipReader) next() error {
	if g.later {
		if err := skipZeros(g.src); err != nil {
			return err
		}
	}
	switch ok, err := beginsWith(g.src, gzipMagic); {
	case err != nil:
		return noEOF(err)
	case !ok && g.later:
		return trailing(Gzip)
	case !ok:
		return foreign(Gzip)
	}
	g.later = true
	if err := g.member.Reset(g.src); err != nil {
		return noEOF(err)
	}
	g.member.Multistream(false)
	return nil
}
