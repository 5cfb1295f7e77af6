package cli

import (
	"bufio"
	"bytes"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"weir/internal/escape"
)

var update = flag.Bool("update", false, "rewrite the expected files inside the scripts")

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"weir": func() { os.Exit(Main(os.Args[1:])) }})
}

// patience is how long a script waits for what a process is to do.
const patience = 30 * time.Second

// TestScripts runs whole commands: a script in testdata/script for each
// situation. Beyond the commands of testscript they use
//
//	exits CODE weir ARGS...     run, and end with exactly that code
//	start [-OPTION]... ARGS...  start weir beside the script: standard output to
//	                            the file out, standard error to err; -in FILE is
//	                            its standard input, with -blocked nobody reads
//	                            its output, with -nobody it has no rights, with -files N
//	                            it may have N files open
//	awaits FILE REGEXP          wait until the file matches
//	signal NAME                 send INT, TERM, HUP or KILL
//	interrupts                  send INT again and again until it ends
//	ends CODE                   wait for its end
//	logs FILE N [TARGET]        append N requests of this moment
//	sends ADDR FILE [HEAD]      send the lines of a file to a --syslog ADDR, each
//	                            behind HEAD; port 0 is the one that out tells of
//	appends FILE SOURCE         append the content of a file
//	staircase FILE              the CSV of the golden alert series
//	clean [-color] FILE...      nothing in the files could steer a terminal
//	database NAME FILE          write a database of places: places or networks
//	keeps HOME LOG...           put a history of simulated traffic into HOME, as that of the
//	                            logs; -where=EXPR and -ignore=EXPR among them stand for the flags
//	fires HOME LOG N            commit an alert to it, N seconds after its end
//	holds HOME LOG...           lock it, as a weir that writes it does
//	damages HOME LOG...         overwrite a part of it
//	address NAME FILE           the variable NAME becomes the URL that a time server listens on,
//	                            without the slash at its end, out of its messages
//	gets CODE URL [METHOD]      ask for a page, and be answered with exactly that code
//	serves NAME DIR             serve the files of a folder; the variable NAME becomes the URL
//	counts TRUTH FIGURES        compare the truth of a log with a report, or the summary of a followed log
//
// $BOOK is the folder of the alert scripts of package incident.
//
//	unquoted FILE               replace Go escapes, such as \x1b, by their bytes
//
// Under -short, as the race detector is run, only scripts that start a weir beside
// themselves are: what runs once and ends has its goroutines in packages with tests
// of their own.
func TestScripts(t *testing.T) {
	book, err := filepath.Abs("../incident/testdata")
	if err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Files: scriptFiles(t), UpdateScripts: *update, RequireUniqueNames: true,
		Setup: func(e *testscript.Env) error {
			e.Setenv("TZ", "UTC")
			e.Setenv("LANG", "C.UTF-8")
			e.Setenv("WEIR_STATE", "none") // but where a script is about the history
			e.Setenv("BOOK", book)
			e.Setenv("GORACE", "atexit_sleep_ms=10 "+e.Getenv("GORACE")) // not a second for each command
			e.Values[process{}] = &process{}
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits": exits, "start": start, "awaits": awaits, "signal": signals, "interrupts": interrupts, "ends": ends, "sends": sends,
			"logs": logs, "appends": appends, "staircase": staircase, "unquoted": unquoted, "clean": clean, "database": database,
			"keeps": keeps, "fires": fires, "holds": holds, "damages": damages, "address": address, "gets": gets, "serves": serves,
			"counts": counts,
		},
	})
}

// scriptFiles are those of the scripts to be run.
func scriptFiles(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob("testdata/script/*.txtar")
	if err != nil || len(files) < 60 {
		t.Fatalf("there are %d scripts, %v: want those of testdata/script", len(files), err)
	}
	if !testing.Short() {
		return files
	}
	starts := regexp.MustCompile(`(?m)^(\[[^\]]*\] )*start `)
	return slices.DeleteFunc(files, func(name string) bool {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		return !starts.Match(text)
	})
}

