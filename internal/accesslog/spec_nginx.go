package accesslog

import "strings"

// An nginxVariable is a variable of nginx that may stand in a log_format
// (ngx_http_log_module, ngx_http_core_module, ngx_http_upstream_module).
type nginxVariable struct {
	name string // a * at its end stands for any more bytes
	text string // in an example
	time string // of strftime
	field
}

// nginxVariables is the table of those that mean something here, or whose shape
// is known. All others may hold anything, and are passed over.
func nginxVariables() []nginxVariable {
	free := field{free: true}
	list := field{list: true}
	return []nginxVariable{
		{name: "remote_addr", text: "203.0.113.7", field: field{column: columnClient, rank: 9}},
		{name: "the_real_ip", text: "203.0.113.7", field: field{column: columnClient, rank: 8}},
		{name: "proxy_protocol_addr", text: "203.0.113.7", field: field{column: columnClient, rank: 4}},
		{name: "realip_remote_addr", text: "203.0.113.7", field: field{column: columnClient, rank: 3, hop: true}},
		{name: "http_x_forwarded_for", text: "203.0.113.7", field: field{column: columnForwarded, rank: 2, list: true}},
		{name: "proxy_add_x_forwarded_for", text: "203.0.113.7", field: field{column: columnForwarded, rank: 2, list: true}},
		{name: "http_x_real_ip", text: "203.0.113.7", field: field{column: columnForwarded, rank: 1, free: true}},
		{name: "http_cf_connecting_ip", text: "203.0.113.7", field: field{column: columnForwarded, rank: 1, free: true}},
		{name: "http_true_client_ip", text: "203.0.113.7", field: field{column: columnForwarded, rank: 1, free: true}},
		{name: "http_fastly_client_ip", text: "203.0.113.7", field: field{column: columnForwarded, rank: 1, free: true}},
		{name: "http_forwarded", text: "for=203.0.113.7", field: field{column: columnForwarded, rank: 1, free: true}},
		{name: "remote_port", text: "51000", field: field{column: columnPort}},
		{name: "proxy_protocol_port", text: "51000", field: field{column: columnPort}},
		{name: "realip_remote_port", text: "51000", field: field{column: columnPort}},
		{name: "remote_user", text: "frank", field: field{column: columnUser, free: true}},
		{name: "time_local", time: commonTime},
		{name: "time_iso8601", time: "%Y-%m-%dT%H:%M:%S%Z"},
		{name: "msec", time: "%s"},
		{name: "request", text: "GET /pages/create?id=7 HTTP/1.1", field: field{column: columnRequest, free: true}},
		{name: "request_method", text: "GET", field: field{column: columnMethod}},
		{name: "request_uri", text: "/pages/create?id=7", field: field{column: columnTarget, rank: 2, first: '/'}},
		{name: "uri", text: "/pages/create", field: field{column: columnTarget, rank: 1, first: '/', free: true}},
		{name: "document_uri", text: "/pages/create", field: field{column: columnTarget, rank: 1, first: '/', free: true}},
		{name: "is_args", text: "?", field: field{column: columnQuestion, first: '?'}},
		{name: "args", text: "id=7", field: field{column: columnQuery, free: true}},
		{name: "query_string", text: "id=7", field: field{column: columnQuery, free: true}},
		{name: "server_protocol", text: "HTTP/1.1", field: field{column: columnProtocol}},
		{name: "status", text: "200", field: field{column: columnStatus}},
		{name: "body_bytes_sent", text: "2326", field: field{column: columnBytes, rank: 2}},
		{name: "bytes_sent", text: "2326", field: field{column: columnBytes, rank: 1}},
		{name: "request_time", text: "0.042", field: field{column: columnSeconds, rank: 2}},
		{name: "upstream_response_time", text: "0.042", field: field{column: columnUpstream, rank: 1, list: true}},
		{name: "host", text: "www.example.org", field: field{column: columnHost, rank: 3}},
		{name: "http_host", text: "www.example.org", field: field{column: columnHost, rank: 2}},
		{name: "server_name", text: "www.example.org", field: field{column: columnHost, rank: 1}},
		{name: "server_port", text: "443", field: field{column: columnPort}},
		{name: "http_referer", text: "http://www.example.org/start", field: field{column: columnReferrer, free: true}},
		{name: "http_user_agent", text: "Mozilla/5.0 (X11; Linux x86_64)", field: field{column: columnAgent, free: true}},
		{name: "connection"},
		{name: "connection_requests"},
		{name: "gzip_ratio"},
		{name: "hostname"},
		{name: "http2"},
		{name: "http3"},
		{name: "https"},
		{name: "nginx_version"},
		{name: "pid"},
		{name: "pipe"},
		{name: "proxy_host"},
		{name: "proxy_port"},
		{name: "request_completion"},
		{name: "request_id"},
		{name: "request_length"},
		{name: "scheme", text: "https"},
		{name: "server_addr"},
		{name: "ssl_cipher"},
		{name: "ssl_protocol"},
		{name: "upstream_cache_status"},
		{name: "upstream_*", field: list},
		{name: "http_*", field: free},
	}
}

