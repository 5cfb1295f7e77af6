package query

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"
)

// TestAnErrorSaysWhereItIsAndWhatToWrite is the golden table of messages.
func TestAnErrorSaysWhereItIsAndWhatToWrite(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"", `column 1: the expression is empty: write a condition such as status >= 500`},
		{"  ", `column 1: the expression is empty: write a condition such as status >= 500`},
		{"statsu >= 500", `column 1: no field is named "statsu": did you mean status?`},
		{"bot or usr-agent = x", `column 8: no field is named "usr-agent": did you mean agent?`},
		{"user = 'äöü' and metod = GET", `column 18: no field is named "metod": did you mean method?`},
		{"xyzzyx = 1", `column 1: no field is named "xyzzyx": the fields are client, forwarded, user, host, method, target, path, query, section, protocol, status, class, bytes, latency, referrer, site, agent, time, hour, weekday, malformed, bot, browser, system, device, country, city, asn`},
		{"status", `column 7: an operator is missing after status: it takes = != < <= > >= in`},
		{"(path)", `column 6: an operator is missing after path: it takes = != in ~ ~* contains startswith endswith like exists`},
		{"status matches 5", `column 8: "matches" is no operator: status takes = != < <= > >= in`},
		{"path is /a", `column 6: "is" is no operator: path takes = != in ~ ~* contains startswith endswith like exists`},
		{"status >= ", `column 11: a value is missing after >=`},
		{"status >= and bot", `column 11: a value is missing after >=: quote it if it is "and"`},
		{"status >= = 5", `column 11: a value is missing after >=: quote it if it begins with "="`},
		{"(status = )", `column 11: a value is missing after =`},
		{"status = 404 and", `column 17: a condition is missing at the end: write a field, an operator and a value`},
		{"and status = 404", `column 1: a condition is missing before "and"`},
		{"bot or or bot", `column 8: a condition is missing before "or"`},
		{"bot and ()", `column 10: a condition is expected here, not ")": it begins with a field such as status or path`},
		{">= 500", `column 1: a field is missing before ">=": write one such as status or path`},
		{"500 <= status", `column 1: a condition is expected here, not "500": it begins with a field such as status or path`},
		{"status = 404 path = /", `column 14: "and" or "or" is missing before "path": join conditions with them, and quote text that has spaces or parentheses`},
		{"time > 2026-03-10 14:00", `column 19: "and" or "or" is missing before "14:00": join conditions with them, and quote text that has spaces or parentheses`},
		{"(bot malformed)", `column 6: "and" or "or" is missing before "malformed": join conditions with them`},
		{"bot Googlebot", `column 5: "googlebot" is no operator: bot takes = != in ~ ~* contains startswith endswith like exists`},
		{"user not = ada", `column 6: "not" is no operator: user takes = != in ~ ~* contains startswith endswith like exists`},
		{"(status = 404 malformed)", `column 15: "and", "or" or ) is missing before "malformed)": join conditions with them, and quote text that has spaces or parentheses`},
		{"bot)", `column 4: this ) has no ( before it`},
		{"bot and (malformed", `column 9: this ( is not closed: add a )`},
		{"status = 404, 500", `column 10: "404," is no status: write a number from 100 to 999 or a class such as 5xx`},
		{"bot, malformed", `column 4: a comma stands only in a list: write status in (404, 5xx)`},
		{"user = \"ada", `column 8: this quote is not closed: add a " (within quotes, " is written twice)`},
		{"user = 'a'' and bot", `column 8: this quote is not closed: add a ' (within quotes, ' is written twice)`},
		{"user = “ada”", `column 8: this quote is a typographic one: write " or '`},
		{"path ~ ^/(a|b)", `column 8: quote this value, because "(" in it is read as something else`},
		{`user = it's`, `column 8: quote this value, because "'" in it is read as something else`},
		{"status in ()", `column 11: the list is empty: write in (a, b)`},
		{"status in (404", `column 11: this ( is not closed: add a )`},
		{"status in (404,", `column 16: a value is missing after in`},
		{"status in (404 500)", `column 16: a comma is missing before "500)": write in (a, b)`},
		{"client in 10.0.0.0/8, ::1", `column 21: a list stands in parentheses: write in (a, b)`},
		{"status = abc", `column 10: "abc" is no status: write a number from 100 to 999 or a class such as 5xx`},
		{"status >= 50", `column 11: "50" is no status: write a number from 100 to 999 or a class such as 5xx`},
		{"class = 404", `column 9: "404" is no class of statuses: write one such as 5xx`},
		{"hour = 24", `column 8: "24" is no hour: write a number from 0 to 23`},
		{"weekday = t", `column 11: "t" is no day of the week: write mon, tue, wed, thu, fri, sat or sun`},
		{"bytes > 10 kB", `column 12: "and" or "or" is missing before "kB": join conditions with them, and quote text that has spaces or parentheses`},
		{"bytes > 10qB", `column 9: "10qB" is no size: write bytes, or a number with kB, MB, GB, KiB, MiB, GiB`},
		{"bytes > 99999999999999999999", `column 9: "99999999999999999999" is no size: write bytes, or a number with kB, MB, GB, KiB, MiB, GiB`},
		{"bytes > 16EiB", `column 9: "16EiB" is no size: write bytes, or a number with kB, MB, GB, KiB, MiB, GiB`},
		{"bytes = ''", `column 9: every request has bytes: compare it with a value`},
		{"latency > 250", `column 11: "250" has no unit: write 250ms or 250s`},
		{"latency > soon", `column 11: "soon" is no duration: write 250ms, 1.5s or 2m`},
		{"time > soon", `column 8: time "soon": it is in no known form: write it as 2026-03-10 14:05, 14:05, 10/Mar/2026:14:05:00 +0000, @1773151500, "2h ago", now, today or yesterday`},
		{"time in (now, today)", `column 6: time cannot be compared with in: it takes = != < <= > >=`},
		{"time exists", `column 1: every request has time: compare it with a value`},
		{"client in 10.0.0.0/33", `column 11: "10.0.0.0/33" is no network: write one such as 10.0.0.0/8 or 2001:db8::/32`},
		{"client in (::1, 10.0.0.300)", `column 17: "10.0.0.300" is no address: write one such as 10.0.0.1 or 2001:db8::1, or a network such as 10.0.0.0/8`},
		{"client = fe80::1%eth0", `column 10: "fe80::1%eth0" has a zone, which is not compared: write the address without %eth0`},
		{"path ~ '^/(a'", `column 8: the regular expression is wrong: missing closing ): "^/(a"`},
		{"path ~ *.php", `column 8: the regular expression is wrong: missing argument to repetition operator: "*"`},
		{`path ~ "(a{100}){100}"`, `column 8: the regular expression is wrong: invalid repeat count: "{100}"`},
		{`path ~ "(a{30}b{30}){30}" or path ~ "([ab]{200}[cd]{200}){5}" or path ~ "([ab]{200}[cd]{200}){5}" or path ~ "([ab]{400}){2}([cd]{900}[ef]{900}x{900})"`, `column 73: the regular expressions are too large together: use smaller counts such as {1,9}, or a list with in`},
		{"malformed > 3", `column 11: malformed is yes or no: write malformed or not malformed`},
		{"malformed = 3", `column 13: malformed is yes or no, not "3": write malformed or not malformed`},
		{"bot > 3", `column 5: bot cannot be compared with >: it takes = != in ~ ~* contains startswith endswith like exists`},
		{"bot in (yes, Googlebot)", `column 9: "yes" in a list of names: write bot or not bot`},
		{"path > /a", `column 6: path cannot be compared with >: it takes = != in ~ ~* contains startswith endswith like exists`},
		{"status ~ ^5", `column 8: status cannot be compared with ~: it takes = != < <= > >= in`},
		{strings.Repeat("(", 1001) + "bot", `column 1001: parentheses are nested more than 1000 deep: write the expression flatter`},
		{strings.Repeat("x", 65537), `column 1: the expression is longer than 64 KiB: shorten it`},
		{"user = " + strings.Repeat("x", 60) + "'", `column 8: quote this value, because "'" in it is read as something else`},
		{strings.Repeat("x", 60) + " = 1", `column 1: no field is named "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"...: the fields are client, forwarded, user, host, method, target, path, query, section, protocol, status, class, bytes, latency, referrer, site, agent, time, hour, weekday, malformed, bot, browser, system, device, country, city, asn`},
	} {
		q, err := Compile(c.text, testOptions(t))
		if err == nil || err.Error() != c.want {
			t.Errorf("%.200s\n got  %v %v\n want %s", c.text, q, err, c.want)
			continue
		}
		var e *Error
		if !errors.As(err, &e) || e.Column < 1 || e.Column > utf8.RuneCountInString(c.text)+1 {
			t.Errorf("%s: %#v is no *Error with a column of the text", c.text, err)
		}
		if strings.Contains(c.want, "did you mean") != (e.Near != "") {
			t.Errorf("%s: near %q", c.text, e.Near)
		}
	}
}

