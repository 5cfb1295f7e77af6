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

// gaps tells what lines with these fields lack. header is one in which clients
// were to be found; "" for none.
func gaps(has map[string]bool, format, header string) []Gap {
	var out []Gap
	if header != "" && !has["forwarded"] {
		out = append(out, forwardedGap(header))
	}
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

// forwardedGap tells how the addresses that proxies send come into the log.
func forwardedGap(header string) Gap {
	low := strings.ToLower(strings.ReplaceAll(strings.TrimPrefix(header, "$"), "-", "_"))
	low = strings.TrimPrefix(low, "http_")
	words := strings.Split(low, "_")
	for i, w := range words {
		if w != "" {
			words[i] = strings.ToUpper(w[:1]) + w[1:]
		}
	}
	name := strings.Join(words, "-")
	return Gap{Name: header, Why: "the client behind your proxies; without it the clients here are the proxies", Fixes: []Fix{
		{"nginx", []string{
			`log_format proxied '$remote_addr - $remote_user [$time_local] '`,
			`  '"$request" $status $body_bytes_sent "$http_referer" '`,
			`  '"$http_user_agent" "$http_` + low + `"';`,
			`access_log /var/log/nginx/access.log proxied;`,
		}},
		{"Apache", []string{
			`LogFormat "%h %l %u %t \"%r\" %>s %O \"%{Referer}i\" \`,
			`  \"%{User-Agent}i\" \"%{` + name + `}i\"" proxied`,
			`CustomLog /var/log/apache2/access.log proxied`,
		}},
		{"Caddy", []string{
			`log { format json }        # the headers are in every line`,
		}},
		{"Traefik", []string{
			`accessLog:`,
			`  {format: json, fields: {headers: {names:`,
			`    {` + name + `: keep}}}}`,
		}},
		{"HAProxy", []string{
			`option httplog`,
			`capture request header ` + name + ` len 64`,
		}},
	}}
}
