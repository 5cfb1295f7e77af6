package accesslog

import (
	"fmt"
	"reflect"
	"testing"
	"time"
)

// feed gives lines to p and returns what each turned out to be, and the last
// Record.
func feed(p Parser, lines ...string) (outs []Outcome, r Record) {
	for _, line := range lines {
		outs = append(outs, p.Parse([]byte(line), &r))
	}
	return outs, r
}

func TestColumnsAreFoundByName(t *testing.T) {
	const request = "GET /a HTTP/1.1"
	for _, c := range []struct{ header, row, want string }{
		{`date,request`, `7,GET /a HTTP/1.1`, "7 /a"},
		{`"REQUEST","Date"`, `"GET /a HTTP/1.1","7"`, "7 /a"},
		{`x,time,y,path`, `1,7,2,/a`, "7 /a"},
		{`timestamp , Request`, `7 , GET /a HTTP/1.1`, "7 /a"},
		{`method,uri,protocol,time`, `PUT,/a,HTTP/2.0,7`, "7 PUT /a HTTP/2.0"},
		{`time,method,request`, `7,,"GET /a HTTP/1.1"`, "7 GET /a HTTP/1.1"},
		{`time,path,client,status,size`, `7,/a,192.0.2.1,404,9`, "7 /a 192.0.2.1 404 9"},
		{`time,path,Remote-Addr,User Agent,referer,vhost`, `7,/a,[::1],"a ""b"" c",r,h`, `7 /a ::1 a "b" c r h`},
		{`time,path,request_time`, `7,/a,0.25`, "7 /a 250ms"},
		{`time,path,duration_ms`, `7,/a,1.5`, "7 /a 1.5ms"},
		{`time,path,latency_us`, `7,/a,3`, "7 /a 3µs"},
		{`time,path,latency_ns`, `7,/a,4`, "7 /a 4ns"},
		{`time,path,duration_ms`, `7,/a,`, "7 /a"},
		{`time,path,status,status`, `7,/a,200,500`, "7 /a 200"},
	} {
		outs, r := feed(newCSV(), c.header, c.row)
		if outs[0].Kind != Directive || outs[1].Kind != Hit {
			t.Errorf("%s: got %+v, want a directive, then a hit", c.header, outs)
			continue
		}
		got := fmt.Sprint(r.Sec)
		for _, v := range [][]byte{r.Method, r.Target, r.Protocol, r.Client, r.Agent, r.Referrer, r.Host} {
			if v != nil {
				got += " " + string(v)
			}
		}
		if r.Status != 0 {
			got += fmt.Sprint(" ", r.Status)
		}
		if r.Bytes != 0 {
			got += fmt.Sprint(" ", r.Bytes)
		}
		if r.Latency != NoLatency {
			got += " " + r.Latency.String()
		}
		want := c.want
		if string(r.Request) == request && string(r.Method) == "GET" && want == "7 /a" {
			want = "7 GET /a HTTP/1.1"
		}
		if got != want {
			t.Errorf("%s / %s: got %q, want %q", c.header, c.row, got, want)
		}
	}
}

func TestAHeaderWithoutTimeOrRequestSaysWhatIsMissing(t *testing.T) {
	time, request := "the time (date, time, timestamp)", "the request (request, path, uri)"
	for _, c := range []struct {
		header string
		want   []string
	}{
		{"client,status", []string{time, request}},
		{"client,request", []string{time}},
		{"client,date", []string{request}},
		{"client,date,path", nil},
	} {
		p := newCSV().(*csvParser)
		outs, _ := feed(p, c.header, "192.0.2.1,200,/a", c.header)
		if got := p.Missing(); !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: got %q missing, want %q", c.header, got, c.want)
		}
		if c.want != nil && (outs[0].Kind != Directive || outs[1].Reason != ReasonColumns || outs[2].Kind != Directive) {
			t.Errorf("%s: got %+v, want a directive, %q, a directive", c.header, outs, ReasonColumns)
		}
	}
	d := Detect([][]byte{[]byte("client,request"), []byte("192.0.2.1,GET / HTTP/1.1")})
	if d.Found || !reflect.DeepEqual(d.Missing, []string{time}) {
		t.Errorf("Detect: got found %v, missing %q; want only the time missing", d.Found, d.Missing)
	}
}

func TestAHeaderMayComeAgainChanged(t *testing.T) {
	p := newCSV()
	outs, r := feed(p, "date,path,status", "7,/a,200", "date,path,status", "8,/b,200", "status,path,date,size", "404,/c,9,12")
	for i, want := range []Kind{Directive, Hit, Directive, Hit, Directive, Hit} {
		if outs[i].Kind != want {
			t.Errorf("line %d: got %+v, want kind %d", i, outs[i], want)
		}
	}
	if r.Status != 404 || r.Sec != 9 || r.Bytes != 12 || string(r.Target) != "/c" {
		t.Errorf("got %s, want the new columns to hold", show(r))
	}
}

