package house

import (
	"fmt"
	"go/ast"
	"regexp"
	"strings"
)

// Beyond these sizes a sentence with "because" or "since" says why.
const (
	maxFunction   = 90 // lines
	maxFile       = 700
	maxFields     = 20
	maxParameters = 5
)

func sizeRules() []rule {
	long := strings.Repeat("\t_ = 0\n", maxFunction)
	return []rule{{
		name: "functions are short", check: longFunctions, as: "internal/view/x.go",
		breach: "package view\n\n// f is fine because it says why.\nfunc f() {\n" + long + "}\n\n// g does much.\nfunc g() {\n" + long + "}\n",
	}, {
		name: "files are short", check: longFile, as: "internal/view/x.go",
		breach: "package view\n" + strings.Repeat("\n", maxFile),
	}, {
		name: "structs are small", check: wideStructs, as: "internal/view/x.go",
		breach: "package view\n\ntype t struct {\n" + strings.Repeat("\t_, _, _ int\n", maxFields/3+1) + "}\n",
	}, {
		name: "parameters are few", check: manyParameters, as: "internal/view/x.go",
		breach: "package view\n\nfunc f(a, b, c int, d, e, g string) {}\n\nfunc h(a, b, c, d, e int) {}\n",
	}}
}

// reasoned tells whether a comment gives a reason.
func reasoned(groups ...*ast.CommentGroup) bool {
	why := regexp.MustCompile(`(?i)\b(because|since)\b`)
	for _, g := range groups {
		if why.MatchString(g.Text()) {
			return true
		}
	}
	return false
}

// within returns the comments inside a node.
func within(f *goFile, n ast.Node) []*ast.CommentGroup {
	var in []*ast.CommentGroup
	for _, g := range f.syntax.Comments {
		if g.Pos() >= n.Pos() && g.End() <= n.End() {
			in = append(in, g)
		}
	}
	return in
}

func longFunctions(f *goFile) []string {
	var wrong []string
	for _, d := range f.syntax.Decls {
		fn, ok := d.(*ast.FuncDecl)
		if !ok || f.lines(fn) <= maxFunction || reasoned(append(within(f, fn), fn.Doc)...) {
			continue
		}
		wrong = append(wrong, fmt.Sprintf("%s: %s has %d lines: cut it where its subject changes, or say in its comment why it is one (\"because ...\")", f.at(fn), fn.Name.Name, f.lines(fn)))
	}
	return wrong
}

func longFile(f *goFile) []string {
	n := strings.Count(f.text, "\n")
	if n <= maxFile {
		return nil
	}
	for _, g := range f.syntax.Comments {
		if f.set.Position(g.Pos()).Line <= 30 && reasoned(g) {
			return nil
		}
	}
	return []string{fmt.Sprintf("%s has %d lines: one file has one subject; part it, or say at its head why it is one (\"because ...\")", f.path, n)}
}

func wideStructs(f *goFile) []string {
	var wrong []string
	for _, d := range f.syntax.Decls {
		g, ok := d.(*ast.GenDecl)
		if !ok {
			continue
		}
		for _, spec := range g.Specs {
			ts, ok := spec.(*ast.TypeSpec)
			if !ok {
				continue
			}
			s, ok := ts.Type.(*ast.StructType)
			if !ok || count(s.Fields) <= maxFields || reasoned(append(within(f, s), g.Doc, ts.Doc)...) {
				continue
			}
			wrong = append(wrong, fmt.Sprintf("%s: %s has %d fields: part it by who changes what, or say in its comment why it is one (\"because ...\")", f.at(ts), ts.Name.Name, count(s.Fields)))
		}
	}
	return wrong
}

func manyParameters(f *goFile) []string {
	var wrong []string
	for _, d := range f.syntax.Decls {
		fn, ok := d.(*ast.FuncDecl)
		if !ok || count(fn.Type.Params) <= maxParameters || reasoned(fn.Doc) {
			continue
		}
		wrong = append(wrong, fmt.Sprintf("%s: %s has %d parameters: make them an Options struct, or say in its comment why not (\"because ...\")", f.at(fn), fn.Name.Name, count(fn.Type.Params)))
	}
	return wrong
}

func count(l *ast.FieldList) int {
	n := 0
	for _, field := range l.List {
		n += max(1, len(field.Names))
	}
	return n
}
