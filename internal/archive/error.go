package archive

import (
	"errors"
	"fmt"
	"io"

	"weir/internal/unit"
)

// What Error.Err may be, for errors.Is. The others are io.ErrUnexpectedEOF for
// a stream that is cut short, errors.ErrUnsupported for a part of the format
// that is not read here, or the error of the source itself.
var (
	ErrDamaged  = errors.New("damaged")
	ErrTrailing = errors.New("trailing bytes")
	ErrWindow   = errors.New("needs too much memory")
	ErrBomb     = errors.New("expands too much")
)

// An Error says why a stream ended before its end. All text before it has been
// given.
type Error struct {
	Kind   Kind
	Plain  int64 // bytes of text that were given
	Offset int64 // position in the compressed file up to which it was decoded, about
	Err    error // the cause, never nil
}

// Error is one sentence without a full stop, to be put behind the name of the
// file.
func (e *Error) Error() string {
	text := unit.Count(e.Plain) + " bytes"
	if e.Plain == 1 {
		text = "1 byte"
	}
	stream, at := "the "+string(e.Kind)+" stream", unit.Count(e.Offset)
	if e.Kind == Plain {
		stream = "the file"
	}
	switch {
	case errors.Is(e.Err, ErrTrailing):
		return fmt.Sprintf("%s gave %s of text and is whole, but from byte %s of the file on %v", stream, text, at, e.Err)
	case errors.Is(e.Err, ErrWindow), errors.Is(e.Err, ErrBomb), errors.Is(e.Err, errors.ErrUnsupported):
		return fmt.Sprintf("%s %v (after %s of text, at byte %s of the file)", stream, e.Err, text, at)
	case errors.Is(e.Err, ErrDamaged):
		return fmt.Sprintf("%s is damaged after %s of text (at byte %s of the file): %v", stream, text, at, e.Err)
	case errors.Is(e.Err, io.ErrUnexpectedEOF) && e.Offset == 0:
		return "the file is empty: " + stream + " that should be in it is missing"
	case errors.Is(e.Err, io.ErrUnexpectedEOF):
		return fmt.Sprintf("%s is cut short after %s of text (at byte %s of the file)", stream, text, at)
	}
	return fmt.Sprintf("%s could not be read on after %s of text (at byte %s of the file): %v", stream, text, at, e.Err)
}

// Unwrap returns e.Err.
func (e *Error) Unwrap() error { return e.Err }

// A fault is one of the causes that Error.Err may be, with its details.
type fault struct {
	is   error
	text string
}

// Error is the part of a sentence that Error.Error puts together.
func (f *fault) Error() string { return f.text }

// Unwrap returns which cause it is.
func (f *fault) Unwrap() error { return f.is }

func damaged(text string) error { return &fault{ErrDamaged, text} }

func unsupported(text, command string) error {
	return &fault{errors.ErrUnsupported, text + ": unpack it with " + command + " FILE | weir report -"}
}

func trailing(k Kind) error {
	return &fault{ErrTrailing, "there are trailing bytes that are no " + string(k)}
}

// foreign tells that a stream is another thing from its first byte on.
func foreign(k Kind) error { return damaged("it does not begin like " + string(k)) }

func bombFault(ratio int64) error {
	return &fault{ErrBomb, fmt.Sprintf("expands more than %d times: this looks like a decompression bomb; "+
		"unpack it yourself and pipe it in if it is not", ratio)}
}

// windowFault tells that a decoder would need need bytes of what is named.
func windowFault(what string, need, limit uint64, command string) error {
	mib := need >> 20
	if need&(1<<20-1) != 0 {
		mib++
	}
	return &fault{ErrWindow, fmt.Sprintf("needs a %s of %s MiB, more than the %d MiB it may take: unpack it with %s FILE | weir report -",
		what, unit.Count(int64(mib)), limit>>20, command)}
}

// limits bound what a hostile file can make a Reader take.
type limits struct {
	window uint64 // bytes of a zstd window or an xz dictionary
	text   int64  // bytes that a stream may give whatever it expands from
	ratio  int64  // bytes of text for each compressed byte, once text is reached
}

// standardLimits are those of Open. zstd takes 8 MiB up to its level 19, xz 64
// MiB at its highest. A log of nothing but one line repeated shrinks 1,000
// times in gzip, but does not often grow to a GiB.
func standardLimits() limits {
	return limits{window: 64 << 20, text: 1 << 30, ratio: 500}
}