func TestRowsBeforeAHeaderNeedTheSevenColumns(t *testing.T) {
	row := `"10.0.0.2","-","apache",1549573860,"GET /api/user HTTP/1.0",200,1234`
	outs, r := feed(newCSV(), row)
	if outs[0].Kind != Hit || r.Sec != 1549573860 || r.Bytes != 1234 || string(r.User) != "apache" || string(r.Target) != "/api/user" {
		t.Errorf("got %+v %s, want the row read", outs, show(r))
	}
	for _, c := range []struct {
		line   string
		reason Reason
	}{
		{`10.0.0.2,-,apache,2019-02-07 21:11:00,"GET / HTTP/1.0",200,1234`, ReasonNoHeader},
		{`10.0.0.2,-,apache,1549573860,"GET / HTTP/1.0",200`, ReasonNoHeader},
		{row + `,x`, ReasonNoHeader},
		{`some text, with commas`, ReasonNoHeader},
		{`"open`, ReasonNoHeader},
		{`10.0.0.2,-,apache,1549573860,"GET / HTTP/1.0",2000,1234`, ReasonStatus},
	} {
		if outs, _ := feed(newCSV(), c.line); outs[0].Reason != c.reason {
			t.Errorf("%s: got %+v, want %q", c.line, outs[0], c.reason)
		}
	}
}

func TestRowsThatDoNotFitTheHeaderAreRejected(t *testing.T) {
	for _, c := range []struct {
		line   string
		reason Reason
		column int
	}{
		{`7,/a`, ReasonCut, 5},
		{`7,/a,200,x`, ReasonExtra, 10},
		{`7,/a,200,`, ReasonExtra, 10},
		{`7,"/a,200`, ReasonQuote, 3},
		{`7,"/a"b,200`, ReasonQuote, 7},
		{`x,/a,200`, ReasonTime, 1},
		{`,/a,200`, ReasonTime, 1},
		{`7,/a,20`, ReasonStatus, 6},
	} {
		outs, _ := feed(newCSV(), "date,path,status", c.line)
		if out := outs[1]; out.Reason != c.reason || out.Column != c.column {
			t.Errorf("%s: got %+v, want %q at %d", c.line, out, c.reason, c.column)
		}
	}
}

func TestDoubledQuotesOfSeveralFieldsDoNotOverwriteEachOther(t *testing.T) {
	p := newCSV()
	feed(p, "time,path,agent,referrer")
	line := []byte(`7,"/a""b","c""""d","""e"""`)
	var r Record
	out := p.Parse(line, &r)
	checkViews(t, p, line, &r) // in one piece of scratch that did not move
	if out.Kind != Hit || string(r.Target) != `/a"b` || string(r.Agent) != `c""d` || string(r.Referrer) != `"e"` {
		t.Errorf("got %+v %s, want the quotes single", out, show(r))
	}
}

func TestTimesOfManyKindsAreRead(t *testing.T) {
	at := time.Date(2000, 10, 10, 20, 55, 36, 0, time.UTC).Unix()
	for _, c := range []struct {
		text  string
		sec   int64
		nanos int32
	}{
		{"971211336", at, 0},
		{"0", 0, 0},
		{"971211336.5", at, 5e8},
		{"971211336.1234567899", at, 123456789},
		{"1549573860123", 1549573860, 123e6},
		{"1549573860123456", 1549573860, 123456e3},
		{"1549573860123456789", 1549573860, 123456789},
		{"2000-10-10T20:55:36Z", at, 0},
		{"2000-10-10t20:55:36.25z", at, 25e7},
		{"2000-10-10T13:55:36-07:00", at, 0},
		{"2000-10-10 20:55:36", at, 0},
		{"2000-10-10 20:55:36,007", at, 7e6},
		{"2000-10-11 00:25:36 +0330", at, 0},
		{"10/Oct/2000:13:55:36 -0700", at, 0},
		{"[10/Oct/2000:13:55:36 -0700]", at, 0},
	} {
		outs, r := feed(newCSV(), "time,path", `"`+c.text+`",/a`)
		if outs[1].Kind != Hit || r.Sec != c.sec || r.Nanos != c.nanos {
			t.Errorf("%s: got %+v %d.%09d, want %d.%09d", c.text, outs[1], r.Sec, r.Nanos, c.sec, c.nanos)
		}
	}
	for _, text := range []string{
		"", "-", "-5", "7.", "123456789012", "1549573860123.5", "2000-13-10T20:55:36Z", "2000-02-30T20:55:36Z",
		"2000-10-10", "2000-10-10T20:55", "2000-10-10T25:55:36Z", "2000-10-10T20:55:36.Z", "2000-10-10T20:55:36+9", "99999999999999999999",
	} {
		if outs, _ := feed(newCSV(), "time,path", `"`+text+`",/a`); outs[1].Reason != ReasonTime {
			t.Errorf("%q: got %+v, want %q", text, outs[1], ReasonTime)
		}
	}
}

func TestReadingATextTimeAllocatesNothing(t *testing.T) {
	p := newCSV()
	feed(p, "time,path")
	line := []byte("2000-10-10T13:55:36.5-07:00,/a")
	var r Record
	if n := testing.AllocsPerRun(100, func() { p.Parse(line, &r) }); n != 0 || r.Nanos != 5e8 {
		t.Errorf("got %v allocations, %d ns; want none, 5e8", n, r.Nanos)
	}
}
