package backtest

import (
	"encoding/binary"
	"errors"
	"time"

	"weir/internal/accesslog"
)

// A Writer writes records down for a Reader, which is another goroutine: a scan parses
// on all processors, and rules are decided on one. It implements export.Writer, and what
// scan asks of a writer that wants rejected lines. The zero value is ready.
//
//	length  second  status  bytes  latency  flags  ten fields, each with its length
//	0       a line that is no request
//
// Numbers are varints, the length is four bytes. Nothing of it is kept anywhere.
type Writer struct{}

const lengthBytes = 4

// Append appends a record.
func (Writer) Append(dst []byte, r *accesslog.Record, _ string) []byte {
	from := len(dst)
	dst = append(dst, 0, 0, 0, 0)
	dst = binary.AppendVarint(dst, r.Sec)
	dst = binary.AppendVarint(dst, int64(r.Status))
	dst = binary.AppendVarint(dst, r.Bytes)
	dst = binary.AppendVarint(dst, int64(r.Latency))
	flags := byte(0)
	if r.Malformed {
		flags = 1
	}
	dst = append(dst, flags)
	for _, f := range fields(r) {
		dst = binary.AppendUvarint(dst, uint64(len(*f)))
		dst = append(dst, *f...)
	}
	binary.LittleEndian.PutUint32(dst[from:], uint32(len(dst)-from-lengthBytes))
	return dst
}

// AppendReject appends a line that is no request.
func (Writer) AppendReject(dst []byte) []byte { return append(dst, 0, 0, 0, 0) }

func fields(r *accesslog.Record) [10]*[]byte {
	return [10]*[]byte{
		&r.Client, &r.User, &r.Host, &r.Request, &r.Method, &r.Target, &r.Protocol, &r.Referrer, &r.Agent, &r.Forwarded,
	}
}

// next reads what Append wrote to the front of text: views into it. request is false for a
// line that is none.
func next(text []byte, r *accesslog.Record) (rest []byte, request bool, err error) {
	if len(text) < lengthBytes {
		return nil, false, torn()
	}
	n := int(binary.LittleEndian.Uint32(text))
	text = text[lengthBytes:]
	if n == 0 {
		return text, false, nil
	}
	if n > len(text) {
		return nil, false, torn()
	}
	text, rest = text[:n], text[n:]
	r.Clear()
	var numbers [4]int64
	for i := range numbers {
		v, k := binary.Varint(text)
		if k <= 0 {
			return nil, false, torn()
		}
		numbers[i], text = v, text[k:]
	}
	r.Sec, r.Status, r.Bytes, r.Latency = numbers[0], int(numbers[1]), numbers[2], time.Duration(numbers[3])
	if len(text) == 0 {
		return nil, false, torn()
	}
	r.Malformed, text = text[0] == 1, text[1:]
	for _, f := range fields(r) {
		size, k := binary.Uvarint(text)
		if k <= 0 || size > uint64(len(text)-k) {
			return nil, false, torn()
		}
		if size > 0 {
			*f = text[k : k+int(size) : k+int(size)]
		}
		text = text[k+int(size):]
	}
	return rest, true, nil
}

func torn() error {
	return errors.New("what was written down of the records is torn: this is a mistake in weir")
}
