package cli

import "testing"

func TestARotatedLogHasTheNameOfTheLog(t *testing.T) {
	for name, want := range map[string]string{
		"access.log":                         "access.log",
		"access.log.1":                       "access.log",
		"/var/log/access.log.12.gz":          "/var/log/access.log",
		"access.log-20260301.zst":            "access.log",
		"access.log.2026-03-01":              "access.log",
		"access.log-2026-03-01_12-00-00.bz2": "access.log",
		"site-2.log":                         "site-2.log",
		"web2":                               "web2",
		"web-2":                              "web-2",
		"u_ex260301.log":                     "u_ex260301.log",
		"20260301.log":                       "20260301.log",
		"20260301":                           "20260301",
		"10.0.0.1":                           "10.0.0",
	} {
		if got := unrotated(name); got != want {
			t.Errorf("%s: got %s, want %s", name, got, want)
		}
	}
}