// nginxField looks a variable up.
func nginxField(name string) (field, string) {
	for _, v := range nginxVariables() {
		stem, open := strings.CutSuffix(v.name, "*")
		if v.name != name && (!open || !strings.HasPrefix(name, stem)) {
			continue
		}
		f := v.field
		f.header = headerName(name)
		if v.time != "" {
			f.column = columnTime
			f.time, _, _ = strftime(v.time, true)
			if v.name == "msec" {
				f.rank = 1 // its fraction tells more than the others
			}
		}
		if v.text == "" {
			return f, "-"
		}
		return f, v.text
	}
	return field{free: true, header: headerName(name)}, "-"
}

// planNginx reads the format of a log_format: what stands between its quotes, or
// the quoted pieces with their quotes, with escape=... before them or not.
func planNginx(text string) (plan, error) {
	if c := text[0]; c == '\'' || strings.HasPrefix(text, "escape=") {
		if words := splitWords(text, nginxSyntax); len(words) > 0 {
			return planNginxWords("", words)
		}
	}
	return planNginxText("", unescaped(text, 0), "default")
}

// planNginxWords reads the pieces of a format, of which the first may say how
// variables are escaped.
func planNginxWords(name string, words []word) (plan, error) {
	escape := "default"
	if e, ok := strings.CutPrefix(words[0].plain(), "escape="); ok {
		switch e {
		case "default", "json", "none":
			escape = e
		default:
			return plan{}, &SpecError{Column: words[0].at + 1, Text: "nginx has escape=default, escape=json and escape=none"}
		}
		words = words[1:]
	}
	var all []char
	for _, w := range words {
		if w.end {
			break
		}
		all = append(all, w.chars...)
	}
	if len(all) == 0 {
		return plan{}, &SpecError{Text: "the log_format has a name and no format"}
	}
	return planNginxText(name, all, escape)
}

func planNginxText(name string, text []char, escape string) (plan, error) {
	p := plan{maker: "nginx", name: name, raw: escape == "none"}
	for i := 0; i < len(text); {
		at := text[i].at
		if text[i].c != '$' || i+1 == len(text) || text[i+1].c != '{' && !isNameByte(text[i+1].c) {
			p.pieces = append(p.pieces, literalPiece(at, plainText(text[i:i+1])))
			i++
			continue
		}
		i++
		braced := text[i].c == '{'
		if braced {
			i++
		}
		start := i
		for i < len(text) && isNameByte(text[i].c) {
			i++
		}
		name := plainText(text[start:i])
		if braced {
			if i == len(text) || text[i].c != '}' || name == "" {
				return plan{}, &SpecError{Column: at + 1, Text: "${ must be followed by the name of a variable and a }"}
			}
			i++
		}
		f, sample := nginxField(name)
		p.pieces = append(p.pieces, piece{at: at, name: "$" + name, text: sample, field: f})
	}
	return p, nil
}