// TestTheProgramsOfTheScriptsAreHere says aloud which parts of scripts are left
// out. On the machine that checks, none may be.
func TestTheProgramsOfTheScriptsAreHere(t *testing.T) {
	for _, name := range []string{"sh", "bash", "mkfifo", "script"} {
		if _, err := exec.LookPath(name); err == nil {
			continue
		}
		if os.Getenv("CI") != "" {
			t.Errorf("%s is missing (Debian: bash, coreutils, bsdutils): the scripts that need it would be left out", name)
		} else {
			t.Logf("%s is missing: the scripts that need it are left out", name)
		}
	}
}

// process is the one started beside a script.
type process struct {
	cmd    *exec.Cmd
	gone   chan struct{}
	unread *os.File
}

func of(ts *testscript.TestScript) *process { return ts.Value(process{}).(*process) }

func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE program [args...]")
	}
	err := ts.Exec(args[1], args[2:]...)
	code := 0
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
		code = exit.ExitCode()
	} else {
		ts.Check(err)
	}
	if want := number(ts, args[0]); code != want {
		ts.Fatalf("exit code: got %d, want %d", code, want)
	}
}

func start(ts *testscript.TestScript, _ bool, args []string) {
	p := of(ts)
	create := func(name string) *os.File {
		f, err := os.Create(ts.MkAbs(name))
		ts.Check(err)
		return f
	}
	cmd := exec.Command(weirOnPath(ts))
	cmd.Dir, cmd.Env = ts.MkAbs("."), []string{"PATH=" + ts.Getenv("PATH"), "TZ=UTC", "TMPDIR=" + ts.Getenv("TMPDIR"), "WEIR_STATE=none"}
	out, errs := create("out"), create("err")
	cmd.Stdout, cmd.Stderr = out, errs
	closers := []*os.File{out, errs}
	name := []string{"weir"}
	for len(args) > 0 && slices.Contains([]string{"-in", "-blocked", "-nobody", "-files"}, args[0]) {
		switch args[0] {
		case "-in":
			// Read and write: a named pipe then opens at once and has no end.
			in, err := os.OpenFile(ts.MkAbs(args[1]), os.O_RDWR, 0)
			ts.Check(err)
			cmd.Stdin, args = in, args[1:]
			closers = append(closers, in)
		case "-blocked":
			r, w, err := os.Pipe()
			ts.Check(err)
			cmd.Stdout, p.unread = w, r
			closers = append(closers, w)
		case "-nobody":
			withoutRights(ts, cmd)
		case "-files":
			sh, err := exec.LookPath("sh")
			ts.Check(err)
			name = []string{"sh", "-c", `ulimit -n "$1" && shift && exec "$0" "$@"`, cmd.Path, args[1]}
			cmd.Path, args = sh, args[1:]
		}
		args = args[1:]
	}
	cmd.Args = append(name, args...)
	ts.Check(cmd.Start())
	for _, f := range closers {
		f.Close()
	}
	p.cmd, p.gone = cmd, make(chan struct{})
	go func() {
		defer close(p.gone)
		_ = cmd.Wait() // its code is read off the ProcessState
	}()
	ts.Defer(func() {
		_ = cmd.Process.Kill() // it is gone already, or is to be
		<-p.gone
		if p.unread != nil {
			p.unread.Close()
		}
	})
}

func weirOnPath(ts *testscript.TestScript) string {
	for _, dir := range filepath.SplitList(ts.Getenv("PATH")) {
		if file := filepath.Join(dir, "weir"); exec.Command(file).Err == nil {
			if _, err := os.Stat(file); err == nil {
				return file
			}
		}
	}
	ts.Fatalf("weir is not on the path")
	return ""
}

func awaits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: awaits FILE REGEXP")
	}
	re, err := regexp.Compile("(?m)" + args[1])
	ts.Check(err)
	again := time.NewTicker(5 * time.Millisecond)
	defer again.Stop()
	deadline := time.After(patience)
	for {
		text, err := os.ReadFile(ts.MkAbs(args[0]))
		if err == nil && re.Match(text) {
			return
		}
		select {
		case <-again.C:
		case <-deadline:
			errs, _ := os.ReadFile(ts.MkAbs("err"))
			ts.Fatalf("%s does not match %q within %v (%v):\n%s\nstandard error:\n%s", args[0], args[1], patience, err, text, errs)
		}
	}
}

