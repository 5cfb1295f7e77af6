package notify

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
)

// A sender takes one group to its end. It is called by one goroutine at a time, and
// returns when ctx ends. nil means that the other side has taken all of it.
type sender interface {
	send(ctx context.Context, g *group) error
}

// newSender is the table of kinds. Secrets are read with each delivery, so that they may
// be changed, and that one that is missing is told as what is in the way.
func newSender(c *Channel, o *Options) sender {
	own := *c
	switch c.Kind {
	case Bell:
		return &bell{o.Bell}
	case Log:
		return &logFile{path: own.File, json: own.JSON}
	case Command:
		return &command{own.Command}
	case Webhook:
		return &webhook{wire{&own, o}}
	case Email:
		return &email{wire{&own, o}}
	case Chat:
		return &chat{wire: wire{&own, o}}
	case Alertmanager:
		return &alertmanager{wire{&own, o}}
	}
	return nil // Check refuses it
}

// A failure is why a delivery failed, as far as it matters for the next one. Its text is
// a sentence without secrets.
type failure struct {
	text       string
	retryAfter time.Duration // what the server asks for; 0 for nothing
	// refused: the server understood and does not want this content, so that another
	// one may fare better.
	refused bool
	// own: it is about whoever was written to; the server may take a message to another.
	own bool
}

// Error returns the sentence.
func (f *failure) Error() string { return f.text }

// deliver is send, with all secrets taken out of the error. A panic is an error, since
// libraries for other people's services do not end the measurement.
func deliver(ctx context.Context, s sender, g *group) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("the delivery broke: %v", p)
		}
		if err != nil {
			var r redactor
			if secretive, ok := s.(interface{ redactor() redactor }); ok {
				r = secretive.redactor()
			}
			err = r.clean(err)
		}
	}()
	return s.send(ctx, g)
}

// redactor takes secrets out of texts.
type redactor []string

// add lists a secret in the forms in which it may come back. What is too short to be
// one, and would be found everywhere, is left out.
func (r *redactor) add(secrets ...string) {
	for _, s := range secrets {
		if len(s) >= 4 {
			*r = append(*r, forms(s)...)
		}
	}
}

// clean returns an error without the secrets, of the same worth.
func (r redactor) clean(err error) error {
	text := r.text(err.Error())
	var f *failure
	if errors.As(err, &f) {
		return &failure{text, f.retryAfter, f.refused, f.own}
	}
	return errors.New(text)
}

func (r redactor) text(s string) string {
	for _, secret := range longestFirst(r) {
		s = strings.ReplaceAll(s, secret, Redacted)
	}
	return withoutURLs(s)
}
