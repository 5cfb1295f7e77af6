package unit

import (
	"strings"
	"testing"
	"time"
	_ "time/tzdata" // the zones of the tests are there on every machine
)

func TestMomentsAreReadAsTyped(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	// The day on which clocks went forward: it began at +01:00.
	now := time.Date(2026, 3, 29, 12, 41, 30, 5, berlin)
	for s, want := range map[string]string{
		"2026-03-10T14:05:00Z":         "2026-03-10T15:05:00+01:00",
		"2026-03-10T14:05:00.5+02:00":  "2026-03-10T13:05:00.5+01:00",
		"2026-03-10 14:05:00":          "2026-03-10T14:05:00+01:00",
		"2026-07-10T14:05:00":          "2026-07-10T14:05:00+02:00",
		"2026-03-10 14:05":             "2026-03-10T14:05:00+01:00",
		"2026-03-10":                   "2026-03-10T00:00:00+01:00",
		"14:05":                        "2026-03-29T14:05:00+02:00",
		"01:30:15":                     "2026-03-29T01:30:15+01:00",
		"@1549573860":                  "2019-02-07T22:11:00+01:00",
		"1549573860":                   "2019-02-07T22:11:00+01:00",
		"@0":                           "1970-01-01T01:00:00+01:00",
		"10/Oct/2000:13:55:36 -0700":   "2000-10-10T22:55:36+02:00",
		"[10/Oct/2000:13:55:36 -0700]": "2000-10-10T22:55:36+02:00",
		"2h":                           "2026-03-29T10:41:30.000000005+02:00",
		"-2h":                          "2026-03-29T10:41:30.000000005+02:00",
		"2h ago":                       "2026-03-29T10:41:30.000000005+02:00",
		"1d12hago":                     "2026-03-27T23:41:30.000000005+01:00",
		"now":                          "2026-03-29T12:41:30.000000005+02:00",
		" today ":                      "2026-03-29T00:00:00+01:00",
		"yesterday":                    "2026-03-28T00:00:00+01:00",
	} {
		got, err := ParseTime(s, now.UTC(), berlin)
		if err != nil || got.Format(time.RFC3339Nano) != want {
			t.Errorf("ParseTime(%q) got %s, %v, want %s", s, got.Format(time.RFC3339Nano), err, want)
		}
	}
}

func TestARefusedMomentSaysWhatIsAccepted(t *testing.T) {
	for s, why := range map[string]string{
		"": "empty", "soon": "no known form", "90": "90s", "20260310": "seconds ago", "1549573860000": "milliseconds",
		"@x": "Unix", "2026-02-30": "no known form", "25:00": "no known form", "--2h": "no known form", "-2h ago": "no known form",
		"99999999999999999999": "Unix",
	} {
		_, err := ParseTime(s, time.Unix(1e9, 0), nil)
		if err == nil || !strings.Contains(err.Error(), why) || !strings.Contains(err.Error(), "yesterday") {
			t.Errorf("ParseTime(%q) got error %v, want one with %q that names the forms", s, err, why)
		}
	}
}

func FuzzParseTime(f *testing.F) {
	for _, s := range []string{"now", "@1", "14:05", "2026-03-10T14:05:00Z", "3w ago", "[10/Oct/2000:13:55:36 -0700]"} {
		f.Add(s)
	}
	now := time.Unix(1_773_151_500, 0)
	f.Fuzz(func(t *testing.T, s string) {
		got, err := ParseTime(s, now, time.UTC)
		if err != nil {
			if !got.IsZero() {
				t.Fatalf("ParseTime(%q) got both %v and %v", s, got, err)
			}
			return
		}
		// What has been read and written down again is the same moment.
		if y := got.Year(); y < 1 || y > 9999 {
			return
		}
		text := got.Format(time.RFC3339Nano)
		if again, err := ParseTime(text, now, time.UTC); err != nil || !again.Equal(got) {
			t.Fatalf("ParseTime(%q) got %v, which reads back as %v, %v", s, got, again, err)
		}
	})
}
