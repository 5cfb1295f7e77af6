// Package plot draws the rates of counters over time.
//
//	Chart ──> scene ──> PNG, SVG, PDF, JPG, GIF   (Encode, Replace)
//	      └─> lines of text for a terminal        (Preview)
//
// All pictures are one scene on different canvases of gonum's vg, so they look the same.
// The same Chart gives the same bytes, but for a PDF, which says when it was made. Every
// name passes the gate of escape: a control character is no XML, either.
package plot

import (
	"fmt"
	"image/color"
	"math"
	"strings"
	"time"

	"weir/internal/escape"
	"weir/internal/rates"
)

// A Chart is what is drawn. It is read only.
type Chart struct {
	Title    string
	Series   []Series
	Windows  []time.Duration // of the lines of each Series, rising
	Main     int             // the window that figures are given of
	From, To int64           // what is shown, milliseconds since 1970
	Gaps     []rates.Span    // of which nothing is known
	Resets   []rates.Mark    // when counters began anew, in the order of time
	Alerts   []rates.Span    // To is 0 for one that is open
	// Threshold is drawn where it is above 0.
	Threshold float64
	Zone      *time.Location // of the times shown; nil is UTC
}

// A Series is a counter with a line for each window.
type Series struct {
	Name  string
	Lines []rates.Line
}

// Options say how a picture looks. The zero value cannot be used: it has no size.
type Options struct {
	Width, Height int  // pixels; a vector format has 96 of them an inch
	Dark          bool // light lines on a dark ground
	Log           bool // the rates on a logarithmic scale, on which there is no 0
	Stack         bool // a panel for each window, not one for all
}

// Smallest and Largest bound the width and height of a picture, in pixels.
const (
	Smallest = 200
	Largest  = 10_000
)

// Columns is how many points of a line can be told apart in a picture so wide.
func Columns(width int) int { return max(1, width-2*sideMargin) }

// A theme is a set of colours.
type theme struct {
	ground, ink, muted, mesh, gap, alert color.NRGBA
	lines                                []color.NRGBA
}

// hex makes a colour of 0xRRGGBB.
func hex(rgb uint32) color.NRGBA {
	return color.NRGBA{R: uint8(rgb >> 16), G: uint8(rgb >> 8), B: uint8(rgb), A: 255}
}

// faint returns a colour of which a part is seen, out of 255.
func faint(c color.NRGBA, alpha uint8) color.NRGBA {
	c.A = alpha
	return c
}

// themeOf returns the colours. Those of lines keep apart for most who do not see
// all colours; in front are those of the classes of status.
func themeOf(dark bool) theme {
	if dark {
		return theme{
			ground: hex(0x14181d), ink: hex(0xe6e9ed), muted: hex(0x98a2ad), mesh: hex(0x2b323a),
			gap: hex(0x232930), alert: hex(0xff5c5c),
			lines: []color.NRGBA{hex(0x3fc79a), hex(0x5aa9f0), hex(0xf2b134), hex(0xf0609e), hex(0xb9c1cb), hex(0xa78bfa), hex(0x5fd4e6), hex(0xe58a5c)},
		}
	}
	return theme{
		ground: hex(0xffffff), ink: hex(0x1d2329), muted: hex(0x66707a), mesh: hex(0xe4e7eb),
		gap: hex(0xf0f1f3), alert: hex(0xd92d20),
		lines: []color.NRGBA{hex(0x00855f), hex(0x1f6fc4), hex(0xd98200), hex(0xc2185b), hex(0x4a5560), hex(0x7c4ddb), hex(0x0e8fa6), hex(0xa8501f)},
	}
}

// hue returns which colour of a theme each Series has: the class of status in its name
// decides, and what has none takes what is left.
func hues(all []Series) []int {
	const colours = 8
	var used [colours]int
	out := make([]int, len(all))
	take := func(i, hue int) {
		out[i] = hue
		used[hue]++
	}
	for i := range all {
		out[i] = -1
		name := all[i].Name[strings.LastIndexByte(all[i].Name, ' ')+1:]
		hue := -1
		switch {
		case name == "hits":
			hue = 4
		case len(name) < 3:
		case name[0] >= '2' && name[0] <= '5' && (name[1] == 'x' || name[1] >= '0' && name[1] <= '9'):
			hue = int(name[0] - '2')
		}
		if hue >= 0 && used[hue] == 0 {
			take(i, hue)
		}
	}
	for i := range all {
		if out[i] >= 0 {
			continue
		}
		least := 0
		for hue := range colours {
			if used[hue] < used[least] {
				least = hue
			}
		}
		take(i, least)
	}
	return out
}

// clean lets a name through the gate, and cuts it where it is long.
func clean(name string) string {
	const most = 120
	text := []rune(escape.Terminal([]byte(name)))
	if len(text) > most {
		return string(text[:most-1]) + "…"
	}
	return string(text)
}

// rate writes a rate in three digits.
func rate(v float64) string {
	if math.IsNaN(v) {
		return "-"
	}
	return short(v) + "/s"
}

// short writes a number in three digits, with k, M, G and so on for thousands.
func short(v float64) string {
	sign := ""
	if v < 0 {
		sign, v = "-", -v
	}
	for _, unit := range []struct {
		size float64
		name string
	}{{1e15, "P"}, {1e12, "T"}, {1e9, "G"}, {1e6, "M"}, {1e3, "k"}} {
		if v >= unit.size*0.9995 {
			return sign + digits(v/unit.size) + unit.name
		}
	}
	if v > 0 && v < 0.0005 {
		return sign + fmt.Sprintf("%.1e", v)
	}
	return sign + digits(v)
}

func digits(v float64) string {
	places := 0
	switch {
	case v < 0.0995:
		places = 3
	case v < 9.995:
		places = 2
	case v < 99.95:
		places = 1
	}
	text := fmt.Sprintf("%.*f", places, v)
	if strings.Contains(text, ".") {
		text = strings.TrimRight(strings.TrimRight(text, "0"), ".")
	}
	return text
}

// zone returns where times are shown in.
func (c *Chart) zone() *time.Location {
	if c.Zone == nil {
		return time.UTC
	}
	return c.Zone
}

// zoneName names the zone in a corner of the picture.
func (c *Chart) zoneName() string {
	t := time.UnixMilli(c.From).In(c.zone())
	name := c.zone().String()
	if name == "Local" {
		name, _ = t.Zone()
	}
	if name == "UTC" {
		return name
	}
	offset := t.Format("-07:00")
	if end := time.UnixMilli(c.To).In(c.zone()).Format("-07:00"); end != offset {
		offset += ", then " + end
	}
	if strings.HasPrefix(name, "+") || strings.HasPrefix(name, "-") {
		return "UTC" + offset
	}
	return name + " (" + offset + ")"
}

// moment writes a time for a legend: with the date where the chart has several.
func (c *Chart) moment(at int64) string {
	t := time.UnixMilli(at).In(c.zone())
	from, to := time.UnixMilli(c.From).In(c.zone()), time.UnixMilli(c.To).In(c.zone())
	if from.Format(time.DateOnly) == to.Format(time.DateOnly) {
		return t.Format(time.TimeOnly)
	}
	return t.Format(time.DateTime)
}