func signals(ts *testscript.TestScript, _ bool, args []string) {
	sig, ok := map[string]syscall.Signal{"INT": syscall.SIGINT, "TERM": syscall.SIGTERM, "HUP": syscall.SIGHUP, "KILL": syscall.SIGKILL}[args[0]]
	if !ok {
		ts.Fatalf("no such signal: %s", args[0])
	}
	ts.Check(of(ts).cmd.Process.Signal(sig))
}

func interrupts(ts *testscript.TestScript, _ bool, _ []string) {
	p := of(ts)
	if p.unread != nil {
		// Before it writes it may not be there yet to take a signal.
		_, err := p.unread.Read(make([]byte, 1))
		ts.Check(err)
	}
	again := time.NewTicker(50 * time.Millisecond)
	defer again.Stop()
	deadline := time.After(patience)
	for {
		select {
		case <-p.gone:
			return
		case <-again.C:
			_ = p.cmd.Process.Signal(os.Interrupt) // it may have ended meanwhile
		case <-deadline:
			ts.Fatalf("it goes on for %v, however often it is interrupted", patience)
		}
	}
}

func ends(ts *testscript.TestScript, _ bool, args []string) {
	p := of(ts)
	select {
	case <-p.gone:
	case <-time.After(patience):
		ts.Fatalf("it has not ended within %v", patience)
	}
	if got, want := p.cmd.ProcessState.ExitCode(), number(ts, args[0]); got != want {
		errs, _ := os.ReadFile(ts.MkAbs("err"))
		ts.Fatalf("exit code: got %d (%v), want %d; standard error:\n%s", got, p.cmd.ProcessState, want, errs)
	}
}

func logs(ts *testscript.TestScript, _ bool, args []string) {
	target := "/api/x"
	if len(args) > 2 {
		target = args[2]
	}
	stamp := time.Now().UTC().Format("02/Jan/2006:15:04:05 -0700")
	appendTo(ts, args[0], bytes.Repeat(fmt.Appendf(nil, "192.0.2.7 - - [%s] \"GET %s HTTP/1.1\" 200 100\n", stamp, target), number(ts, args[1])))
}

func sends(ts *testscript.TestScript, _ bool, args []string) {
	network, at, _ := strings.Cut(args[0], "://")
	if strings.HasSuffix(at, ":0") {
		text := ts.ReadFile("out") + ts.ReadFile("err")
		m := regexp.MustCompile(regexp.QuoteMeta(args[0]) + `: listening on (\S+)`).FindStringSubmatch(text)
		if m == nil {
			ts.Fatalf("nobody listens on %s:\n%s", args[0], text)
		}
		at = m[1]
	}
	head := ""
	if len(args) > 2 {
		head = args[2]
	}
	conn, err := net.Dial(map[string]string{"udp": "udp", "tcp": "tcp", "unix": "unixgram", "unix-stream": "unix"}[network], at)
	ts.Check(err)
	for line := range strings.Lines(ts.ReadFile(args[1])) {
		_, err := conn.Write([]byte(head + line))
		ts.Check(err)
	}
	ts.Check(conn.Close())
}

func appends(ts *testscript.TestScript, _ bool, args []string) {
	appendTo(ts, args[0], []byte(ts.ReadFile(args[1])))
}

