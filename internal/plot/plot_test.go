package plot

import (
	"bytes"
	"cmp"
	"encoding/xml"
	"errors"
	"flag"
	"fmt"
	"image"
	_ "image/gif"
	_ "image/jpeg"
	_ "image/png"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"weir/internal/rates"
)

var update = flag.Bool("update", false, "rewrite the golden pictures")

// berlin is a zone whose clocks are set twice a year.
func berlin(t *testing.T) *time.Location {
	t.Helper()
	zone, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Skip("no time zones here")
	}
	return zone
}

// site is a counter of each class, looked at every 10 s for so many minutes: a wave, with a
// restart and a gap where there is room for them.
func site(minutes int64) []rates.Series {
	var at []int64
	values := [3][]float64{}
	sum := [3]float64{}
	for i := range minutes * 6 {
		t := float64(i) / float64(minutes*6)
		if i == minutes*4 {
			sum = [3]float64{}
		}
		if t < 0.4 || t > 0.45 {
			at = append(at, 1773151500000+i*10_000)
			for k := range values {
				values[k] = append(values[k], sum[k])
			}
		}
		wave := 40 + 30*math.Sin(t*9)
		sum[0] += math.Round(wave * 10)
		sum[1] += math.Round(wave) + float64(i%7)
		if i%13 == 0 {
			sum[2] += 3
		}
	}
	var all []rates.Series
	for k, name := range []string{"200s", "404s", "500s"} {
		all = append(all, rates.Series{Name: name, At: at, Values: values[k], Gap: rates.UsualGap(at)})
	}
	return all
}

// chart draws series over windows.
func chart(all []rates.Series, columns int, windows ...time.Duration) *Chart {
	at := all[0].At
	c := &Chart{Title: "stats.tsv", Windows: windows, From: at[0], To: at[len(at)-1], Gaps: all[0].Gaps(), Zone: time.UTC}
	for i := range all {
		s := Series{Name: all[i].Name}
		for _, w := range windows {
			s.Lines = append(s.Lines, all[i].Line(rates.Cut{Window: w.Milliseconds(), From: c.From, To: c.To, Columns: columns}))
		}
		c.Series = append(c.Series, s)
		c.Resets = append(c.Resets, all[i].Resets()...)
	}
	slices.SortStableFunc(c.Resets, func(a, b rates.Mark) int { return cmp.Compare(a.At, b.At) })
	return c
}

func TestPicturesAreThoseOfTheBook(t *testing.T) {
	const columns = 300
	small := Options{Width: 700, Height: 320}
	one := site(60)[:1]
	first := chart(site(3), columns, time.Minute)
	several := chart(site(60), columns, 10*time.Second, time.Minute, 10*time.Minute)
	several.Main = 1
	alerts := chart(site(60), columns, time.Minute)
	alerts.Threshold, alerts.Alerts = 50, []rates.Span{{From: alerts.From + 300_000, To: alerts.From + 900_000}, {From: alerts.To - 400_000}}
	dst := chart(site(24*60), columns, 10*time.Minute)
	shift := int64(1792879200000) - dst.From // 2026-10-24 22:00 UTC, the night before clocks go back
	for _, s := range dst.Series {
		for _, l := range s.Lines {
			for i := range l.Points {
				l.Points[i].At += shift
			}
		}
	}
	dst.From, dst.To, dst.Zone, dst.Gaps, dst.Resets = dst.From+shift, dst.To+shift, berlin(t), nil, nil
	hostile := chart(one, columns, time.Minute)
	hostile.Title = "<script>\x1b[31m&\u202e" + strings.Repeat("long ", 40)
	hostile.Series[0].Name = "a\"<b>\x00"
	for name, c := range map[string]struct {
		chart *Chart
		Options
	}{
		"one":          {chart(one, columns, time.Minute), small},
		"many-dark":    {chart(site(60), columns, time.Minute), Options{Width: 700, Height: 320, Dark: true}},
		"windows":      {several, small},
		"stack":        {several, Options{Width: 700, Height: 700, Stack: true}},
		"log":          {chart(site(60), columns, time.Minute), Options{Width: 700, Height: 320, Log: true}},
		"alerts":       {alerts, small},
		"first-minute": {first, small},
		"clocks-back":  {dst, small},
		"hostile":      {hostile, Options{Width: 300, Height: 200}},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := Encode(SVG, c.chart, c.Options)
			if err != nil {
				t.Fatal(err)
			}
			if again, _ := Encode(SVG, c.chart, c.Options); !bytes.Equal(got, again) {
				t.Error("the same chart gave other bytes")
			}
			for d := xml.NewDecoder(bytes.NewReader(got)); ; {
				if _, err := d.Token(); errors.Is(err, io.EOF) {
					break
				} else if err != nil {
					t.Fatalf("this is no XML: %v", err)
				}
			}
			if bytes.Contains(got, []byte("NaN")) || bytes.Contains(got, []byte("Inf")) {
				t.Error("the picture has a place that is none")
			}
			file := filepath.Join("testdata", name+".svg")
			if *update {
				if err := os.WriteFile(file, got, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(got, want) {
				t.Errorf("the picture is not that of %s; look at it, then -update", file)
			}
		})
	}
}

