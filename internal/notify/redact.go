package notify

import (
	"cmp"
	"encoding/base64"
	"encoding/json"
	"net/url"
	"slices"
	"strings"
)

// forms returns the ways in which a secret may stand in what others say: as it is,
// escaped for a path or a query, in JSON, in base64.
func forms(s string) []string {
	all := []string{s, url.QueryEscape(s), url.PathEscape(s), base64.StdEncoding.EncodeToString([]byte(s))}
	if quoted, err := json.Marshal(s); err == nil {
		all = append(all, strings.Trim(string(quoted), `"`))
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// longestFirst returns the texts so that none is cut by a shorter one in it.
func longestFirst(texts []string) []string {
	return slices.SortedFunc(slices.Values(texts), func(a, b string) int {
		return cmp.Or(cmp.Compare(len(b), len(a)), cmp.Compare(a, b))
	})
}

// pieces returns what may be a secret in a URL: user, password, and of the path and the
// query whatever is no plain word. Of a chat's URL (all) the host, too, and each
// part that is no word.
func pieces(text string, all bool) []string {
	u, err := url.Parse(text)
	if err != nil {
		return []string{text}
	}
	found := []string{text}
	if u.User != nil {
		password, _ := u.User.Password()
		found = append(found, u.User.String(), u.User.Username(), password)
	}
	for part := range strings.SplitSeq(u.Path, "/") {
		if all || len(part) >= 8 {
			found = append(found, part)
		}
	}
	for _, values := range u.Query() {
		found = append(found, values...)
	}
	found = append(found, u.Fragment)
	if all {
		found = append(found, u.Host)
		for _, f := range slices.Clone(found) {
			for part := range strings.FieldsFuncSeq(f, func(r rune) bool { return strings.ContainsRune(":/@?&=-.,", r) }) {
				if len(part) >= 6 && strings.ContainsAny(part, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ") {
					found = append(found, part)
				}
			}
		}
	}
	return found
}

// withoutURLs cuts every URL in s down to its scheme and host, since a token may stand
// anywhere else.
func withoutURLs(s string) string {
	var b strings.Builder
	for {
		i := strings.Index(s, "://")
		if i < 0 {
			b.WriteString(s)
			return b.String()
		}
		b.WriteString(s[:i+3])
		s = s[i+3:]
		end := strings.IndexFunc(s, func(r rune) bool { return r <= ' ' || strings.ContainsRune("\"'`<>,;)]}", r) })
		if end < 0 {
			end = len(s)
		}
		whole := s[:end]
		s = s[end:]
		authority, rest := whole, ""
		if k := strings.IndexAny(whole, "/?#"); k >= 0 {
			authority, rest = whole[:k], whole[k:]
		}
		if k := strings.LastIndexByte(authority, '@'); k >= 0 {
			b.WriteString(Redacted + "@")
			authority = authority[k+1:]
		}
		b.WriteString(authority)
		if punctuation := strings.TrimLeft(rest, "/:."); punctuation != "" {
			b.WriteString("/" + Redacted)
			if strings.HasSuffix(rest, ":") { // "Post https://host/path: refused"
				b.WriteByte(':')
			}
		} else {
			b.WriteString(rest)
		}
	}
}