func appendTo(ts *testscript.TestScript, name string, b []byte) {
	f, err := os.OpenFile(ts.MkAbs(name), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	ts.Check(err)
	_, err = f.Write(b)
	ts.Check(errors.Join(err, f.Close()))
}

// staircase writes the log whose counts per second stand in the golden alert
// script, each line up to 2 s after its time.
func staircase(ts *testscript.TestScript, _ bool, args []string) {
	golden, err := os.ReadFile(filepath.Join(home, "../incident/testdata/golden-10.alert"))
	ts.Check(err)
	type row struct {
		written int64
		text    string
	}
	var rows []row
	r := rand.New(rand.NewPCG(1, 1))
	var at time.Time
	for sc := bufio.NewScanner(bytes.NewReader(golden)); sc.Scan(); {
		if s, ok := strings.CutPrefix(sc.Text(), "start "); ok {
			at, err = time.Parse(time.RFC3339, s)
			ts.Check(err)
		}
		text, _, _ := strings.Cut(sc.Text(), "#")
		counts, ok := strings.CutPrefix(text, "counts late 2s ")
		if !ok {
			continue
		}
		for c := range strings.FieldsSeq(counts) {
			for range number(ts, c) {
				text := fmt.Sprintf("\"192.0.2.1\",\"-\",\"apache\",%d,\"GET /api/user HTTP/1.0\",200,1234\n", at.Unix())
				rows = append(rows, row{at.Unix() + r.Int64N(3), text})
			}
			at = at.Add(time.Second)
		}
	}
	r.Shuffle(len(rows), func(i, j int) { rows[i], rows[j] = rows[j], rows[i] })
	slices.SortStableFunc(rows, func(a, b row) int { return int(a.written - b.written) })
	b := []byte("\"remotehost\",\"rfc931\",\"authuser\",\"date\",\"request\",\"status\",\"bytes\"\n")
	for _, r := range rows {
		b = append(b, r.text...)
	}
	appendTo(ts, args[0], b)
}

// database writes one of the databases that the test of package geo makes.
func database(ts *testscript.TestScript, _ bool, args []string) {
	b, err := os.ReadFile(filepath.Join(home, "../geo/testdata", args[0]+".mmdb"))
	ts.Check(err)
	appendTo(ts, args[1], b)
}

// home is the folder of this package; scripts run elsewhere.
var home = func() string { dir, _ := os.Getwd(); return dir }()

func unquoted(ts *testscript.TestScript, _ bool, args []string) {
	var b strings.Builder
	for line := range strings.Lines(ts.ReadFile(args[0])) {
		s, err := unescape(strings.TrimSuffix(line, "\n"))
		ts.Check(err)
		b.WriteString(s + "\n")
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(b.String()), 0o644))
}

// clean fails unless the files are lines that the gate for strings of a log
// lets through as they are; with -color sequences for colours may stand there.
func clean(ts *testscript.TestScript, _ bool, args []string) {
	colors := regexp.MustCompile("\x1b\\[[0-9;]*m")
	for _, name := range args {
		if name == "-color" {
			continue
		}
		text := ts.ReadFile(name)
		if args[0] == "-color" {
			text = colors.ReplaceAllString(text, "")
		}
		if text == "" {
			ts.Fatalf("%s is empty", name)
		}
		for line := range strings.Lines(text) {
			line = strings.TrimSuffix(line, "\n")
			if want := escape.Terminal([]byte(line)); line != want {
				ts.Fatalf("%s: got %q, want nothing that is not %q", name, line, want)
			}
		}
	}
}

// unescape reads the escapes of Go in s, in which quotes stand for themselves.
func unescape(s string) (string, error) {
	var b []byte
	for s != "" {
		r, multibyte, rest, err := strconv.UnquoteChar(s, 0)
		if err != nil {
			return "", err
		}
		if r < 0x80 || !multibyte {
			b = append(b, byte(r))
		} else {
			b = append(b, string(r)...)
		}
		s = rest
	}
	return string(b), nil
}

func address(ts *testscript.TestScript, _ bool, args []string) {
	m := regexp.MustCompile(`listening on (http://\S+)/`).FindStringSubmatch(ts.ReadFile(args[1]))
	if m == nil {
		ts.Fatalf("%s does not say where it listens", args[1])
	}
	ts.Setenv(args[0], m[1])
}

func gets(ts *testscript.TestScript, _ bool, args []string) {
	method := http.MethodGet
	if len(args) > 2 {
		method = args[2]
	}
	req, err := http.NewRequest(method, args[1], nil)
	ts.Check(err)
	req.Close = true
	resp, err := http.DefaultClient.Do(req)
	ts.Check(err)
	ts.Check(resp.Body.Close())
	if want := number(ts, args[0]); resp.StatusCode != want {
		ts.Fatalf("%s %s: got %s, want %d", method, args[1], resp.Status, want)
	}
}

func serves(ts *testscript.TestScript, _ bool, args []string) {
	server := httptest.NewServer(http.FileServer(http.Dir(ts.MkAbs(args[1]))))
	ts.Defer(server.Close)
	ts.Setenv(args[0], server.URL)
}

func number(ts *testscript.TestScript, s string) int {
	n, err := strconv.Atoi(s)
	ts.Check(err)
	return n
}
