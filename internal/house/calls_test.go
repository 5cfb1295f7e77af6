package house

import (
	"fmt"
	"go/ast"
	"go/token"
	"path"
	"slices"
	"strings"
	"testing"
)

func callRules() []rule {
	return []rule{{
		name: "only main ends the process", check: callsExit, as: "internal/cli/x.go",
		breach: "package cli\n\nimport \"os\"\n\nfunc f() { os.Exit(1) }\n",
	}, {
		name: "no init", check: initFunctions, as: "internal/cli/x.go",
		breach: "package cli\n\nfunc init() {}\n",
	}, {
		name: "pure code is told the time", check: readsClock, as: "internal/clock/x.go",
		breach: "package clock\n\nimport \"time\"\n\nfunc f() { _ = time.Now() }\n",
	}, {
		name: "a follower is told the time", check: readsClockOutsideLoops, as: "internal/tail/x.go",
		breach: "package tail\n\nimport \"time\"\n\nfunc f(t time.Time) { _ = time.Since(t) }\n",
	}, {
		name: "pure code starts nothing", check: startsGoroutine, as: "internal/clock/x.go",
		breach: "package clock\n\nfunc f() { go f() }\n",
	}, {
		name: "pure code has no channels", check: hasChannel, as: "internal/clock/x.go",
		breach: "package clock\n\nfunc f(lines chan []byte) {}\n",
	}, {
		name: "a context is passed not kept", check: keepsContext, as: "internal/cli/x.go",
		breach: "package cli\n\nimport \"context\"\n\ntype t struct{ ctx context.Context }\n",
	}, {
		name: "global variables are listed", check: unlistedGlobals, as: "internal/cli/x.go",
		breach: "package cli\n\nvar counter = 0\n\nvar _ = counter\n",
	}, {
		name: "no test sleeps", check: sleepsInTest, as: "internal/cli/x_test.go",
		breach: "package cli\n\nimport \"time\"\n\nfunc f() { time.Sleep(1) }\n",
	}, {
		name: "only the edges print", check: prints, as: "internal/gauge/x.go",
		breach: "package gauge\n\nimport \"fmt\"\n\nfunc f() { fmt.Println() }\n",
	}, {
		name: "slog is for the edges", check: logs, as: "internal/tail/x.go",
		breach: "package tail\n\nimport \"log/slog\"\n\nfunc f() { slog.Info(\"\") }\n",
	}}
}

// uses returns a complaint for every mention of one of the names in f, given
// as package.Name; a Name that ends in * stands for all that begin so.
func uses(f *goFile, why string, names ...string) []string {
	var wrong []string
	ast.Inspect(f.syntax, func(n ast.Node) bool {
		sel, ok := n.(*ast.SelectorExpr)
		if !ok {
			return true
		}
		pkg, ok := sel.X.(*ast.Ident)
		if !ok {
			return true
		}
		said := pkg.Name + "." + sel.Sel.Name
		for _, name := range names {
			stem, open := strings.CutSuffix(name, "*")
			if said == name || open && strings.HasPrefix(said, stem) {
				wrong = append(wrong, fmt.Sprintf("%s: %s: %s", f.at(sel), said, why))
			}
		}
		return true
	})
	return wrong
}

func callsExit(f *goFile) []string {
	if f.command() || f.test() {
		return nil
	}
	return uses(f, "return an error; run in internal/cli turns it into an exit code", "os.Exit", "log.Fatal*", "log.Panic*", "syscall.Exit")
}

func initFunctions(f *goFile) []string {
	var wrong []string
	for _, d := range f.syntax.Decls {
		if fn, ok := d.(*ast.FuncDecl); ok && fn.Recv == nil && fn.Name.Name == "init" {
			wrong = append(wrong, f.at(fn)+": func init: put what is to be known into an explicit table, or make it in a constructor")
		}
	}
	return wrong
}

func pureCode(f *goFile) bool { return !f.test() && layerOf(f.dir()) == pure }

func readsClock(f *goFile) []string {
	if !pureCode(f) {
		return nil
	}
	return uses(f, "pure code does not know what time it is: take it as an argument",
		"time.Now", "time.Since", "time.Until", "time.Sleep", "time.After", "time.AfterFunc", "time.Tick", "time.NewTimer", "time.NewTicker")
}

