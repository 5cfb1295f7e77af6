package history

import (
	"path/filepath"
	"testing"
)

func TestAMarkOfOneLineIsAdded(t *testing.T) {
	path := filepath.Join(t.TempDir(), "history.db")
	for text, fine := range map[string]bool{"deploy 1.4.2": true, "": false, "a\nb": false, "a\xffb": false, string(make([]byte, 1001)): false} {
		if err := AddMark(path, Mark{At: noon, Text: text}); (err == nil) != fine {
			t.Errorf("%q: got %v", text, err)
		}
	}
	db, err := OpenReadOnly(path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if marks, err := db.Marks(noon, noon+1); err != nil || len(marks) != 1 || marks[0].Text != "deploy 1.4.2" {
		t.Errorf("got %v, %v", marks, err)
	}
}
