package outage

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"syscall"
	"testing"
)

func TestEachReasonIsASentenceWithoutTheURL(t *testing.T) {
	for _, c := range []struct {
		err  error
		want string
	}{
		{&net.DNSError{Name: "nowhere.example", IsNotFound: true}, "there is no host called nowhere.example"},
		{&net.DNSError{Name: "slow.example", Err: "server misbehaving"}, "the name slow.example could not be looked up: server misbehaving"},
		{&net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}, "connection refused: no server listens there"},
		{&net.OpError{Op: "read", Err: syscall.ECONNRESET}, "the server reset the connection"},
		{syscall.EHOSTUNREACH, "there is no way to that host"},
		{syscall.ENETUNREACH, "there is no way to that host"},
		{io.EOF, "the server closed the connection"},
		{io.ErrUnexpectedEOF, "the server closed the connection"},
		{os.ErrDeadlineExceeded, "it took too long"},
		{x509.UnknownAuthorityError{}, "its certificate is not trusted: x509: certificate signed by unknown authority"},
		{http.ErrSchemeMismatch, "it does not speak TLS: try http:// instead of https://"},
		{tls.RecordHeaderError{Msg: "first record does not look like a TLS handshake"}, "it does not speak TLS: try http:// instead of https://"},
		{errors.New("something else"), "something else"},
	} {
		err := fmt.Errorf("for once: %w", &url.Error{Op: "Get", URL: "http://user:hunter2@site/", Err: c.err})
		if got := Why(err).Error(); got != c.want {
			t.Errorf("%v: got %q, want %q", c.err, got, c.want)
		}
	}
}

func TestARealServerThatIsGoneIsSaidToBeGone(t *testing.T) {
	s := httptest.NewServer(http.NotFoundHandler())
	s.Close()
	_, err := http.Get(s.URL + "/token-hunter2")
	if err == nil {
		t.Fatal("a closed server answered")
	}
	if got := Why(err).Error(); got != "connection refused: no server listens there" || strings.Contains(got, "hunter2") {
		t.Errorf("got %q", got)
	}
}
