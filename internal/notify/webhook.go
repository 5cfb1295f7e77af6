package notify

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strconv"
	"time"

	"weir/internal/escape"
)

// webhook posts a group as JSON.
type webhook struct{ wire }

func (h *webhook) send(ctx context.Context, g *group) error {
	body, err := g.document()
	if err != nil {
		return err
	}
	r, err := h.request()
	if err != nil {
		return err
	}
	r.kind, r.body = "application/json", body
	// A key holds the names of what a log says, so it may hold anything.
	r.header["Idempotency-Key"] = strconv.QuoteToASCII(escape.Terminal([]byte(g.id())))
	key, err := h.channel.Key.read()
	if err != nil {
		return fmt.Errorf("secret: %w", err)
	}
	if key != "" {
		at := strconv.FormatInt(time.Now().Unix(), 10)
		r.header["X-Weir-Timestamp"] = at
		r.header["X-Weir-Signature"] = "sha256=" + sign(key, at, body)
	}
	_, err = h.post(ctx, r)
	return err
}

// sign returns the HMAC-SHA256 (RFC 2104), in hexadecimal, of the time in seconds, a dot,
// and the body.
func sign(key, at string, body []byte) string {
	mac := hmac.New(sha256.New, []byte(key))
	mac.Write([]byte(at + "."))
	mac.Write(body)
	return hex.EncodeToString(mac.Sum(nil))
}

// request returns what all requests of the channel have, with its secrets.
func (w *wire) request() (*request, error) {
	text, err := w.channel.URL.read()
	if err != nil {
		return nil, fmt.Errorf("url: %w", err)
	}
	u, err := parseWeb(text)
	if err != nil {
		return nil, fmt.Errorf("url: %w", err)
	}
	r := &request{url: u.String(), username: w.channel.Username, header: map[string]string{}}
	if r.password, err = w.channel.Password.read(); err != nil {
		return nil, fmt.Errorf("password: %w", err)
	}
	for name, secret := range w.channel.Headers {
		value, err := secret.read()
		if err == nil {
			err = headerValue(name, value)
		}
		if err != nil {
			return nil, fmt.Errorf("headers: %w", err)
		}
		r.header[name] = value
	}
	return r, nil
}

// redactor returns the secrets of the channel as of now.
func (w *wire) redactor() redactor {
	var r redactor
	// A secret that cannot be read is in no error.
	if text, err := w.channel.URL.read(); err == nil {
		r.add(pieces(text, w.channel.Kind == Chat)...)
	}
	for _, s := range []Secret{w.channel.Key, w.channel.Password} {
		if text, err := s.read(); err == nil {
			r.add(text)
		}
	}
	if password, err := w.channel.Password.read(); err == nil && password != "" {
		// As both are sent: by HTTP (RFC 7617), by SMTP (RFC 4616).
		user := w.channel.Username
		r.add(user+":"+password, "\x00"+user+"\x00"+password)
	}
	for _, s := range w.channel.Headers {
		if text, err := s.read(); err == nil {
			r.add(text)
		}
	}
	return r
}
