package query

import "testing"

func TestWhatContradictsItselfNeverMatches(t *testing.T) {
	o := testOptions(t)
	for text, want := range map[string]bool{
		"status = 200 and status = 404":                              true,
		"status = 5xx and status < 400":                              true,
		"class = 5xx and status = 404":                               true,
		"class = 5xx and status = 503":                               false,
		"status in (404, 500) and not status in (404, 5xx)":          true,
		"not (status = 200 or not status = 200)":                     true,
		"status = 200 or status = 404":                               false,
		"status = 200 and path = /x":                                 false,
		"path = /x and path = /y":                                    true,
		"path = /x and path startswith /y":                           true,
		"path = /x and path startswith /":                            false,
		"path startswith /a and path startswith /b":                  false, // nobody looks that far
		"path = /x and (status = 200 or path = /y and bot)":          false,
		"(path = /x and path = /y) or status = 200":                  false,
		"method in (GET, POST) and method != GET and method != POST": true,
		"not method = GET and not method = POST":                     false,
		"user exists and not user exists":                            true,
		"latency > 2s and latency < 1s":                              true,
		"latency > 2s and not latency > 1s":                          true,
		"latency >= 1s and latency <= 1s":                            false,
		"hour < 6 and hour > 22":                                     true,
		"hour > 23":                                                  true,
		"bytes > 1MB and bytes < 1kB":                                true,
		"bytes > 1kB":                                                false,
		"bot and not bot":                                            false, // of what is made of others nothing is said
	} {
		q, err := Compile(text, o)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if got := q.Never(); got != want {
			t.Errorf("%s: got %t, want %t", text, got, want)
		}
	}
}
