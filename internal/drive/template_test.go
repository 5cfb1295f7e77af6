package drive

import (
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
)

func TestEachRequestHasItsOwnNumberAndChance(t *testing.T) {
	engines(t, func(t *testing.T, o Options) {
		var mu sync.Mutex
		var got []string
		server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			body, err := io.ReadAll(r.Body)
			mu.Lock()
			defer mu.Unlock()
			if err != nil || int64(len(body)) != r.ContentLength {
				t.Errorf("the body has %d bytes, of %d: %v", len(body), r.ContentLength, err)
			}
			got = append(got, strings.Join([]string{r.URL.Path, r.URL.RawQuery, r.Header.Get("X-Trace"), string(body)}, " "))
		}))
		defer server.Close()
		play := func(threads int, seed uint64) []string {
			mu.Lock()
			got = nil
			mu.Unlock()
			get, post := request(t, "GET", server.URL+"/item/{seq}?r={rand}"), request(t, "POST", server.URL+"/form")
			get.Header = []Field{{"X-Trace", "{rand}-{seq}"}}
			post.Body = []byte(`{"n":{seq},"r":"{rand}","other":{}}`)
			o.Requests, o.Seed, o.Twins = []Request{get, post}, seed, nil
			o.Plan = planOf(&o, 300, 10_000)
			for range threads - 1 {
				o.Twins = append(o.Twins, planOf(&o, 300, 10_000))
			}
			r, err := Run(t.Context(), o)
			if err != nil || r.Answered != 300 {
				t.Fatalf("%v: %s", err, r.Text())
			}
			mu.Lock()
			defer mu.Unlock()
			return slices.Sorted(slices.Values(got))
		}
		first := play(1, 7)
		for _, threads := range []int{1, 3} {
			if again := play(threads, 7); !slices.Equal(again, first) {
				t.Errorf("with the same seed and %d threads got %d other requests: %q", threads, len(again), again[:3])
			}
		}
		chance, numbers := map[string]bool{}, map[string]bool{}
		for _, line := range first {
			if strings.Contains(line, "{seq}") || strings.Contains(line, "{rand}") {
				t.Fatalf("got %q", line)
			}
			if path, rest, _ := strings.Cut(line, " "); strings.HasPrefix(path, "/item/") {
				query, trace, _ := strings.Cut(rest, " ")
				n := strings.TrimPrefix(path, "/item/")
				if want := strings.TrimPrefix(query, "r=") + "-" + n + " "; trace != want || len(query) != 18 {
					t.Fatalf("got %q, want the trace %q", line, want)
				}
				chance[query], numbers[n] = true, true
			} else {
				n, r, _ := strings.Cut(strings.TrimPrefix(strings.TrimSpace(rest), `{"n":`), `,"r":"`)
				if _, err := strconv.Atoi(n); err != nil || !strings.HasSuffix(r, `","other":{}}`) {
					t.Fatalf("got %q", line)
				}
				chance["r="+r[:16]], numbers[n] = true, true
			}
		}
		if len(chance) != 300 || len(numbers) != 300 || !numbers["1"] || !numbers["300"] {
			t.Errorf("got %d numbers and %d chances, want 300", len(numbers), len(chance))
		}
		if other := play(1, 8); slices.Equal(other, first) {
			t.Error("another seed gives the same")
		}
	})
}

func TestMarksOfALogMeanThemselves(t *testing.T) {
	r := request(t, "GET", "http://h/{seq}?{rand}={other}")
	if r.Target != "/{seq}?{rand}={other}" || !r.Templated() {
		t.Errorf("got %q, %t", r.Target, r.Templated())
	}
	if r.Literal = true; r.Templated() {
		t.Error("a literal request has marks")
	}
	if plain := request(t, "GET", "http://h/{other}{"); plain.Templated() {
		t.Error("{other} is a mark")
	}
}

func TestABodyIsMovedBehindItsLength(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	for range 200 {
		a, b := strings.Repeat("a", r.IntN(20)), strings.Repeat("b", r.IntN(20))
		text := []byte(a + b)
		rotate(text, len(a))
		if string(text) != b+a {
			t.Fatalf("got %s, want %s%s", text, b, a)
		}
	}
}