// readsClockOutsideLoops is for package tail, whose goroutines for pipes and for
// events wait; all else is a step of the owner's.
func readsClockOutsideLoops(f *goFile) []string {
	if f.test() || f.dir() != "internal/tail" || slices.Contains([]string{"stream.go", "waker.go", "settled.go"}, path.Base(f.path)) {
		return nil
	}
	return uses(f, "the owner of a follower says what time it is with each step: take it as an argument",
		"time.Now", "time.Since", "time.Until", "time.Sleep", "time.After", "time.AfterFunc", "time.Tick", "time.NewTimer", "time.NewTicker")
}

func startsGoroutine(f *goFile) []string {
	if !pureCode(f) {
		return nil
	}
	var wrong []string
	ast.Inspect(f.syntax, func(n ast.Node) bool {
		if g, ok := n.(*ast.GoStmt); ok {
			wrong = append(wrong, f.at(g)+": go: pure code runs in the goroutine of its caller; start one in monitor")
		}
		return true
	})
	return wrong
}

func hasChannel(f *goFile) []string {
	if !pureCode(f) {
		return nil
	}
	var wrong []string
	ast.Inspect(f.syntax, func(n ast.Node) bool {
		if c, ok := n.(*ast.ChanType); ok {
			wrong = append(wrong, f.at(c)+": a channel: pure code returns values. A send for each line costs ten times what the line does")
		}
		return true
	})
	return wrong
}

func keepsContext(f *goFile) []string {
	var wrong []string
	ast.Inspect(f.syntax, func(n ast.Node) bool {
		s, ok := n.(*ast.StructType)
		if !ok {
			return true
		}
		for _, field := range s.Fields.List {
			if sel, ok := field.Type.(*ast.SelectorExpr); ok && sel.Sel.Name == "Context" {
				if pkg, ok := sel.X.(*ast.Ident); ok && pkg.Name == "context" {
					wrong = append(wrong, f.at(field)+": a context in a struct outlives its call: pass it as the first argument of what blocks")
				}
			}
		}
		return true
	})
	return wrong
}

// listedGlobals are the package variables there may be, each with the reason
// why it is no constant. None is ever assigned after its declaration.
func listedGlobals() map[string]string {
	return map[string]string{
		"internal/accesslog.formats":      "the table of formats; Go has no constant slices",
		"internal/accesslog.columnNames":  "the table of column names; Go has no constant maps",
		"internal/accesslog.w3cNames":     "the table of field names; Go has no constant maps",
		"internal/accesslog.sevenColumns": "the columns of a CSV log without a header; Go has no constant slices",
		"internal/accesslog.jsonKeys":     "the tree of the keys of JSON logs; Go has no constant maps",
		"internal/accesslog.ltsvKeys":     "the tree of the labels of LTSV logs; Go has no constant maps",
		"internal/accesslog.byteClass":    "a table of 256 bytes, computed once where a call for each line would cost more than the parse",
		"internal/agent.known":            "the index of the rules, made once where making it for each agent would cost more than classifying it",
		"internal/escape.wide":            "a table of rune ranges; Go has no constant pointers",
		"internal/tail.newline":           "what files are searched for, as the slice that the search takes",
		"internal/traffic.keySeed":        "one seed for the process, so that tallies merge; it is random, so no constant",
		"internal/traffic.sizes":          "the size of each table; Go has no constant arrays",
	}
}

// globals calls yield for every package variable of f, "_" apart.
func globals(f *goFile, yield func(name *ast.Ident, value ast.Expr)) {
	for _, d := range f.syntax.Decls {
		g, ok := d.(*ast.GenDecl)
		if !ok || g.Tok != token.VAR {
			continue
		}
		for _, spec := range g.Specs {
			v := spec.(*ast.ValueSpec)
			for i, name := range v.Names {
				var value ast.Expr
				if i < len(v.Values) {
					value = v.Values[i]
				}
				if name.Name != "_" {
					yield(name, value)
				}
			}
		}
	}
}

// sentinel tells whether a package variable is an error to compare with.
func sentinel(name *ast.Ident, value ast.Expr) bool {
	call, ok := value.(*ast.CallExpr)
	if !ok || !strings.HasPrefix(strings.ToLower(name.Name), "err") {
		return false
	}
	sel, ok := call.Fun.(*ast.SelectorExpr)
	return ok && sel.Sel.Name == "New"
}

func unlistedGlobals(f *goFile) []string {
	if f.test() {
		return nil
	}
	var wrong []string
	globals(f, func(name *ast.Ident, value ast.Expr) {
		if _, ok := listedGlobals()[f.dir()+"."+name.Name]; !ok && !sentinel(name, value) {
			wrong = append(wrong, fmt.Sprintf("%s: the package variable %s: make it a constant, a field or the result of a function; a table that is never changed goes into listedGlobals with its reason", f.at(name), name.Name))
		}
	})
	return wrong
}

