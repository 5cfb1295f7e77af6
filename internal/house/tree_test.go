package house

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing"
)

// root is where the tree begins, seen from this package.
const root = "../.."

// goFile is one parsed source file.
type goFile struct {
	path   string // from the root, with slashes
	text   string
	syntax *ast.File
	set    *token.FileSet
}

// dir is the package the file belongs to, from the root.
func (f *goFile) dir() string { return path.Dir(f.path) }

func (f *goFile) test() bool { return strings.HasSuffix(f.path, "_test.go") }

// command tells whether the file belongs to a main package: weir, or a program
// that measures it.
func (f *goFile) command() bool { return f.syntax.Name.Name == "main" }

// at is where a node stands, as file:line.
func (f *goFile) at(n ast.Node) string {
	return fmt.Sprintf("%s:%d", f.path, f.set.Position(n.Pos()).Line)
}

// lines is how many lines a node has.
func (f *goFile) lines(n ast.Node) int {
	return f.set.Position(n.End()).Line - f.set.Position(n.Pos()).Line + 1
}

func parseGo(name, text string) (*goFile, error) {
	f := &goFile{path: name, text: text, set: token.NewFileSet()}
	var err error
	f.syntax, err = parser.ParseFile(f.set, name, text, parser.ParseComments|parser.SkipObjectResolution)
	return f, err
}

// goFiles returns every source file of the tree.
func goFiles(t *testing.T) []*goFile {
	t.Helper()
	var files []*goFile
	for name, text := range texts(t) {
		if path.Ext(name) != ".go" {
			continue
		}
		f, err := parseGo(name, text)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, f)
	}
	if len(files) < 50 {
		t.Fatalf("%d Go files found under %s: the tree is not where it was", len(files), root)
	}
	return files
}

// texts returns every text file that belongs to the project, by its path from
// the root. What .gitignore names is not part of it, nor are recorded inputs
// and outputs in testdata, which may hold anything.
func texts(t *testing.T) map[string]string {
	t.Helper()
	files := map[string]string{}
	err := filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, name)
		if err != nil {
			return err
		}
		rel = filepath.ToSlash(rel)
		if d.IsDir() {
			switch rel {
			case ".git", "dist", ".tools":
				return fs.SkipDir
			}
			if d.Name() == "testdata" {
				return fs.SkipDir
			}
			return nil
		}
		switch ext := path.Ext(rel); {
		case !d.Type().IsRegular(), rel == "weir", rel == "go.sum", rel == "LICENSE",
			ext == ".test", ext == ".prof", ext == ".out", ext == ".exe":
			return nil
		}
		text, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		files[rel] = string(text)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// document reads one file of the project.
func document(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(name)))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// A rule is one sentence of the house about a source file.
type rule struct {
	name   string
	check  func(*goFile) []string // what is wrong, each with its place
	as     string                 // the path under which breach is tried
	breach string                 // a file that breaks the rule
}

func rules() []rule {
	return append(callRules(), append(sizeRules(), commentRules()...)...)
}

func TestTheHouseRulesAreKept(t *testing.T) {
	files := goFiles(t)
	for _, r := range rules() {
		t.Run(strings.ReplaceAll(r.name, " ", "-"), func(t *testing.T) {
			for _, f := range files {
				for _, wrong := range r.check(f) {
					t.Error(wrong)
				}
			}
		})
	}
}

func TestEveryRuleFindsItsBreach(t *testing.T) {
	for _, r := range rules() {
		f, err := parseGo(r.as, r.breach)
		if err != nil {
			t.Errorf("%s: the breach does not parse: %v", r.name, err)
			continue
		}
		if got := r.check(f); len(got) != 1 {
			t.Errorf("%s: got %d complaints about its breach, want 1: %q", r.name, len(got), got)
		}
	}
}
