package history

import (
	"errors"
	"fmt"
	"unicode"
	"unicode/utf8"
)

// mostMark is how many bytes the text of a Mark may have.
const mostMark = 1000

// AddMark commits a mark to the history at path, which must be there. Errors are those of
// Open.
func AddMark(path string, m Mark) error {
	switch {
	case m.Text == "":
		return errors.New("the mark has no text: say what happened, as in deploy 1.4.2")
	case len(m.Text) > mostMark:
		return fmt.Errorf("the mark has %d bytes: write it in %d", len(m.Text), mostMark)
	case !utf8.ValidString(m.Text):
		return errors.New("the mark is no UTF-8")
	}
	for _, r := range m.Text {
		if unicode.IsControl(r) {
			return fmt.Errorf("the mark holds the control character %U: write it in one line of text", r)
		}
	}
	db, err := Open(path, Options{})
	if err != nil {
		return err
	}
	return errors.Join(db.Commit(&Commit{Marks: []Mark{m}}), db.Close())
}