func TestPicturesOfDotsHaveTheirSizeAndTheirColours(t *testing.T) {
	c := chart(site(60), 300, time.Minute)
	for _, dark := range []bool{false, true} {
		o := Options{Width: 640, Height: 300, Dark: dark}
		for _, kind := range []Kind{PNG, JPG, GIF} {
			data, err := Encode(kind, c, o)
			if err != nil {
				t.Fatal(err)
			}
			picture, format, err := image.Decode(bytes.NewReader(data))
			if err != nil {
				t.Fatalf("%s: %v", kind, err)
			}
			if kind == JPG && format != "jpeg" || kind != JPG && format != string(kind) {
				t.Errorf("%s: it is a %s", kind, format)
			}
			if b := picture.Bounds(); b.Dx() != 640 || b.Dy() != 300 {
				t.Errorf("%s: got %v", kind, b)
			}
			ground, line := themeOf(dark).ground, themeOf(dark).lines[0]
			if r, g, b, _ := picture.At(1, 1).RGBA(); far(r, ground.R) || far(g, ground.G) || far(b, ground.B) {
				t.Errorf("%s: the ground is %d %d %d", kind, r>>8, g>>8, b>>8)
			}
			found := false
			for y := range 300 {
				for x := range 640 {
					r, g, b, _ := picture.At(x, y).RGBA()
					found = found || !far(r, line.R) && !far(g, line.G) && !far(b, line.B)
				}
			}
			if !found {
				t.Errorf("%s: no line of 200s", kind)
			}
		}
	}
}

// TestAPDFNeedsNothingButMemory: no folder for temporary files, in which a kill would leave
// some. It has two fonts, letters of the whole world, and is the same each time.
func TestAPDFNeedsNothingButMemory(t *testing.T) {
	for _, name := range []string{"TMPDIR", "TMP", "TEMP"} {
		t.Setenv(name, filepath.Join(t.TempDir(), "none"))
	}
	c := chart(site(60), 300, time.Minute)
	c.Title = "Žluťoučký kůň"
	first, err := Encode(PDF, c, Options{Width: 640, Height: 300})
	if err != nil || !bytes.HasPrefix(first, []byte("%PDF-")) || !bytes.Contains(first, []byte("%%EOF")) {
		t.Fatalf("%v, %d bytes", err, len(first))
	}
	if n := bytes.Count(first, []byte("/FontFile2 ")); n != 2 {
		t.Errorf("%d fonts, want the bold one and the other", n)
	}
	second, err := Encode(PDF, c, Options{Width: 640, Height: 300})
	if err != nil || !bytes.Equal(first, second) {
		t.Errorf("drawn again it is another: %v", err)
	}
	if len(first) > 100_000 {
		t.Errorf("%d bytes: fonts are there whole, with letters that nobody needs", len(first))
	}
}

