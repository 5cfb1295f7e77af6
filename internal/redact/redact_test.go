package redact

import (
	"bytes"
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"weir/internal/accesslog"
	"weir/internal/query"
)

func redactor(t testing.TB, patterns ...string) *Redactor {
	t.Helper()
	rules, _, err := Compile(patterns)
	if err != nil {
		t.Fatal(err)
	}
	return rules.Redactor()
}

func TestShortcutsTakeOutWhatTheySay(t *testing.T) {
	const (
		m   = Mark
		hex = "0123456789abcdef0123456789ABCDEF"
		jwt = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl_-x"
	)
	for _, c := range []struct{ rule, target, want string }{
		{"+emails", "/u?mail=bob.b+tag@mail.example.org&x=1", "/u?mail=" + m + "&x=1"},
		{"+emails", "/u?to%3Dbob%2Btag%40example.org%26x", "/u?to%3D" + m + "%26x"},
		{"+emails", "/u/bob@example.org,eva@example.org.", "/u/" + m + "," + m + "."},
		{"+emails", "/u/jos\xc3\xa9@b\xc3\xbccher.example", "/u/" + m},
		{"+emails", "/u/jos%C3%A9@x.xn--p1ai", "/u/" + m},
		{"+emails", "/@bob/lodash@4.17.21/logo@2x.png?x=a@b", "/@bob/lodash@4.17.21/logo@2x.png?x=a@b"},
		{"+emails", "/x@@a.org@@", "/x@@a.org@@"},
		{"+emails", "/%40%40%4", "/%40%40%4"},
		{"+emails", "/a@b.org@c.org", "/" + m + "@c.org"},

		{"+tokens", "/l?user=bob&password=p%40ss=&x=1", "/l?user=bob&password=" + m + "&x=1"},
		{"+tokens", "/l?access_token=a&apiKey=b&X-Amz-Signature=c&PHPSESSID=d&u[password]=e&u%5Bpwd%5D=f&token[]=g", "/l?access_token=" + m + "&apiKey=" + m + "&X-Amz-Signature=" + m + "&PHPSESSID=" + m + "&u[password]=" + m + "&u%5Bpwd%5D=" + m + "&token[]=" + m},
		{"+tokens", "/l?country_code=de&keyboard=1&bypass=1&author=x&=1&token=&sort=key", "/l?country_code=de&keyboard=1&bypass=1&author=x&=1&token=&sort=key"},
		{"+tokens", "/l;jsessionid=abc?code=1#token=2", "/l;jsessionid=" + m + "?code=" + m + "#token=" + m},
		{"+tokens", "/l?next=https%3A%2F%2Fx%3Ftoken%3Dabc%26y%3D1&z", "/l?next=https%3A%2F%2Fx%3Ftoken%3D" + m + "%26y%3D1&z"},
		{"+tokens", "/l?password=a;b?c d#e", "/l?password=" + m + "#e"},
		{"+tokens", "/j/" + jwt + "/x", "/j/" + m + "/x"},
		{"+tokens", "/j/eyJhbGciOiJub25lIn0.eyJzdWIiOiIxIn0.", "/j/" + m},
		{"+tokens", "/j/eyJh.x.y/keyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.x", "/j/eyJh.x.y/keyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.x"},
		{"+tokens", "/h/" + hex + "/" + hex + hex, "/h/" + m + "/" + m},
		{"+tokens", "/h/" + hex[1:] + "x/" + strings.Repeat("deadbee1", 8), "/h/" + hex[1:] + "x/" + m},
		{"+tokens", "/h/" + strings.Repeat("abcdefab", 8) + hex[1:2], "/h/" + m},
		{"+tokens", "/h/" + strings.Repeat("a", 64), "/h/" + strings.Repeat("a", 64)},

		{"+ids", "/users/42/orders/7?page=2/3", "/users/" + m + "/orders/" + m + "?page=2/3"},
		{"+ids", "/u/123e4567-e89b-12d3-A456-426614174000/x", "/u/" + m + "/x"},
		{"+ids", "/u/507f1f77bcf86cd799439011", "/u/" + m},
		{"+ids", "/v2/a1b2/2x/-/1-2/facade/deadbeef/123e4567-e89b-12d3-a456-42661417400", "/v2/a1b2/2x/-/1-2/facade/deadbeef/123e4567-e89b-12d3-a456-42661417400"},
		{"+ids", "//1//", "//" + m + "//"},
		{"+ids", "*", "*"},
	} {
		r := accesslog.Record{Target: []byte(c.target), Referrer: []byte(c.target)}
		redactor(t, c.rule).Record(&r)
		if string(r.Target) != c.want || string(r.Referrer) != c.want {
			t.Errorf("%s of %s\n got %s\n and %s\nwant %s", c.rule, c.target, r.Target, r.Referrer, c.want)
		}
	}
}

