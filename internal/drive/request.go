package drive

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
)

// A Field is a line of a header.
type Field struct{ Name, Value string }

// A Request is one that may be sent, as often as the Plan says. It is not changed
// while a run goes on. {seq} in its target, values of its header or its body stands for the number
// of the request in the run, {rand} for 16 hexadecimal digits by chance.
type Request struct {
	Method string
	// Site has the scheme, the host, and the user, if any; its path does not count.
	// Requests to one site share it.
	Site   *url.URL
	Target string // from the first slash on, with the query, as it is sent
	Header []Field
	Body   []byte
	// Literal is for one whose {seq} and {rand} mean themselves.
	Literal bool
}

// String returns method and URL, without a password.
func (r *Request) String() string {
	return r.Method + " " + r.Site.Scheme + "://" + r.Site.Host + r.Target
}

// safe tells whether a request may be sent again when it is not known whether it was carried
// out: it changes nothing (RFC 9110, 9.2.1). PUT and DELETE might be, too; net/http
// leaves them alone, and both engines do the same.
func (r *Request) safe() bool {
	switch r.Method {
	case http.MethodGet, http.MethodHead, http.MethodOptions, http.MethodTrace:
		return true
	}
	return false
}

// ParseURL reads where requests go: the site, and the target on it.
func ParseURL(s string) (site *url.URL, target string, err error) {
	u, err := url.Parse(s)
	switch {
	case err != nil && !strings.Contains(s, "://"), err == nil && (u.Scheme == "" || u.Opaque != "") && s != "":
		return nil, "", fmt.Errorf("%q does not begin with http:// or https://: write it as http://%s", s, strings.TrimLeft(s, "/"))
	case err != nil:
		// url.Error would repeat the whole, password and all.
		var bad *url.Error
		if errors.As(err, &bad) {
			err = bad.Err
		}
		return nil, "", fmt.Errorf("it is no URL: %w: write it as http://127.0.0.1:8080/", err)
	case u.Scheme != "http" && u.Scheme != "https":
		return nil, "", fmt.Errorf("%q is neither http nor https: write it as http://127.0.0.1:8080/", u.Scheme)
	case u.Hostname() == "":
		return nil, "", errors.New("it names no host: write it as http://127.0.0.1:8080/")
	}
	target = strings.NewReplacer("%7Bseq%7D", seqMark, "%7Brand%7D", randMark).Replace(u.RequestURI())
	return &url.URL{Scheme: u.Scheme, User: u.User, Host: u.Host}, target, nil
}

// CheckTarget tells what is wrong with a target, nil for nothing.
func CheckTarget(target string) error {
	if !strings.HasPrefix(target, "/") {
		return fmt.Errorf("the target %q does not begin with a slash", target)
	}
	for i := range len(target) {
		if c := target[i]; c <= ' ' || c == 0x7f {
			return fmt.Errorf("the target %q has a blank or a control character in it", target)
		}
	}
	return nil
}

// CheckMethod tells what is wrong with a method, nil for nothing.
func CheckMethod(method string) error {
	if method == "" || !token(method) {
		return fmt.Errorf("%q is no method, such as GET", method)
	}
	if method == http.MethodConnect {
		return errors.New("CONNECT opens tunnels, and is not sent")
	}
	return nil
}

// ParseField reads a line of a header: Name: value.
func ParseField(s string) (Field, error) {
	name, value, ok := strings.Cut(s, ":")
	value = strings.Trim(value, " \t")
	switch {
	case !ok || name == "" || !token(name):
		return Field{}, fmt.Errorf("%q is no line of a header, such as \"Accept: text/html\"", s)
	case strings.ContainsFunc(value, func(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f }):
		return Field{}, fmt.Errorf("the value of %s has a control character in it", name)
	}
	switch strings.ToLower(name) {
	case "content-length", "transfer-encoding", "connection":
		return Field{}, fmt.Errorf("%s belongs to the connection, and is set by weir", name)
	}
	return Field{name, value}, nil
}

// token tells whether a word is one of RFC 9110, 5.6.2.
func token(s string) bool {
	for i := range len(s) {
		c := s[i]
		if !('a' <= c|0x20 && c|0x20 <= 'z' || '0' <= c && c <= '9' || strings.IndexByte("!#$%&'*+-.^_`|~", c) >= 0) {
			return false
		}
	}
	return true
}
