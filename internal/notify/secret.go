package notify

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
)

// Redacted is what stands in place of a secret.
const Redacted = "[redacted]"

// A Secret is a text that no output shows: itself, with names of environment variables
// in it, or the file that holds it. The zero value is none. Printed, in whatever way, it
// is Redacted, or says where it comes from.
type Secret struct {
	// A pointer: fmt prints fields of fields that nobody exports without asking them
	// how, and a pointer as an address.
	text *string
	file string
}

// Literal is the secret that stands there itself. ${NAME} in it stands for an environment
// variable, $${ for ${.
func Literal(text string) Secret { return Secret{text: &text} }

// FromFile is the secret that a file holds, without the line end behind it.
func FromFile(path string) Secret { return Secret{file: path} }

// IsZero tells whether there is none.
func (s Secret) IsZero() bool { return s.text == nil && s.file == "" }

// Equal tells whether two are given in the same way.
func (s Secret) Equal(t Secret) bool {
	if s.text == nil || t.text == nil {
		return s.text == t.text && s.file == t.file
	}
	return *s.text == *t.text && s.file == t.file
}

// File returns the path of the file that holds it, "" for none.
func (s Secret) File() string { return s.file }

// String tells where it comes from, or Redacted.
func (s Secret) String() string {
	switch {
	case s.file != "":
		return "in the file " + s.file
	case s.text == nil:
		return ""
	case s.named():
		return *s.text
	}
	return Redacted
}

// GoString is for %#v.
func (s Secret) GoString() string { return fmt.Sprintf("notify.Secret(%q)", s.String()) }

// MarshalText is what JSON and others write.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// named tells whether the text is the name of one variable and nothing else.
func (s Secret) named() bool {
	name, ok := strings.CutPrefix(*s.text, "${")
	name, end := strings.CutSuffix(name, "}")
	return ok && end && name != "" && !strings.ContainsAny(name, "${}")
}

// maxSecret bounds what is read of a file, in bytes.
const maxSecret = 64 << 10

// read returns the secret as of now.
func (s Secret) read() (string, error) {
	switch {
	case s.file != "":
		return readSecret(s.file)
	case s.text == nil:
		return "", nil
	case *s.text == Redacted:
		return "", errors.New("it is what weir config show writes in place of a secret: put the secret there")
	}
	var b strings.Builder
	for rest := *s.text; rest != ""; {
		before, after, ok := strings.Cut(rest, "${")
		b.WriteString(before)
		if !ok {
			break
		}
		if literal, escaped := strings.CutSuffix(b.String(), "$"); escaped {
			b.Reset()
			b.WriteString(literal + "${")
			rest = after
			continue
		}
		name, tail, ok := strings.Cut(after, "}")
		if !ok {
			return "", errors.New(`it has a "${" without "}": write ${NAME} for an environment variable, $${ for the characters`)
		}
		value, set := os.LookupEnv(name)
		if !set {
			return "", fmt.Errorf("the environment variable %s is not set", name)
		}
		b.WriteString(value)
		rest = tail
	}
	return b.String(), nil
}

func readSecret(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", fmt.Errorf("the file with the secret cannot be read: %w", err)
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxSecret+1))
	switch {
	case err != nil:
		return "", fmt.Errorf("the file with the secret cannot be read: %w", err)
	case len(text) > maxSecret:
		return "", fmt.Errorf("%s is longer than %d KiB, so it is no secret", path, maxSecret>>10)
	}
	secret := strings.TrimRight(string(text), "\r\n")
	if secret == "" {
		return "", fmt.Errorf("%s is empty: the secret is to be in it", path)
	}
	return secret, nil
}