func TestEveryFieldThatAVisitorWritesIsLookedAt(t *testing.T) {
	const line = `10.0.0.1 - bob@example.org [10/Mar/2026:12:00:00 +0000] "GET /a?m=bob@example.org HTTP/1.1" 200 5 "http://x/?bob@example.org" "bot bob@example.org"`
	p := accesslog.NewForced(format(t, "combined"))
	var r accesslog.Record
	if out := p.Parse([]byte(line), &r); out.Kind != accesslog.Hit {
		t.Fatal(out)
	}
	r.Host = []byte("bob@example.org:80")
	redactor(t, "+emails").Record(&r)
	for name, c := range map[string]struct {
		got  []byte
		want string
	}{
		"target": {r.Target, "/a?m=[redacted]"}, "request": {r.Request, ""}, "referrer": {r.Referrer, "http://x/?[redacted]"},
		"user": {r.User, "[redacted]"}, "agent": {r.Agent, "bot [redacted]"}, "host": {r.Host, "[redacted]:80"},
		"method": {r.Method, "GET"}, "protocol": {r.Protocol, "HTTP/1.1"}, "client": {r.Client, "10.0.0.1"},
	} {
		if string(c.got) != c.want {
			t.Errorf("%s: got %q, want %q", name, c.got, c.want)
		}
	}
	// A field that is added to records is not forgotten.
	r = accesslog.Record{Malformed: true}
	fields := reflect.ValueOf(&r).Elem()
	for i := range fields.NumField() {
		if f := fields.Field(i); f.Kind() == reflect.Slice {
			f.SetBytes([]byte("bob@example.org"))
		}
	}
	redactor(t, "+emails").Record(&r)
	for i := range fields.NumField() {
		name, kept := fields.Type().Field(i).Name, "Client Method Protocol" // docs/privacy.md
		if f := fields.Field(i); f.Kind() == reflect.Slice && string(f.Bytes()) != Mark && !strings.Contains(kept, name) {
			t.Errorf("%s: got %q, want %q", name, f.Bytes(), Mark)
		}
	}
	r = accesslog.Record{Malformed: true, Request: []byte(`hello bob@example.org /users/7?token=x y`)}
	redactor(t, "+emails", "+ids", "+tokens").Record(&r)
	if want := "hello [redacted] /users/[redacted]?token=[redacted] y"; string(r.Request) != want {
		t.Errorf("a request that is no HTTP: got %q, want %q", r.Request, want)
	}
	r = accesslog.Record{Target: []byte("/a"), Request: []byte("GET /a HTTP/1.1")}
	redactor(t, "+emails").Record(&r)
	if r.Request == nil {
		t.Error("the request of a record in which nothing was found is gone")
	}
}

func format(t *testing.T, name string) accesslog.Format {
	t.Helper()
	f, ok := accesslog.Lookup(name)
	if !ok {
		t.Fatalf("no format %s", name)
	}
	return f
}

func TestTheOrderOfRulesDoesNotMatter(t *testing.T) {
	patterns := []string{"+emails", "+tokens", "+ids", "[a-z]+", "(?:user|code)=([^&]+)", `\d`, "redacted"}
	const target = "/users/4711/bob@example.org?code=abc&user=eva&v=1.5"
	want := "" // what is left are the characters between
	for i := range patterns {
		rotated := slices.Concat(patterns[i:], patterns[:i])
		r := accesslog.Record{Target: []byte(target)}
		redactor(t, rotated...).Record(&r)
		if want == "" {
			want = string(r.Target)
		}
		if string(r.Target) != want {
			t.Errorf("%q: got %s, want %s", rotated, r.Target, want)
		}
	}
	if m := Mark; want != "/"+m+"/"+m+"/"+m+"?"+m+"="+m+"&"+m+"="+m+"&"+m+"="+m+"."+m {
		t.Errorf("got %s: spans that touch are to be one mark", want)
	}
}

func TestWhatIsNoPatternIsAnError(t *testing.T) {
	for pattern, want := range map[string]string{
		"":              "the pattern is empty",
		"emails":        "write +emails for e-mail addresses, or (emails) for the word",
		"+email":        "no shortcut is called \"+email\" (+emails?): give one of +emails, +tokens, +ids",
		"+nothing":      "no shortcut is called \"+nothing\": give one of",
		"+":             "no shortcut is called \"+\"",
		"a(b":           "column 2: the regular expression is wrong: missing closing )",
		"id=[0-9":       "column 4: the regular expression is wrong: missing closing ]",
		"(x{900}){900}": "column 3: the regular expression is wrong",
	} {
		_, bad, err := Compile([]string{"fine", pattern})
		if err == nil || !strings.Contains(err.Error(), want) || bad != 1 {
			t.Errorf("%q: got %v of pattern %d, want %q of pattern 1", pattern, err, bad, want)
		}
	}
	if _, _, err := Compile(slices.Repeat([]string{"a"}, maxRules)); err != nil {
		t.Error(err)
	}
	if _, _, err := Compile(slices.Repeat([]string{"a"}, maxRules+1)); err == nil {
		t.Errorf("%d patterns are accepted", maxRules+1)
	}
	if _, bad, err := Compile(slices.Repeat([]string{"(a{1000})"}, 20)); err == nil || bad == 0 {
		t.Errorf("patterns that are too large together: got %v of %d", err, bad)
	}
	var e *query.Error
	if _, _, err := Compile([]string{"é("}); !errors.As(err, &e) || e.Column != 2 {
		t.Errorf("got %v, want the column 2", err)
	}
	for _, s := range Shortcuts() {
		if _, err := regexp.Compile("+" + s.Name); err == nil {
			t.Errorf("+%s is a regular expression too", s.Name)
		}
	}
}