// TestTextsOfAnSVGAreAsWideAsTheyWereDrawn, whatever fonts there are where it is looked at.
func TestTextsOfAnSVGAreAsWideAsTheyWereDrawn(t *testing.T) {
	c := chart(site(60), 300, time.Minute)
	c.Title = "<text x>" // is no element
	svg, err := Encode(SVG, c, Options{Width: 640, Height: 300})
	if err != nil {
		t.Fatal(err)
	}
	var wide []float64
	for d := xml.NewDecoder(bytes.NewReader(svg)); ; {
		token, err := d.Token()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if e, ok := token.(xml.StartElement); ok && e.Name.Local == "text" {
			var w float64
			for _, a := range e.Attr {
				if a.Name.Local == "textLength" {
					w, _ = strconv.ParseFloat(a.Value, 64)
				}
			}
			wide = append(wide, w)
		}
	}
	if len(wide) < 10 || slices.Min(wide) <= 0 {
		t.Errorf("widths: %v", wide)
	}
}

func far(wide uint32, narrow uint8) bool {
	d := int(wide>>8) - int(narrow)
	return d > 12 || d < -12
}

func TestAPeakOfAMillionIsADotOfThePicture(t *testing.T) {
	at, values, sum := make([]int64, 1_000_000), make([]float64, 1_000_000), 0.0
	for i := range at {
		at[i], values[i] = int64(i)*10_000, sum
		if sum += 100; i == 777_777 {
			sum += 1_000_000
		}
	}
	c := chart([]rates.Series{{Name: "hits", At: at, Values: values, Gap: 25_000}}, Columns(800), time.Minute)
	if got, want := c.Series[0].Lines[0].Max, 10+1_000_000.0/60; math.Abs(got-want) > 1e-6 {
		t.Fatalf("the largest rate: got %v, want %v", got, want)
	}
	if n := len(c.Series[0].Lines[0].Points); n > 5*800 {
		t.Errorf("%d points", n)
	}
	data, err := Encode(PNG, c, Options{Width: 800, Height: 300})
	if err != nil {
		t.Fatal(err)
	}
	picture, _, err := image.Decode(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	ink, found := themeOf(false).lines[4], false
	for x := 600; x < 660; x++ { // three quarters of the way, half the height up
		r, g, b, _ := picture.At(x, 170).RGBA()
		found = found || int(r>>8)+int(g>>8)+int(b>>8) < int(ink.R)+int(ink.G)+int(ink.B)+120
	}
	if !found {
		t.Error("the peak is not in the picture")
	}
}

func TestTicksAreRoundOnTheClocksOfTheZone(t *testing.T) {
	zone := berlin(t)
	utc := func(s string) int64 {
		at, err := time.Parse("2006-01-02 15:04:05", s)
		if err != nil {
			t.Fatal(err)
		}
		return at.UnixMilli()
	}
	kolkata := time.FixedZone("+0530", 5*3600+1800)
	for _, c := range []struct {
		from, to string
		zone     *time.Location
		most     int
		want     string
	}{
		{"2026-03-10 14:05:03", "2026-03-10 14:05:29", time.UTC, 6, "14:05:05/2026-03-10 14:05:10 14:05:15 14:05:20 14:05:25"},
		{"2026-03-10 14:05:03", "2026-03-10 14:35:00", time.UTC, 6, "14:10/2026-03-10 14:15 14:20 14:25 14:30 14:35"},
		{"2026-03-10 00:10:00", "2026-03-10 07:00:00", kolkata, 8, "06:00/2026-03-10 07:00 08:00 09:00 10:00 11:00 12:00"},
		{"2026-03-10 20:00:00", "2026-03-11 08:00:00", zone, 7, "22:00/2026-03-10 00:00/2026-03-11 02:00 04:00 06:00 08:00"},
		// 02:00 to 03:00 does not exist; from 03:00 to 06:00 it is three hours.
		{"2026-03-28 22:00:00", "2026-03-29 06:00:00", zone, 9, "23:00/2026-03-28 00:00/2026-03-29 01:00 03:00/CEST 04:00 05:00 06:00 07:00 08:00"},
		// 02:00 comes twice.
		{"2026-10-24 22:00:00", "2026-10-25 04:00:00", zone, 9, "00:00/2026-10-25 01:00 02:00 02:00/CET 03:00 04:00 05:00"},
		{"2026-10-24 10:00:00", "2026-10-26 10:00:00", zone, 8, "12:00/2026-10-24 18:00 00:00/2026-10-25 06:00/CET 12:00 18:00 00:00/2026-10-26 06:00"},
		{"2026-03-27 00:00:00", "2026-03-31 00:00:00", zone, 5, "Mar 28/2026 Mar 29 Mar 30 Mar 31"},
		{"2026-03-01 00:00:00", "2026-04-20 00:00:00", time.UTC, 8, "Mar 2/2026 Mar 9 Mar 16 Mar 23 Mar 30 Apr 6 Apr 13 Apr 20"},
		{"2025-11-20 00:00:00", "2026-04-20 00:00:00", time.UTC, 8, "Dec/2025 Jan/2026 Feb Mar Apr"},
		{"2019-11-20 00:00:00", "2026-04-20 00:00:00", time.UTC, 8, "2020 2021 2022 2023 2024 2025 2026"},
	} {
		var got []string
		for _, k := range timeTicks(utc(c.from), utc(c.to), c.zone, c.most) {
			label := k.label
			if k.date != "" {
				label += "/" + k.date
			}
			got = append(got, label)
		}
		if s := strings.Join(got, " "); s != c.want {
			t.Errorf("%s to %s\n got  %s\n want %s", c.from, c.to, s, c.want)
		}
	}
	for span := int64(1); span < 1<<45; span *= 3 { // from a millisecond to a thousand years
		for _, most := range []int{1, 5, 12} {
			if n := len(timeTicks(0, span, zone, most)); n > most+2 {
				t.Errorf("%d ms: %d ticks, at most %d were wanted", span, n, most)
			}
		}
	}
}

func TestScalesAreRoundAndHaveRoomForAll(t *testing.T) {
	for _, c := range []struct {
		lo, hi float64
		want   string
	}{
		{0, 71.4, "[0 20 40 60 80]"},
		{0, 0.07, "[0 0.02 0.04 0.06 0.08]"},
		{0, 100, "[0 20 40 60 80 100]"},
		{0, math.NaN(), "[0 0.2 0.4 0.6 0.8 1]"},
		{0, 0, "[0 0.2 0.4 0.6 0.8 1]"},
		{-90, 40, "[-100 -50 0 50]"},
		{0, 1234567, "[0 500000 1e+06 1.5e+06]"},
	} {
		s := newScale(c.lo, c.hi, math.NaN(), false, 5)
		var got []string
		for _, v := range s.ticks {
			got = append(got, fmt.Sprintf("%.6g", v))
		}
		if text := "[" + strings.Join(got, " ") + "]"; text != c.want {
			t.Errorf("%v to %v: got %s, want %s", c.lo, c.hi, text, c.want)
		}
		if !math.IsNaN(c.hi) && (s.at(c.hi) > 1+1e-9 || s.at(c.lo) < -1e-9) {
			t.Errorf("%v to %v lie outside, at %v and %v", c.lo, c.hi, s.at(c.lo), s.at(c.hi))
		}
	}
	s := newScale(0, 250, 0.3, true, 8)
	if got := fmt.Sprintf("%.3g", s.ticks); got != "[0.1 1 10 100 1e+03]" {
		t.Errorf("logarithmic: got %s", got)
	}
	if !math.IsNaN(s.at(0)) || math.Abs(s.at(10)-0.5) > 1e-9 {
		t.Errorf("logarithmic: 0 at %v, 10 at %v", s.at(0), s.at(10))
	}
}

func TestNumbersHaveThreeDigits(t *testing.T) {
	for v, want := range map[float64]string{
		0: "0", 0.083333: "0.083", 0.5: "0.5", 1.2345: "1.23", 9.999: "10", 12.345: "12.3", 99.96: "100", 123.4: "123", 999.4: "999", 999.6: "1k",
		1234: "1.23k", 500_000: "500k", 1.5e6: "1.5M", 2e9: "2G", 0.0001: "1.0e-04", -90: "-90", 1e18: "1000P",
	} {
		if got := short(v); got != want {
			t.Errorf("%v: got %s, want %s", v, got, want)
		}
	}
}

func TestPreviewsAreThoseOfTheBook(t *testing.T) {
	c := chart(site(60), PreviewColumns(80), time.Minute, 10*time.Minute)
	c.Alerts = []rates.Span{{From: c.From, To: c.From + 60_000}, {From: c.To - 5000}}
	one := chart(site(60)[:1], PreviewColumns(60), time.Minute)
	short := chart(site(1), PreviewColumns(40), time.Minute)
	hostile := chart(site(60)[:1], PreviewColumns(60), time.Minute)
	hostile.Title, hostile.Series[0].Name = "\x1b[2J", "\x9b\u202e"
	var b strings.Builder
	for _, p := range []struct {
		name  string
		chart *Chart
		Screen
	}{
		{"three", c, Screen{Cells: 80, Lines: 24}},
		{"blocks", one, Screen{Cells: 60, Lines: 20, Blocks: true}},
		{"logarithmic", one, Screen{Cells: 60, Lines: 16, Log: true}},
		{"too short", short, Screen{Cells: 20, Lines: 5}},
		{"hostile", hostile, Screen{Cells: 60, Lines: 10}},
	} {
		text := Preview(p.chart, p.Screen)
		fmt.Fprintf(&b, "== %s\n%s", p.name, text)
		if strings.ContainsAny(text, "\x1b\u009b\u202e") {
			t.Errorf("%s: what steers a terminal came through", p.name)
		}
	}
	if colour := Preview(one, Screen{Cells: 60, Lines: 20, Color: true}); !strings.Contains(colour, "\x1b[1;32m200s\x1b[0m") {
		t.Error("no colour")
	}
	const file = "testdata/previews.txt"
	if *update {
		if err := os.WriteFile(file, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if b.String() != string(want) {
		t.Errorf("the previews are not those of %s:\n%s", file, b.String())
	}
}

func TestKindsAreReadFromEndings(t *testing.T) {
	for name, want := range map[string]Kind{"a.png": PNG, "b/c.SVG": SVG, "x.jpeg": JPG, "x.jpg": JPG, "x.gif": GIF, "x.y.pdf": PDF} {
		if got, err := KindOf(name); got != want || err != nil {
			t.Errorf("%s: got %q, %v", name, got, err)
		}
	}
	for name, want := range map[string]string{"rates": "has no ending", "rates.": "has no ending", "a.webp": "the ending .webp of a.webp is none"} {
		if _, err := KindOf(name); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

func BenchmarkEncodeOfFullColumns(b *testing.B) {
	var s rates.Line
	for i := range int64(4640) {
		s.Points = append(s.Points, rates.Point{At: i, Value: float64(i * 7919 % 1000)})
	}
	c := &Chart{Series: []Series{{Name: "x", Lines: []rates.Line{s}}}, Windows: []time.Duration{time.Minute}, To: 4640}
	for b.Loop() {
		if _, err := Encode(PNG, c, Options{Width: 1200, Height: 480}); err != nil {
			b.Fatal(err)
		}
	}
}
