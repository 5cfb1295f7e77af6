package drive

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

// A Weighted is a request with how often it is sent, against the others of its mix.
type Weighted struct {
	Request
	Weight float64
}

// maxTargets bounds a mix.
const maxTargets = 100_000

// Targets says how a file of targets is read.
type Targets struct {
	Site   *url.URL // of targets that begin with a slash; nil where there is none
	Header []Field  // of every request, unless it has its own
	// File returns what a line @FILE names.
	File func(name string) ([]byte, error)
}

// Parse reads a mix of requests:
//
//	# 80 of 91 times GET /
//	80 GET /
//	10 GET http://127.0.0.1:8081/stats
//	1 POST /form
//	   Content-Type: text/plain
//	   = the body, or @FILE
//
// The weight may be left away, and is 1 then; so may the method, which is GET. Lines
// that begin with a blank belong to the request before them. Errors say the line.
func (t *Targets) Parse(text string) ([]Weighted, error) {
	var all []Weighted
	n := 0
	for line := range strings.Lines(text) {
		n++
		line = strings.TrimRight(line, "\r\n")
		trimmed := strings.TrimSpace(line)
		if trimmed == "" || trimmed[0] == '#' {
			continue
		}
		var err error
		switch {
		case line[0] != ' ' && line[0] != '\t':
			var w Weighted
			if w, err = t.request(trimmed); err == nil {
				all = append(all, w)
			}
			if len(all) > maxTargets {
				err = fmt.Errorf("there are more than %d requests", maxTargets)
			}
		case len(all) == 0:
			err = errors.New("it begins with a blank, and there is no request before it that it could belong to")
		default:
			err = t.detail(&all[len(all)-1].Request, trimmed)
		}
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", n, err)
		}
	}
	if len(all) == 0 {
		return nil, errors.New("there is no request in it: write one in each line, such as \"80 GET /\"")
	}
	for i := range all {
		all[i].Header = merged(all[i].Header, t.Header)
	}
	return all, nil
}

// request reads [WEIGHT] [METHOD] TARGET.
func (t *Targets) request(line string) (Weighted, error) {
	w := Weighted{Weight: 1, Request: Request{Method: http.MethodGet}}
	words := strings.Fields(line)
	if x, err := strconv.ParseFloat(words[0], 64); err == nil {
		if !(x > 0 && x <= 1e9) {
			return w, fmt.Errorf("the weight %s is not above 0, or is beyond a thousand millions", words[0])
		}
		w.Weight, words = x, words[1:]
	}
	if len(words) > 1 {
		w.Method, words = words[0], words[1:]
		if err := CheckMethod(w.Method); err != nil {
			return w, err
		}
	}
	if len(words) != 1 {
		return w, errors.New("write it as WEIGHT METHOD TARGET, such as 80 GET /, or with a whole URL")
	}
	var err error
	switch target := words[0]; {
	case !strings.HasPrefix(target, "/"):
		w.Site, w.Target, err = ParseURL(target)
	case t.Site == nil:
		err = fmt.Errorf("%s says no host: name the site with --url, or write the whole URL", target)
	default:
		w.Site, w.Target = t.Site, target
		err = CheckTarget(target)
	}
	return w, err
}

// detail reads a line that belongs to a request.
func (t *Targets) detail(r *Request, line string) error {
	switch line[0] {
	case '@', '=':
		if r.Body != nil {
			return errors.New("the request has a body already")
		}
		if line[0] == '=' {
			r.Body = []byte(strings.TrimPrefix(line[1:], " "))
			return nil
		}
		var err error
		r.Body, err = t.File(strings.TrimSpace(line[1:]))
		return err
	}
	f, err := ParseField(line)
	r.Header = append(r.Header, f)
	return err
}

// merged adds the fields of all requests to those of one that it has not of its own.
func merged(own, all []Field) []Field {
	if len(own) == 0 {
		return all // shared
	}
	for _, f := range all {
		mine := false
		for _, o := range own {
			mine = mine || strings.EqualFold(o.Name, f.Name)
		}
		if !mine {
			own = append(own, f)
		}
	}
	return own
}
