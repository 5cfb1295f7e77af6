package query

import (
	"errors"
	"math"
	"math/bits"
	"regexp/syntax"
	"strconv"
	"strings"
	"time"

	"weir/internal/unit"
)

// A value is what a field is compared with. Numbers and times are stretches:
// 5xx is 500 to 599.
type value struct {
	text     string // canonical
	low      int64
	high     int64
	from, to moment
	networks *networks // of an address or a network
	test     test      // of an operator on text
}

// compare makes the condition "field op words". A missing field equals the
// empty text, so that part of it becomes a condition of its own.
func (p *parser) compare(field column, op operator, words []word) (expr, error) {
	if field.Kind == Flag || field.Kind == Name && len(words) == 1 && (op == opEqual || op == opIn) && flag(words[0].text) != unknownFlag {
		return p.compareFlag(field, words[0])
	}
	c := condition{field: field, op: op}
	missing := false
	for _, w := range words {
		if (op == opEqual || op == opIn) && (w.text == "" || w.text == "-" && field.dash) {
			if field.always {
				return nil, p.fail(w.at, "every request has %s: compare it with a value", field.Name)
			}
			missing = true
			continue
		}
		if field.Kind == Name && op == opIn && flag(w.text) != unknownFlag {
			return nil, p.fail(w.at, "%s in a list of names: write %s or not %s", shown(w.text), field.Name, field.Name)
		}
		v, err := p.value(field, op, w)
		if err != nil {
			return nil, err
		}
		c.values = append(c.values, v)
	}
	if len(c.values) == 1 && (op == opEqual || op == opIn) {
		c.op = opEqual
		if n := c.values[0].networks; n != nil && !n.single {
			c.op = opIn // the word that reads well
		}
	}
	if !missing {
		return c, nil
	}
	absent := negate(condition{field: field, op: opExists})
	if len(c.values) == 0 {
		return absent, nil
	}
	// The canonical text of both may need parentheses that the words had not.
	if p.depth >= maxDepth {
		return nil, p.fail(words[0].at, "parentheses are nested more than %d deep: write the expression flatter", maxDepth-1)
	}
	return join[anyOf]([]expr{absent, c}), nil
}

// What a word says of a field that is yes or no.
const (
	unknownFlag = iota
	trueFlag
	falseFlag
)

func flag(s string) int {
	switch strings.ToLower(s) {
	case "true", "yes":
		return trueFlag
	case "false", "no":
		return falseFlag
	}
	return unknownFlag
}

func (p *parser) compareFlag(field column, w word) (expr, error) {
	e := expr(condition{field: field, op: opExists})
	switch flag(w.text) {
	case trueFlag:
		return e, nil
	case falseFlag:
		return negate(e), nil
	}
	return nil, p.fail(w.at, "%s is yes or no, not %s: write %s or not %s", field.Name, shown(w.text), field.Name, field.Name)
}

// value reads w as what field is compared with by op.
func (p *parser) value(field column, op operator, w word) (value, error) {
	var v value
	var err error
	switch field.Kind {
	case Text, Name:
		return p.textValue(field, op, w)
	case Address:
		if op == opEqual || op == opIn {
			v, err = addressValue(w.text)
			break
		}
		return p.textValue(field, op, w)
	case Status:
		v, err = statusValue(w.text)
	case Class:
		v, err = classValue(w.text)
	case Size:
		v, err = sizeValue(w.text)
	case Duration:
		v, err = durationValue(w.text)
	case Hour:
		v, err = hourValue(w.text)
	case Weekday:
		v, err = weekdayValue(w.text)
	case Moment:
		v, err = p.momentValue(w.text)
	}
	if err != nil {
		return value{}, p.fail(w.at, "%s", err)
	}
	return v, nil
}

// textValue reads a text. What is derived from user agents is compared in lower
// case, as Matcher has it.
func (p *parser) textValue(field column, op operator, w word) (value, error) {
	v := value{text: w.text}
	text := w.text
	if field.classify {
		text = strings.ToLower(text)
	}
	switch op {
	case opEqual, opIn:
		v.test = equal(text)
	case opContains:
		v.test = contains(text)
	case opStarts:
		v.test = prefix(text)
	case opEnds:
		v.test = suffix(text)
	case opLike:
		v.test = newWildcard(text)
	case opMatches, opMatchesFold:
		t, err := newPattern(w.text, op == opMatchesFold || field.classify, &p.budget)
		var bad *syntax.Error
		switch {
		case errors.As(err, &bad):
			return value{}, p.fail(w.at, "the regular expression is wrong: %s: %s", bad.Code, shown(bad.Expr))
		case err != nil:
			return value{}, p.fail(w.at, "%s", err)
		}
		v.test = t
	}
	return v, nil
}

// complaint is the sentence for a value that cannot be read.
func complaint(s, what, write string) error {
	return errors.New(shown(s) + " is no " + what + ": write " + write)
}