func TestWithoutAClassifierItsFieldsAreErrors(t *testing.T) {
	for _, f := range []string{"bot", "browser", "system", "device"} {
		o := testOptions(t)
		o.Agent = nil
		_, err := Compile("status=200 and "+f+" = x", o)
		want := "column 16: " + f + " is not known here, because user agents are not classified: compare agent"
		if err == nil || err.Error() != want {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}

func TestTheDeepestExpressionCompiles(t *testing.T) {
	deep := strings.Repeat("not (bot or (status = 200 and ", 500) + "user = x" + strings.Repeat("))", 500)
	q, err := Compile(deep, testOptions(t))
	if err != nil {
		t.Fatal(err)
	}
	again, err := Compile(q.String(), testOptions(t))
	if err != nil || held(again) != held(q) {
		t.Errorf("its canonical text: %v", err)
	}
	if _, err := Compile(strings.Replace(deep, "user = x", "user in ('', x)", 1), testOptions(t)); err == nil {
		t.Error("a list that needs one parenthesis more compiles")
	}
}

func TestAnExpressionWhoseCanonicalTextIsTooLongIsRefused(t *testing.T) {
	_, err := Compile(strings.Repeat("!ip=a or ", 7200)+"bot", testOptions(t))
	if err == nil || !strings.Contains(err.Error(), "written out in full") {
		t.Errorf("got %v", fmt.Sprint(err))
	}
}

func TestTheNearestFieldIsTheOneMeant(t *testing.T) {
	for given, want := range map[string]string{
		"stats": "status", "clinet": "client", "Methd": "method", "lateny": "latency", "refferer": "referrer", "useragnt": "agent",
		"browsr": "browser", "wekday": "weekday", "qwertyuiop": "", "z": "", strings.Repeat("status", 10): "",
	} {
		if got := nearest(given); got != want {
			t.Errorf("%s: got %q, want %q", given, got, want)
		}
	}
}
