package house

import (
	"fmt"
	"go/ast"
	"go/doc"
	"go/format"
	"regexp"
	"slices"
	"strings"
	"testing"
)

func commentRules() []rule {
	return []rule{{
		name: "exported names have comments", check: exportedNames, as: "internal/view/x.go",
		breach: "package view\n\n// Shown is fine.\nfunc Shown() {}\n\ntype Row struct{}\n\nfunc hidden() {}\n",
	}, {
		name: "comments of functions begin with their name", check: commentNames, as: "internal/view/x.go",
		breach: "package view\n\n// Returns nothing.\nfunc Shown() {}\n\n// Of is fine.\nfunc Of() {}\n",
	}, {
		name: "files are formatted", check: formatted, as: "internal/view/x.go",
		breach: "package view\n\nvar  a = 1\n",
	}}
}

// exportedNames checks that what others may use is explained. Methods that
// only implement a well-known interface must say so, as all others.
func exportedNames(f *goFile) []string {
	if f.test() || f.command() {
		return nil
	}
	var wrong []string
	say := func(n ast.Node, name string) {
		wrong = append(wrong, fmt.Sprintf("%s: %s is exported and has no comment: say what it is for, its units, who owns it, what its zero value is", f.at(n), name))
	}
	for _, d := range f.syntax.Decls {
		switch d := d.(type) {
		case *ast.FuncDecl:
			if exported(d) && d.Doc.Text() == "" {
				say(d, d.Name.Name)
			}
		case *ast.GenDecl:
			for _, spec := range d.Specs {
				switch s := spec.(type) {
				case *ast.TypeSpec:
					if s.Name.IsExported() && d.Doc.Text() == "" && s.Doc.Text() == "" {
						say(s, s.Name.Name)
					}
				case *ast.ValueSpec:
					if s.Names[0].IsExported() && d.Doc.Text() == "" && s.Doc.Text() == "" && s.Comment.Text() == "" {
						say(s, s.Names[0].Name)
					}
				}
			}
		}
	}
	return wrong
}

// exported tells whether a function, or a method of an exported type, is for
// others.
func exported(d *ast.FuncDecl) bool {
	if !d.Name.IsExported() {
		return false
	}
	if d.Recv == nil || len(d.Recv.List) == 0 {
		return true
	}
	typ := d.Recv.List[0].Type
	for {
		switch t := typ.(type) {
		case *ast.StarExpr:
			typ = t.X
		case *ast.IndexExpr:
			typ = t.X
		case *ast.Ident:
			return t.IsExported()
		default:
			return true
		}
	}
}

// commentNames checks the first word of the comments on exported functions:
// go doc shows them out of their place, where a bare "Returns" says nothing.
func commentNames(f *goFile) []string {
	if f.test() || f.command() {
		return nil
	}
	var wrong []string
	for _, d := range f.syntax.Decls {
		fn, ok := d.(*ast.FuncDecl)
		if !ok || !exported(fn) || fn.Doc.Text() == "" {
			continue
		}
		if first, _, _ := strings.Cut(fn.Doc.Text(), " "); strings.TrimSpace(first) != fn.Name.Name {
			wrong = append(wrong, fmt.Sprintf("%s: the comment begins with %q: let it begin with %q", f.at(fn), first, fn.Name.Name))
		}
	}
	return wrong
}

func formatted(f *goFile) []string {
	out, err := format.Source([]byte(f.text))
	if err != nil || string(out) == f.text {
		return nil
	}
	return []string{f.path + " is not formatted: run gofmt -w " + f.path}
}

func TestEveryPackageSaysInOneSentenceWhatItIsFor(t *testing.T) {
	comments := map[string][]string{} // by package: the files that have one
	for _, f := range goFiles(t) {
		if f.test() {
			continue
		}
		if _, ok := comments[f.dir()]; !ok {
			comments[f.dir()] = nil
		}
		text := f.syntax.Doc.Text()
		if text == "" {
			continue
		}
		comments[f.dir()] = append(comments[f.dir()], f.path)
		if wrong := packageComment(f.syntax.Name.Name, f.dir(), text); wrong != "" {
			t.Errorf("%s: %s", f.path, wrong)
		}
	}
	for dir, in := range comments {
		switch {
		case len(in) == 0:
			t.Errorf("%s has no package comment: write \"// Package x ...\" in its doc.go or main file", dir)
		case len(in) > 1:
			slices.Sort(in)
			t.Errorf("%s has package comments in %s: keep one", dir, strings.Join(in, ", "))
		}
	}
}

// packageComment says what is wrong with a package comment; "" when nothing
// is. A package whose purpose needs an "and" is two packages.
func packageComment(name, dir, text string) string {
	begin := "Package " + name + " "
	if name == "main" {
		begin = "Command " + dir[strings.LastIndexByte(dir, '/')+1:] + " "
	}
	if !strings.HasPrefix(text, begin) {
		return fmt.Sprintf("the package comment does not begin with %q", begin)
	}
	first := new(doc.Package).Synopsis(text)
	if !strings.HasSuffix(first, ".") {
		return fmt.Sprintf("the first sentence of the package comment has no end: %q", first)
	}
	if regexp.MustCompile(`(?i)\band\b`).MatchString(first) {
		return fmt.Sprintf("the first sentence of the package comment says \"and\": %q. Say the one thing the package is for; if there are two, make two packages", first)
	}
	return ""
}

func TestThePackageCommentRuleCanSayNo(t *testing.T) {
	for text, fine := range map[string]bool{
		"Package view holds what is shown.\nAnd more.\n": true,
		"Package view holds the sand.\n":                 true,
		"Package view reads and writes.\n":               false,
		"View holds what is shown.\n":                    false,
		"Package view\n":                                 false,
	} {
		if wrong := packageComment("view", "internal/view", text); (wrong == "") != fine {
			t.Errorf("%q: got %q, want fine = %t", text, wrong, fine)
		}
	}
}
