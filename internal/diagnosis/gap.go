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
		out = append(out, Gap{Name: "latency", Why: "how long answers took: quantiles, slow sections", Fixes: latencyFixes(format)})
	}
	if !has["agent"] && !has["referrer"] {
		out = append(out, Gap{Name: "referrer, agent", Why: "who asks, and from which page; visitors are counted by agent", Fixes: agentFixes(format)})
	}
	if !has["host"] && (strings.HasPrefix(format, "combined") || format == "common") {
		out = append(out, Gap{Name: "host", Why: "which of several sites was asked; put it in front of the line", Fixes: []Fix{
			{"nginx", []string{`log_format vhost '$host $remote_addr - ...';`}},
			{"Apache", []string{`LogFormat "%v %h %l %u ..." vhost`}},
		}})
	}
	return out
}

// agentFixes are what gives a log of this format the referrer and the user agent.
func agentFixes(format string) []Fix {
	switch format {
	case "w3c":
		return []Fix{
			{"IIS", []string{"Logging, Select Fields: User Agent (cs(User-Agent)), Referer"}},
			{"Tomcat", []string{`ExtendedAccessLogValve pattern="... cs(Referer) cs(User-Agent)"`}},
		}
	case "csv":
		return []Fix{{"any", []string{"columns named referrer and user_agent"}}}
	case "json":
		return []Fix{{"any", []string{`keys named referrer and user_agent, or any with --map agent=KEY`}}}
	case "ltsv":
		return []Fix{{"any", []string{"labels named referer and ua"}}}
	}
	return []Fix{
		{"nginx", []string{`access_log /var/log/nginx/access.log combined;`}},
		{"Apache", []string{`CustomLog /var/log/apache2/access.log combined`}},
	}
}

// latencyFixes are what gives a log of this format a request time.
func latencyFixes(format string) []Fix {
	switch format {
	case "w3c":
		return []Fix{
			{"IIS", []string{`Logging, Select Fields: Time Taken (time-taken)`}},
			{"Tomcat", []string{`ExtendedAccessLogValve pattern="... time-taken"`}},
		}
	case "json":
		return []Fix{
			{"nginx", []string{`log_format json escape=json '{... "request_time":$request_time}';`}},
			{"Apache", []string{`LogFormat "{... \"latency_us\":%D}" json`}},
			{"Caddy", []string{`"duration" is in every line of its own format`}},
			{"Traefik", []string{`"Duration" is in every line, if it is not dropped in fields`}},
			{"others", []string{`a key that tells its unit: duration_ms, latency_us, elapsed_s`}},
		}
	case "ltsv":
		return []Fix{
			{"nginx", []string{`log_format ltsv '...\treqtime:$request_time';`}},
			{"Apache", []string{`LogFormat "...\treqtime_microsec:%D" ltsv`}},
		}
	case "csv":
		return []Fix{{"any", []string{`a column named request_time (seconds) or latency_ms`}}}
	}
	if place, _ := latencyPlace(format); place != "" {
		return []Fix{{format, []string{`has a place for it; in no line looked at does a figure stand there`}}}
	}
	return []Fix{
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
	}
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
