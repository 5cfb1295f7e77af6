package house

import (
	"go/ast"
	"path"
	"regexp"
	"strings"
	"testing"
	"unicode"
)

// emptyWords are names by pattern, not by what a thing is in the domain.
func emptyWords() []string {
	return []string{"manager", "handler", "helper", "util", "common", "processor", "service", "impl", "misc", "base"}
}

func TestNamesSayWhatAThingIs(t *testing.T) {
	for _, f := range goFiles(t) {
		stem := strings.TrimSuffix(strings.TrimSuffix(path.Base(f.path), ".go"), "_test")
		for _, name := range []string{stem, f.syntax.Name.Name} {
			if w := emptyWord(name); w != "" {
				t.Errorf("%s: %q says %q, which says nothing: name it by what it is in the domain (alert.Watch, tail.Follower)", f.path, name, w)
			}
		}
		ast.Inspect(f.syntax, func(n ast.Node) bool {
			if ts, ok := n.(*ast.TypeSpec); ok {
				if w := emptyWord(ts.Name.Name); w != "" {
					t.Errorf("%s: type %s says %q, which says nothing: name it by what it is in the domain (alert.Watch, tail.Follower)", f.at(ts), ts.Name.Name, w)
				}
			}
			return true
		})
	}
}

// emptyWord returns the empty word that a name is made of, "" without one.
func emptyWord(name string) string {
	for _, part := range parts(name) {
		for _, w := range emptyWords() {
			if part == w || part == w+"s" {
				return w
			}
		}
	}
	return ""
}

// parts cuts a name at underscores and capitals, in lower case.
func parts(name string) []string {
	var b strings.Builder
	for _, r := range name {
		if unicode.IsUpper(r) {
			b.WriteByte('_')
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return strings.FieldsFunc(b.String(), func(r rune) bool { return r == '_' || r == '-' || r == '.' })
}

func TestEmptyWordsAreFound(t *testing.T) {
	for name, want := range map[string]string{
		"AlertManager": "manager", "utils": "util", "file_util": "util", "handlerFunc": "handler",
		"commonFormat": "common", "kindCLF": "", "utility": "", "Simple": "", "serviced": "",
	} {
		if got := emptyWord(name); got != want {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
	}
}

// A phrase is something no text of the project says.
type phrase struct {
	pattern string // put together from pieces, so that this file does not say it
	why     string
}

func phrases() []phrase {
	return []phrase{
		{`\b(` + "TO" + "DO|FIX" + "ME|X" + "XX|HA" + `CK)\b`, "finish it, or write it down as an issue"},
		{`/` + `work/|/` + `root/|/` + `tmp/prompts`, "a path of one machine means nothing on another"},
		{"h" + "-seed|go" + "proxy|proxy\\." + "golang|registry\\." + "npmjs|sum\\." + "golang", "where modules come from is the business of who builds"},
		{`(?i)\b` + "hel" + `pers?\b`, "say what it does"},
	}
}

// saidInGo is what a Go text may say although phrases forbid it: the method of
// testing.TB.
func saidInGo(text string) string { return strings.ReplaceAll(text, ".Hel"+"per()", "") }

func TestNoTextHoldsWhatIsNotOfTheProject(t *testing.T) {
	patterns := map[*regexp.Regexp]string{}
	for _, p := range phrases() {
		patterns[regexp.MustCompile(p.pattern)] = p.why
	}
	for name, text := range texts(t) {
		if path.Ext(name) == ".go" {
			text = saidInGo(text)
		}
		if name == "internal/house/words_test.go" {
			text = strings.Replace(text, `"hel`+`per", `, "", 1) // the list of empty words
		}
		for re, why := range patterns {
			for _, at := range re.FindAllStringIndex(text, 3) {
				line := 1 + strings.Count(text[:at[0]], "\n")
				t.Errorf("%s:%d: %q: %s", name, line, text[at[0]:at[1]], why)
			}
		}
	}
}

func TestPhrasesAreFound(t *testing.T) {
	for _, text := range []string{"// TO" + "DO later", "see /wo" + "rk/main", "from https://proxy" + ".golang.org", "a small hel" + "per"} {
		found := false
		for _, p := range phrases() {
			found = found || regexp.MustCompile(p.pattern).MatchString(text)
		}
		if !found {
			t.Errorf("%q: no phrase matches", text)
		}
	}
}

func TestTextFilesEndInANewlineAndHoldNoCarriageReturn(t *testing.T) {
	for name, text := range texts(t) {
		if !strings.HasSuffix(text, "\n") {
			t.Errorf("%s does not end in a newline", name)
		}
		if strings.Contains(text, "\r") {
			t.Errorf("%s holds carriage returns: lines end in a line feed", name)
		}
	}
}