func TestListedGlobalsExistAndAreNeverAssigned(t *testing.T) {
	exists := map[string]bool{}
	files := goFiles(t)
	for _, f := range files {
		globals(f, func(name *ast.Ident, _ ast.Expr) { exists[f.dir()+"."+name.Name] = true })
	}
	for name := range listedGlobals() {
		if !exists[name] {
			t.Errorf("listedGlobals has %s, which is gone: take it out", name)
		}
	}
	for _, f := range files {
		for _, wrong := range assignsGlobal(f, func(name string) bool {
			_, ok := listedGlobals()[f.dir()+"."+name]
			return ok
		}) {
			t.Error(wrong)
		}
	}
}

// assignsGlobal finds assignments whose left side begins with one of the
// names, in functions that declare no variable of that name themselves.
func assignsGlobal(f *goFile, is func(string) bool) []string {
	var wrong []string
	for _, d := range f.syntax.Decls {
		fn, ok := d.(*ast.FuncDecl)
		if !ok || fn.Body == nil {
			continue
		}
		own := declared(fn)
		say := func(n ast.Node, e ast.Expr) {
			if name := rootName(e); is(name) && !slices.Contains(own, name) {
				wrong = append(wrong, fmt.Sprintf("%s: %s is changed: a package variable keeps its first value", f.at(n), name))
			}
		}
		ast.Inspect(fn, func(n ast.Node) bool {
			switch s := n.(type) {
			case *ast.AssignStmt:
				if s.Tok != token.DEFINE {
					for _, e := range s.Lhs {
						say(s, e)
					}
				}
			case *ast.IncDecStmt:
				say(s, s.X)
			case *ast.UnaryExpr:
				if s.Op == token.AND {
					say(s, s.X)
				}
			}
			return true
		})
	}
	return wrong
}

// declared returns the names that a function declares, results, parameters and
// receiver included.
func declared(fn *ast.FuncDecl) []string {
	var names []string
	ast.Inspect(fn, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.Field:
			for _, id := range n.Names {
				names = append(names, id.Name)
			}
		case *ast.ValueSpec:
			for _, id := range n.Names {
				names = append(names, id.Name)
			}
		case *ast.AssignStmt:
			if n.Tok == token.DEFINE {
				for _, e := range n.Lhs {
					names = append(names, rootName(e))
				}
			}
		}
		return true
	})
	return names
}

// rootName is the variable that an expression such as a.b[i] belongs to.
func rootName(e ast.Expr) string {
	for {
		switch x := e.(type) {
		case *ast.Ident:
			return x.Name
		case *ast.SelectorExpr:
			e = x.X
		case *ast.IndexExpr:
			e = x.X
		case *ast.StarExpr:
			e = x.X
		case *ast.ParenExpr:
			e = x.X
		default:
			return ""
		}
	}
}

func TestAnAssignedGlobalIsFound(t *testing.T) {
	f, err := parseGo("x.go", `package x

var table = map[string]int{}

func a() { table["a"] = 1 }
func b() { table = nil }
func c() { p := &table; _ = p }
func d() { table := 1; table++; _ = table }
func e(table []int) { table[0] = 1 }
func g() int { return table["a"] }
`)
	if err != nil {
		t.Fatal(err)
	}
	got := assignsGlobal(f, func(name string) bool { return name == "table" })
	if len(got) != 3 {
		t.Errorf("got %d assignments, want 3 (a, b, c): %q", len(got), got)
	}
}

func sleepsInTest(f *goFile) []string {
	if !f.test() {
		return nil
	}
	return uses(f, "a test that sleeps is slow, and still fails on a busy machine: step the thing, or test it under testing/synctest and wait there with a timer", "time.Sleep")
}

func prints(f *goFile) []string {
	if f.command() || f.test() || f.dir() == "internal/cli" || f.dir() == "bench/program" {
		return nil
	}
	return uses(f, "write to the io.Writer you were given; only cli knows the standard output", "fmt.Print*", "os.Stdout", "os.Stderr")
}

func logs(f *goFile) []string {
	if f.test() || layerOf(f.dir()) == edge {
		return nil
	}
	return uses(f, "return a Notice or an error; the edges decide how it is told", "slog.*")
}
