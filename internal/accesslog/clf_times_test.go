package accesslog

import (
	"testing"
	"time"
)

// TestTheRequestTimeIsTheLongestOfSeveralTimes: $request_time is never less than
// $upstream_response_time, whichever stands last.
func TestTheRequestTimeIsTheLongestOfSeveralTimes(t *testing.T) {
	const none = NoLatency
	for _, c := range []struct {
		tail string
		want time.Duration // of combined-time
		ok   bool          // combined-time reads it
	}{
		{` 0.042 0.041`, 42 * time.Millisecond, true},
		{` 0.041 0.042`, 42 * time.Millisecond, true},
		{` "0.042" "0.041"`, 42 * time.Millisecond, true},
		{` 0.042 "0.041"`, 42 * time.Millisecond, true},
		{` "0.041" 0.042`, 42 * time.Millisecond, true},
		{` 0.042 "-"`, 42 * time.Millisecond, true},
		{` 0.042 -`, 42 * time.Millisecond, true},
		{` "-" 0.042`, 42 * time.Millisecond, true},
		{` - 0.042`, 42 * time.Millisecond, true},
		{` 0.042 0.001, 0.040`, 42 * time.Millisecond, true},
		{` 0.042 "0.001, 0.040"`, 42 * time.Millisecond, true},
		{` "0.001, 0.040" 0.042`, 42 * time.Millisecond, true},
		{` 0.001, 0.040 0.042`, 42 * time.Millisecond, true},
		{` 0.001, 0.020 : 0.020 0.042`, 42 * time.Millisecond, true},
		{` 0.042 "0.001, -"`, 42 * time.Millisecond, true},
		{` 0.042 0.000 0.001 0.041`, 42 * time.Millisecond, true},
		{` "203.0.113.7" 0.042 0.041`, 42 * time.Millisecond, true},
		{` 0.042 "203.0.113.7, 10.0.0.1"`, 42 * time.Millisecond, true},
		{` 0.042 0.041 "203.0.113.7"`, 42 * time.Millisecond, true},
		{` 3.12 0.042`, 42 * time.Millisecond, true},           // $gzip_ratio
		{` 1710079500.123 0.042`, 42 * time.Millisecond, true}, // $msec
		{` 512 0.042`, 42 * time.Millisecond, true},
		{` 0.042`, 42 * time.Millisecond, true},
		{` a=0.950 0.042`, 42 * time.Millisecond, true},
		{` -`, none, true},
		{` "-"`, none, false},
		{` "203.0.113.7"`, none, false},
		{` 512 "-"`, none, false},
		{` "-" "-"`, none, false},
		{` 0.042 x`, none, false},
		{` 3.12 "-"`, none, false},
	} {
		line := []byte(exampleCommon + exampleTail + c.tail)
		for _, format := range []string{"combined-time", "vhost-combined-time"} {
			text := line
			if format != "combined-time" {
				text = append([]byte(exampleHost), line...)
			}
			var r Record
			p := parserOf(t, format)
			if out := p.Parse(text, &r); (out.Kind == Hit) != c.ok || c.ok && r.Latency != c.want {
				t.Errorf("%s,%s: got %+v %v, want %v", format, c.tail, out, r.Latency, c.want)
			}
		}
		if d := Detect([][]byte{line}); c.ok && c.want != none && d.Format.Name != "combined-time" {
			t.Errorf("%s: detected as %q", c.tail, d.Format.Name)
		}
	}
}
