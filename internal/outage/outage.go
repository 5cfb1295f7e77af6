// Package outage says in few words why a server gave no answer.
package outage

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"syscall"
)

// Why returns an error that says why a request of net/http had no answer, or why its
// answer broke off, in words for a person. It never holds the URL, which may be a secret. What
// it does not know is returned as it is, without the URL in front.
func Why(err error) error {
	var in *url.Error
	if errors.As(err, &in) {
		err = in.Err
	}
	var dns *net.DNSError
	var authority x509.UnknownAuthorityError
	var name x509.HostnameError
	var invalid x509.CertificateInvalidError
	var plain tls.RecordHeaderError
	switch {
	case errors.As(err, &dns) && dns.IsNotFound:
		return fmt.Errorf("there is no host called %s", dns.Name)
	case errors.As(err, &dns):
		return fmt.Errorf("the name %s could not be looked up: %s", dns.Name, dns.Err)
	case errors.Is(err, syscall.ECONNREFUSED):
		return errors.New("connection refused: no server listens there")
	case errors.Is(err, syscall.ECONNRESET):
		return errors.New("the server reset the connection")
	case errors.Is(err, syscall.EHOSTUNREACH), errors.Is(err, syscall.ENETUNREACH):
		return errors.New("there is no way to that host")
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		return errors.New("the server closed the connection")
	case errors.Is(err, os.ErrDeadlineExceeded):
		return errors.New("it took too long")
	case errors.As(err, &authority), errors.As(err, &name), errors.As(err, &invalid):
		return fmt.Errorf("its certificate is not trusted: %w", err)
	case errors.Is(err, http.ErrSchemeMismatch), errors.As(err, &plain):
		return errors.New("it does not speak TLS: try http:// instead of https://")
	}
	return err
}
