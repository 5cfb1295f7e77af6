package simulate

import (
	"math/rand/v2"
	"strings"
	"testing"
	"time"
)

func TestEachFormatWritesItsWords(t *testing.T) {
	l := Line{
		At: time.Unix(1549573860, 999), Client: "10.0.0.2", User: "apache", Host: "www.example.org:80", Method: "GET",
		Target: "/api/user", Protocol: "HTTP/1.0", Status: 200, Bytes: 1234, Latency: 1013499 * time.Microsecond,
		Referrer: "http://www.example.org/", Agent: "curl/8.11.0",
	}
	none := l
	none.Status, none.Bytes, none.Query, none.Latency = 304, NoBytes, "q=a&page=2", 2600*time.Microsecond
	zone := time.FixedZone("", -7*3600)
	for name, want := range map[string][2]string{
		"common": {
			`10.0.0.2 - apache [07/Feb/2019:14:11:00 -0700] "GET /api/user HTTP/1.0" 200 1234`,
			`10.0.0.2 - apache [07/Feb/2019:14:11:00 -0700] "GET /api/user?q=a&page=2 HTTP/1.0" 304 -`,
		},
		"combined": {
			`10.0.0.2 - apache [07/Feb/2019:14:11:00 -0700] "GET /api/user HTTP/1.0" 200 1234 "http://www.example.org/" "curl/8.11.0"`,
			`10.0.0.2 - apache [07/Feb/2019:14:11:00 -0700] "GET /api/user?q=a&page=2 HTTP/1.0" 304 - "http://www.example.org/" "curl/8.11.0"`,
		},
		"combined-time": {
			`10.0.0.2 - apache [07/Feb/2019:14:11:00 -0700] "GET /api/user HTTP/1.0" 200 1234 "http://www.example.org/" "curl/8.11.0" 1.013`,
			`10.0.0.2 - apache [07/Feb/2019:14:11:00 -0700] "GET /api/user?q=a&page=2 HTTP/1.0" 304 - "http://www.example.org/" "curl/8.11.0" 0.003`,
		},
		"vhost-combined": {
			`www.example.org:80 10.0.0.2 - apache [07/Feb/2019:14:11:00 -0700] "GET /api/user HTTP/1.0" 200 1234 "http://www.example.org/" "curl/8.11.0"`,
			`www.example.org:80 10.0.0.2 - apache [07/Feb/2019:14:11:00 -0700] "GET /api/user?q=a&page=2 HTTP/1.0" 304 - "http://www.example.org/" "curl/8.11.0"`,
		},
		"csv": {
			`"10.0.0.2","-","apache",1549573860,"GET /api/user HTTP/1.0",200,1234`,
			`"10.0.0.2","-","apache",1549573860,"GET /api/user?q=a&page=2 HTTP/1.0",304,0`,
		},
	} {
		f, err := NewFormat(name, zone)
		if err != nil {
			t.Fatal(err)
		}
		for i, line := range []Line{l, none} {
			if got := string(f.AppendLine([]byte("> "), &line)); got != "> "+want[i]+"\n" {
				t.Errorf("%s got\n%swant\n> %s", name, got, want[i])
			}
		}
		header := string(f.AppendHeader(nil))
		if (name == "csv") != (header == `"remotehost","rfc931","authuser","date","request","status","bytes"`+"\n") {
			t.Errorf("%s got header %q", name, header)
		}
	}
}

func TestTheCachedTimeFollowsTheSecond(t *testing.T) {
	f, err := NewFormat("common", nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, sec := range []int64{0, 0, 1, 0, 1773151500, 1773151501, 1773151500} {
		at := time.Unix(sec, 5e8)
		want := at.UTC().Format("[02/Jan/2006:15:04:05 -0700]")
		if got := string(f.AppendLine(nil, &Line{At: at})); !strings.Contains(got, want) {
			t.Errorf("second %d got %q, want %s", sec, got, want)
		}
	}
}

func TestAnUnknownFormatNamesTheKnownOnes(t *testing.T) {
	_, err := NewFormat("apache", nil)
	if err == nil || !strings.Contains(err.Error(), "vhost-combined") {
		t.Errorf("got error %v, want one that names the formats", err)
	}
}

func TestADrawnAndWrittenLineCostsNoAllocation(t *testing.T) {
	s := newTestSite(t, SiteOptions{Seed: 7, Clients: 1000})
	for _, name := range FormatNames() {
		f, err := NewFormat(name, nil)
		if err != nil {
			t.Fatal(err)
		}
		l, dst, sec := Line{}, make([]byte, 0, 4096), int64(0)
		n := testing.AllocsPerRun(1000, func() {
			s.Next(&l)
			sec++
			l.At = time.Unix(sec/3, 0)
			dst = f.AppendLine(dst[:0], &l)
		})
		if n != 0 {
			t.Errorf("%s got %v allocations a line, want 0", name, n)
		}
	}
}

func TestSpacesBecomePlussesWhereverTheyStand(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for n := range 2000 {
		text := make([]byte, n%40)
		for i := range text {
			text[i] = byte(r.Uint32())
			if r.IntN(3) == 0 {
				text[i] = " +!\xa0\x00\x1f"[r.IntN(6)]
			}
		}
		got := string(appendPlussed([]byte("before "), string(text)))
		if want := "before " + strings.ReplaceAll(string(text), " ", "+"); got != want {
			t.Fatalf("%q: got %q, want %q", text, got, want)
		}
	}
}
