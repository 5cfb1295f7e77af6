package diagnosis

import "strings"

// A Gap is something that no line of a log tells, and that could be had.
type Gap struct {
	Name  string
	Why   string // what it would be good for
	Fixes []Fix
}

// A Fix is what to write into the configuration of a server, line by line. No
// line has more than 72 characters.
type Fix struct {
	Server string
	Lines  []string
}

// gaps tells what lines with these fields lack.
func gaps(has map[string]bool, format string) []Gap {
	var out []Gap
	if !has["latency"] {
		out = append(out, Gap{Name: "latency", Why: "how long answers took: quantiles, slow sections", Fixes: []Fix{
			{"nginx", []string{
				`log_format timed '$remote_addr - $remote_user [$time_local] '`,
				`  '"$request" $status $body_bytes_sent "$http_referer" '`,
				`  '"$http_user_agent" $request_time';`,
				`access_log /var/log/nginx/access.log timed;`,
			}},
			{"Apache", []string{
				`LogFormat "%h %l %u %t \"%r\" %>s %O \"%{Referer}i\" \`,
				`  \"%{User-Agent}i\" %D" timed`,
				`CustomLog /var/log/apache2/access.log timed`,
			}},
			{"Caddy", []string{
				`log { format json }        # "duration" is in every line`,
			}},
			{"Traefik", []string{
				`accessLog: {format: json}  # "Duration" is in every line`,
			}},
			{"HAProxy", []string{
				`option httplog             # the last of the five timers, in ms`,
			}},
		}})
	}
	if !has["agent"] && !has["referrer"] {
		out = append(out, Gap{Name: "referrer, agent", Why: "who asks, and from which page; visitors are counted by agent", Fixes: []Fix{
			{"nginx", []string{`access_log /var/log/nginx/access.log combined;`}},
			{"Apache", []string{`CustomLog /var/log/apache2/access.log combined`}},
		}})
	}
	if !has["host"] && (strings.HasPrefix(format, "combined") || format == "common") {
		out = append(out, Gap{Name: "host", Why: "which of several sites was asked; put it in front of the line", Fixes: []Fix{
			{"nginx", []string{`log_format vhost '$host $remote_addr - ...';`}},
			{"Apache", []string{`LogFormat "%v %h %l %u ..." vhost`}},
		}})
	}
	return out
}
