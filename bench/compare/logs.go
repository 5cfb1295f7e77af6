package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"time"

	"github.com/klauspost/compress/gzip"
)

const (
	kib = 1 << 10
	mib = 1 << 20
	gib = 1 << 30
)

// logFile is a log to measure with. Programs run in its folder, so that the
// report holds no path.
type logFile struct {
	name    string // in the folder
	dir     string
	variant string
	bytes   int64
	lines   int64 // of the compressed ones, when unpacked
}

func (f logFile) path() string { return filepath.Join(f.dir, f.name) }

// latency tells whether lines end in the request time.
func (f logFile) latency() bool { return f.variant == "rt1g" }

// large tells whether slow programs run once only.
func (f logFile) large() bool { return f.bytes >= gib }

// variants are the logs that mklog has a name for.
func variants() []string { return []string{"c100m", "c1g", "rt1g", "ip10k", "ip200k", "ip2m"} }

// manyClients are the logs that the gate for memory is about.
func manyClients() []string { return []string{"ip10k", "ip200k", "ip2m"} }

// compressed tells whether a variant is measured as .gz, too.
func compressed(variant string) bool { return slices.Contains([]string{"c100m", "c1g"}, variant) }

// openLog makes the log of a variant if it is missing, and reads it once, so
// that it is in the page cache.
func (b *bench) openLog(ctx context.Context, variant string) (logFile, error) {
	f := logFile{name: variant + ".log", dir: b.dir, variant: variant}
	if _, err := os.Stat(f.path()); errors.Is(err, fs.ErrNotExist) {
		fmt.Fprintf(b.stderr, "making %s\n", f.path())
		if err := b.makeLog(ctx, f); err != nil {
			return f, err
		}
	}
	file, err := os.Open(f.path())
	if err != nil {
		return f, err
	}
	defer file.Close()
	f.bytes, f.lines, err = readAll(file)
	if err == nil && f.lines == 0 {
		err = fmt.Errorf("%s has no line: remove it, and it is made anew", f.path())
	}
	return f, err
}

// makeLog runs mklog. The log gets its name when it is whole.
func (b *bench) makeLog(ctx context.Context, f logFile) error {
	mklog := filepath.Join(b.scratch, "mklog")
	if _, err := os.Stat(mklog); err != nil {
		if err := build(ctx, "weir/bench/mklog", mklog); err != nil {
			return err
		}
	}
	part := f.path() + ".part"
	cmd := exec.CommandContext(ctx, mklog, "-variant", f.variant, "-o", part)
	cmd.Stderr = b.stderr
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("%s cannot be made: %w", f.path(), errors.Join(err, remove(part)))
	}
	return os.Rename(part, f.path())
}

func remove(name string) error {
	if err := os.Remove(name); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// readAll reads to the end and counts.
func readAll(r io.Reader) (size, lines int64, err error) {
	buf := make([]byte, 128*kib)
	for {
		n, err := r.Read(buf)
		size += int64(n)
		lines += int64(bytes.Count(buf[:n], []byte{'\n'}))
		if errors.Is(err, io.EOF) {
			return size, lines, nil
		}
		if err != nil {
			return size, lines, err
		}
	}
}

// openGzip makes f.gz if it is missing or older than f, and reads it once.
func (b *bench) openGzip(f logFile) (logFile, error) {
	z := f
	z.name += ".gz"
	plain, err := os.Stat(f.path())
	if err != nil {
		return z, err
	}
	if packed, err := os.Stat(z.path()); err != nil || packed.ModTime().Before(plain.ModTime()) {
		fmt.Fprintf(b.stderr, "making %s\n", z.path())
		if err := pack(f.path(), z.path()); err != nil {
			return z, fmt.Errorf("%s cannot be made: %w", z.path(), err)
		}
	}
	file, err := os.Open(z.path())
	if err != nil {
		return z, err
	}
	defer file.Close()
	z.bytes, _, err = readAll(file)
	return z, err
}

// pack compresses as logrotate does, with the level that gzip has without
// flags. The result gets its name when it is whole.
func pack(from, to string) (err error) {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	part := to + ".part"
	out, err := os.Create(part)
	if err != nil {
		return err
	}
	z, err := gzip.NewWriterLevel(out, 6)
	if err == nil {
		_, err = io.CopyBuffer(struct{ io.Writer }{z}, in, make([]byte, 128*kib))
		err = errors.Join(err, z.Close())
	}
	if err = errors.Join(err, out.Close()); err != nil {
		return errors.Join(err, remove(part))
	}
	return os.Rename(part, to)
}

// unpack is the decompressor alone, on one core: how long it takes to the end
// of f, with nothing done with the bytes.
func unpack(f logFile) (sample, error) {
	in, err := os.Open(f.path())
	if err != nil {
		return sample{}, err
	}
	defer in.Close()
	begin := time.Now()
	z, err := gzip.NewReader(in)
	if err != nil {
		return sample{}, err
	}
	buf := make([]byte, 128*kib)
	for err == nil {
		_, err = z.Read(buf)
	}
	if !errors.Is(err, io.EOF) {
		return sample{}, err
	}
	return sample{wall: time.Since(begin)}, nil
}