// records are a usual one, and one in which there is much to find.
func records() (usual, telling accesslog.Record) {
	agent := []byte("Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/124.0.0.0 Safari/537.36")
	usual = accesslog.Record{Target: []byte("/search/wool?q=sand+and+coral&page=2"), Referrer: []byte("https://www.example.org/start?from=mail"), Host: []byte("www.example.org"), User: []byte("bela"), Agent: agent}
	telling = usual
	telling.Target = []byte("/users/4711/mails?to=bob@example.org&access_token=0123456789abcdef0123456789abcdef")
	telling.Referrer = []byte("https://www.example.org/orders/123e4567-e89b-12d3-a456-426614174000?to=bob%40example.org")
	return usual, telling
}

func TestRecordsAreRedactedWithoutAllocations(t *testing.T) {
	usual, telling := records()
	all := redactor(t, "+emails", "+tokens", "+ids", "card=([0-9]+)", "(?i)(?:session|visitor)-[0-9a-f]+", "to=([^&]+)", `[a-z]+\.org`)
	for name, r := range map[string]accesslog.Record{"usual": usual, "telling": telling} {
		if n := testing.AllocsPerRun(200, func() {
			c := r
			all.Record(&c)
		}); n != 0 {
			t.Errorf("%s: %v allocations a record, want none", name, n)
		}
	}
}

func BenchmarkRecord(b *testing.B) {
	usual, telling := records()
	for _, rules := range [][]string{{"+emails"}, {"+tokens"}, {"+ids"}, {"+emails", "+tokens", "+ids"}, {"to=([^&]+)"}, {"(?i)access_token=([^&]+)"}} {
		d := redactor(b, rules...)
		for name, r := range map[string]accesslog.Record{"usual": usual, "telling": telling} {
			b.Run(strings.Join(rules, "")+"/"+name, func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					c := r
					d.Record(&c)
				}
			})
		}
	}
	// What grows faster than the line would take minutes here.
	for _, text := range []string{"@", "a@", "%40", "a%40", "eyJ", "eyJ.", "-eyJ", "=", "%3D", "token=", "token%3D%26", "/", "1/", "abcdef01", "a@b.", "[", "%"} {
		d := redactor(b, "+emails", "+tokens", "+ids")
		long := bytes.Repeat([]byte(text), (1<<20)/len(text))
		b.Run("long/"+text, func(b *testing.B) {
			b.SetBytes(1 << 20)
			for b.Loop() {
				d.AppendLine(nil, long)
			}
		})
	}
}

// FuzzNothingIsInventedAndNothingFoundIsLeft: what is kept of a text is in it in
// the same order, and a simple expression finds no address in it any more.
func FuzzNothingIsInventedAndNothingFoundIsLeft(f *testing.F) {
	_, telling := records()
	for _, s := range []string{string(telling.Target), string(telling.Referrer), "@.%40", "a@b.cd@e.fg", "eyJaaaaa.eyJaaaaa.", "token%3D"} {
		f.Add(s)
	}
	email := regexp.MustCompile(`\b[a-z]+(?:@|%40)[a-wyz][a-z]+\.[a-z]{2,}(?:[ /&?]|$)`)
	number := regexp.MustCompile(`/[0-9]+(?:[/?# ]|$)`)
	f.Fuzz(func(t *testing.T, text string) {
		if strings.Contains(text, "[") {
			return // it might look like a mark
		}
		d := redactor(t, "+emails", "+tokens", "+ids")
		got := string(d.AppendLine([]byte("> "), []byte(text)))
		rest := text
		for i, kept := range strings.Split(strings.TrimPrefix(got, "> "), Mark) {
			at := strings.Index(rest, kept)
			if at < 0 || i == 0 && at > 0 {
				t.Fatalf("%q became %q", text, got)
			}
			rest = rest[at+len(kept):]
		}
		path, _, _ := strings.Cut(got, "?")
		if m := number.FindString(path); m != "" {
			t.Errorf("%q became %q, in which %q is left", text, got, m)
		}
		for _, m := range email.FindAllStringIndex(text, -1) {
			if strings.Contains(got, text[m[0]:m[1]]) {
				t.Errorf("%q became %q, in which %q is left", text, got, text[m[0]:m[1]])
			}
		}
		again := string(redactor(t, "+emails", "+tokens", "+ids").AppendLine([]byte("> "), []byte(text)))
		if again != got {
			t.Errorf("the same text gave %q, then %q", got, again)
		}
	})
}

func ExampleRules() {
	rules, _, err := Compile([]string{"token=([^&]+)", "+ids"})
	if err != nil {
		panic(err)
	}
	fmt.Println(string(rules.Redactor().AppendLine(nil, []byte("/users/42?token=abc&page=1"))))
	// Output: /users/[redacted]?token=[redacted]&page=1
}
