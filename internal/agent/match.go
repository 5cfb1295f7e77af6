package agent

import "bytes"

// found is, for each part, the first rule that matches and where in the agent
// its pattern ends.
type found struct {
	rule [parts]int16 // len(rules) = none
	end  [parts]int16
}

// match walks once through an agent in lower case, behind which there are
// padding more bytes in memory, and keeps the first rule of each part.
func (x *index) match(low []byte) found {
	var f found
	for p := range f.rule {
		f.rule[p] = int16(len(x.rules))
	}
	padded := low[:len(low)+padding]
	inWord := false
	for i, c := range low {
		if !x.word[c] {
			if inWord {
				x.wordEnd(&f, low[:i])
				inWord = false
			}
			if c == '+' || c == '@' {
				x.contact(&f, low, i)
			}
			continue
		}
		if inWord {
			continue
		}
		inWord = true
		for at := x.heads[key(c, padded[i+1], padded[i+2])]; at != 0; {
			p := &x.patterns[at-1]
			if at-1 < f.rule[p.part] && x.matches(p, low, i) {
				f.rule[p.part], f.end[p.part] = at-1, int16(i+len(p.text))
			}
			at = p.next
		}
	}
	if inWord {
		x.wordEnd(&f, low)
	}
	return f
}

// matches tells whether p matches the word that begins at i.
func (x *index) matches(p *pattern, low []byte, i int) bool {
	end := i + len(p.text)
	// The last byte differs mostly, and costs less to compare than the text.
	return end <= len(low) && low[end-1] == p.text[len(p.text)-1] && string(low[i:end]) == p.text &&
		(p.open || end == len(low) || !x.word[low[end]]) &&
		(!p.atStart || i == 0)
}

// wordEnd asks the rules of words that end like a bot's name. The word is the
// last of text.
func (x *index) wordEnd(f *found, text []byte) {
	switch text[len(text)-1] {
	case 't':
		if bytes.HasSuffix(text, []byte("bot")) {
			x.propose(f, x.bot, len(text))
		}
	case 'r':
		if bytes.HasSuffix(text, []byte("crawler")) {
			x.propose(f, x.crawler, len(text))
		} else if bytes.HasSuffix(text, []byte("spider")) {
			x.propose(f, x.spider, len(text))
		}
	}
}

// contact asks the rules of links and e-mail addresses at a '+' or '@'.
func (x *index) contact(f *found, low []byte, i int) {
	rest := low[i+1:]
	switch {
	case low[i] == '+' && bytes.HasPrefix(rest, []byte("http")):
		x.propose(f, x.link, len(low))
	case low[i] == '@' && i > 0 && x.word[low[i-1]] && len(rest) > 0 && x.word[rest[0]]:
		x.propose(f, x.mail, len(low))
	}
}

// propose takes a rule of Bots unless an earlier one is there.
func (x *index) propose(f *found, rule int16, end int) {
	if rule < f.rule[Bots] {
		f.rule[Bots], f.end[Bots] = rule, int16(end)
	}
}

// rule returns the rule that decides a part and where its pattern ends; nil
// when none does.
func (x *index) rule(f *found, p Part) (r *Rule, end int) {
	if int(f.rule[p]) == len(x.rules) {
		return nil, 0
	}
	return &x.rules[f.rule[p]], int(f.end[p])
}

// version returns the major version of what r found, 0 where there is none.
func version(r *Rule, low []byte, end int) int {
	switch {
	case r.Version != 0:
		return max(0, r.Version)
	case r.After == "":
		return number(low, end)
	}
	if i := bytes.Index(low, []byte(r.After)); i >= 0 {
		return number(low, i+len(r.After))
	}
	return 0
}

// number reads the number that stands at i, or behind the word that i is in and
// one of "/", " ", "-": 4 in "curl/4.1", "Scan v4", "DirBuster-4". More than five
// digits are a date or a build, and no version.
func number(low []byte, i int) int {
	if i > 0 && known.word[low[i-1]] {
		for i < len(low) && known.word[low[i]] {
			i++
		}
		if i == len(low) || low[i] != '/' && low[i] != ' ' && low[i] != '-' {
			return 0
		}
		i++
	}
	if i < len(low) && low[i] == 'v' {
		i++
	}
	n := 0
	for first := i; i < len(low) && '0' <= low[i] && low[i] <= '9'; i++ {
		if i-first >= 5 {
			return 0
		}
		n = 10*n + int(low[i]-'0')
	}
	return n
}
