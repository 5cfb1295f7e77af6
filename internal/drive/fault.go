package drive

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"strings"
	"syscall"
)

// A fault is why a request has no answer. The zero value is none.
type fault uint8

const (
	noFault     fault = iota
	refused           // nobody listens
	unreachable       // there is no way to the host
	unopened          // the connection was not there in time
	insecure          // TLS did not come about
	reset             // the connection was reset
	closed            // the connection was closed before the answer
	broken            // the answer broke off
	timeout           // no whole answer in time
	malformed         // what came is no HTTP
	longHead          // the head of the answer has no end
	longBody          // the body of the answer has no end
	noFile            // this process may not open more files
	noPort            // this machine has no free port left
	unsent            // no connection was free in time
	dropped           // no connection was free when it was due, and it was not to wait
	abandoned         // the run was ended while it was under way
	other             // something else
	faults            // how many there are
)

// A faultText is how a fault is told.
type faultText struct {
	key  string // in JSON
	text string // behind a number: 5 refused
}

func (f fault) told() faultText {
	return [faults]faultText{
		noFault:     {"none", "no error"},
		refused:     {"refused", "refused: no server listens there"},
		unreachable: {"unreachable", "without a way to the host"},
		unopened:    {"connect_timeout", "timed out before there was a connection"},
		insecure:    {"tls", "without a TLS connection"},
		reset:       {"reset", "reset by the server"},
		closed:      {"closed", "closed by the server before an answer"},
		broken:      {"broken", "broken off in the middle of an answer"},
		timeout:     {"timeout", "timed out"},
		malformed:   {"malformed", "answered with something that is no HTTP/1.1"},
		longHead:    {"long_header", "answered with a header of more than 256 KiB"},
		longBody:    {"long_body", "answered with a body that is longer than allowed"},
		noFile:      {"no_file", "without a connection, since this process may not open more files"},
		noPort:      {"no_port", "without a connection, since this machine has no free port left"},
		unsent:      {"unsent", "never sent, since no connection was free in time"},
		dropped:     {"dropped", "dropped, since no connection was free when they were due"},
		abandoned:   {"abandoned", "given up when the run was stopped"},
		other:       {"other", "failed otherwise"},
	}[f]
}

// opening is the fault of a connection that could not be made.
func opening(err error) fault {
	switch {
	case errors.Is(err, syscall.ECONNREFUSED):
		return refused
	case errors.Is(err, syscall.EMFILE), errors.Is(err, syscall.ENFILE):
		return noFile
	case errors.Is(err, syscall.EADDRNOTAVAIL):
		return noPort
	case errors.Is(err, syscall.ECONNRESET):
		return reset
	case errors.Is(err, syscall.ETIMEDOUT), errors.Is(err, os.ErrDeadlineExceeded):
		return unopened
	case errors.Is(err, syscall.EHOSTUNREACH), errors.Is(err, syscall.ENETUNREACH), errors.Is(err, fs.ErrPermission):
		return unreachable
	}
	return other
}

// during is the fault of a connection in use; begun tells whether a part of the
// answer had come.
func during(err error, begun bool) fault {
	switch {
	case err == nil, errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		if begun {
			return broken
		}
		return closed
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return reset
	case errors.Is(err, syscall.ETIMEDOUT), errors.Is(err, os.ErrDeadlineExceeded):
		return timeout
	case errors.Is(err, syscall.ECONNREFUSED):
		return refused
	case errors.Is(err, syscall.EHOSTUNREACH), errors.Is(err, syscall.ENETUNREACH):
		return unreachable
	case strings.Contains(err.Error(), "tls: "):
		return insecure
	}
	return other
}