func statusValue(s string) (value, error) {
	if v, err := classValue(s); err == nil && len(s) == 3 {
		return value{text: v.text, low: v.low * 100, high: v.low*100 + 99}, nil
	}
	n, err := strconv.ParseUint(s, 10, 16)
	if err != nil || n < 100 || n > 999 {
		return value{}, complaint(s, "status", "a number from 100 to 999 or a class such as 5xx")
	}
	return number(int64(n)), nil
}

// classValue reads 5xx or 5.
func classValue(s string) (value, error) {
	digit, _ := strings.CutSuffix(strings.ToLower(s), "xx")
	if len(digit) != 1 || digit[0] < '1' || digit[0] > '9' {
		return value{}, complaint(s, "class of statuses", "one such as 5xx")
	}
	n := int64(digit[0] - '0')
	return value{text: digit + "xx", low: n, high: n}, nil
}

func hourValue(s string) (value, error) {
	n, err := strconv.ParseUint(s, 10, 8)
	if err != nil || n > 23 {
		return value{}, complaint(s, "hour", "a number from 0 to 23")
	}
	return number(int64(n)), nil
}

func number(n int64) value {
	return value{text: strconv.FormatInt(n, 10), low: n, high: n}
}

func weekdayValue(s string) (value, error) {
	for d := time.Sunday; d <= time.Saturday; d++ {
		name := strings.ToLower(d.String())
		if given := strings.ToLower(s); given == name || given == name[:3] {
			return value{text: name[:3], low: int64(d), high: int64(d)}, nil
		}
	}
	return value{}, complaint(s, "day of the week", "mon, tue, wed, thu, fri, sat or sun")
}

// sizeValue reads a number of bytes with an SI (kB, MB) or binary unit (KiB,
// MiB; IEC 80000-13). A fraction of a byte is cut.
func sizeValue(s string) (value, error) {
	wrong := complaint(s, "size", "bytes, or a number with kB, MB, GB, KiB, MiB, GiB")
	digits := len(s) - len(strings.TrimLeft(s, "0123456789."))
	size, ok := sizeUnit(strings.ToLower(strings.TrimSpace(s[digits:])))
	whole, fraction, point := strings.Cut(s[:digits], ".")
	if !ok || whole == "" || point && fraction == "" || strings.Contains(fraction, ".") {
		return value{}, wrong
	}
	n, err := strconv.ParseUint(whole, 10, 64)
	high, low := bits.Mul64(n, size)
	if err != nil || high != 0 {
		return value{}, wrong
	}
	if fraction = fraction[:min(len(fraction), 18)]; fraction != "" {
		f, _ := strconv.ParseUint(fraction, 10, 64)
		power := uint64(1)
		for range len(fraction) {
			power *= 10
		}
		fhigh, flow := bits.Mul64(f, size)
		part, _ := bits.Div64(fhigh, flow, power)
		low += part
	}
	if low > math.MaxInt64 || low < n {
		return value{}, wrong
	}
	return number(int64(low)), nil
}

func sizeUnit(name string) (uint64, bool) {
	name = strings.TrimSuffix(name, "b")
	if name == "" {
		return 1, true
	}
	step := uint64(1000)
	prefix, binary := strings.CutSuffix(name, "i")
	if binary {
		step = 1024
	}
	i := strings.Index("kmgtpe", prefix)
	if len(prefix) != 1 || i < 0 {
		return 0, false
	}
	size := step
	for range i {
		size *= step
	}
	return size, true
}

func durationValue(s string) (value, error) {
	if s != "" && strings.Trim(s, "0123456789.") == "" {
		return value{}, errors.New(shown(s) + " has no unit: write " + s[:min(len(s), 20)] + "ms or " + s[:min(len(s), 20)] + "s")
	}
	d, err := unit.ParseSpan(s)
	if err != nil {
		return value{}, complaint(s, "duration", "250ms, 1.5s or 2m")
	}
	return value{text: d.String(), low: int64(d), high: int64(d)}, nil
}

// momentValue reads a time. One without a fraction is its whole second, so that
// = finds something in logs with fractions.
func (p *parser) momentValue(s string) (value, error) {
	if len(s) > 64 {
		return value{}, complaint(s, "time", "14:30, -2h or 2026-03-10T14:30:00Z")
	}
	t, err := unit.ParseTime(s, p.options.Now, p.options.Zone)
	if err != nil {
		return value{}, err
	}
	if y := t.UTC().Year(); y < 1 || y > 9999 {
		return value{}, complaint(s, "time", "one in the years 1 to 9999")
	}
	// RFC 3339 has neither seconds in the offset nor years of five digits.
	if _, offset := t.Zone(); offset%60 != 0 || t.Year() < 1 || t.Year() > 9999 {
		t = t.UTC()
	}
	from := moment{t.Unix(), int32(t.Nanosecond())}
	to := from
	if from.nanos == 0 {
		to.nanos = lastNano
	}
	return value{text: t.Format(time.RFC3339Nano), from: from, to: to}, nil
}
