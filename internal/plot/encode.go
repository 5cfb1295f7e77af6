package plot

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"html"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/vgimg"
	"gonum.org/v1/plot/vg/vgsvg"
)

// A Kind is a format of pictures, named by the usual ending of its files.
type Kind string

// The kinds that are written.
const (
	PNG Kind = "png"
	SVG Kind = "svg"
	PDF Kind = "pdf"
	JPG Kind = "jpg"
	GIF Kind = "gif"
)

// ParseKind reads the name of a kind.
func ParseKind(name string) (Kind, error) {
	switch kind := Kind(strings.ToLower(name)); kind {
	case PNG, SVG, PDF, JPG, GIF:
		return kind, nil
	case "jpeg":
		return JPG, nil
	}
	return "", errors.New("must be png, svg, pdf, jpg or gif")
}

// KindOf returns the kind that the ending of a file's name says.
func KindOf(name string) (Kind, error) {
	ending := filepath.Ext(name)
	if ending == "" || ending == "." {
		return "", fmt.Errorf("the name %s has no ending that says what to draw: end it in .png, .svg, .pdf, .jpg or .gif", name)
	}
	kind, err := ParseKind(ending[1:])
	if err != nil {
		return "", fmt.Errorf("the ending %s of %s is none that can be drawn: end it in .png, .svg, .pdf, .jpg or .gif", ending, name)
	}
	return kind, nil
}

// jpegQuality keeps text readable: at 80 letters have halos.
const jpegQuality = 95

// Encode returns the picture of a chart.
func Encode(kind Kind, c *Chart, o Options) ([]byte, error) {
	w, h := vg.Length(o.Width)*pixel, vg.Length(o.Height)*pixel
	var b bytes.Buffer
	switch kind {
	case SVG:
		canvas := &drawing{Canvas: vgsvg.New(w, h)}
		paint(canvas, c, o)
		if _, err := canvas.WriteTo(&b); err != nil {
			return nil, err
		}
		return canvas.fit(named(b.Bytes(), c.Title)), nil
	case PDF:
		canvas := newPage(w, h, clean(c.Title), time.UnixMilli(c.To).UTC())
		paint(canvas, c, o)
		return canvas.bytes()
	}
	canvas := vgimg.NewWith(vgimg.UseImage(image.NewRGBA(image.Rect(0, 0, o.Width, o.Height))), vgimg.UseDPI(96))
	paint(canvas, c, o)
	picture := canvas.Image()
	var err error
	switch kind {
	case JPG:
		err = jpeg.Encode(&b, picture, &jpeg.Options{Quality: jpegQuality})
	case GIF:
		err = gif.Encode(&b, reduced(picture), nil)
	default:
		err = png.Encode(&b, picture)
	}
	return b.Bytes(), err
}

// A drawing is an SVG that knows how wide its texts are.
type drawing struct {
	*vgsvg.Canvas
	wide []float64 // points
}

// FillString implements canvas.
func (d *drawing) FillString(face font.Face, at vg.Point, text string) {
	d.wide = append(d.wide, face.Width(text).Points())
	d.Canvas.FillString(face, at, text)
}

// fit makes each text of an SVG as wide as it was drawn: where the font is not installed the
// legend would run into itself otherwise. Double spaces stay double.
func (d *drawing) fit(svg []byte) []byte {
	const text = "<text "
	var out []byte
	for _, wide := range d.wide {
		before, after, ok := bytes.Cut(svg, []byte(text))
		if !ok {
			break
		}
		out = fmt.Appendf(append(out, before...), `%sxml:space="preserve" textLength="%.5g" lengthAdjust="spacingAndGlyphs" `, text, wide)
		svg = after
	}
	return append(out, svg...)
}

// named gives an SVG a title, which browsers and screen readers tell, and other fonts of the
// same widths for where Liberation Sans is not installed.
func named(svg []byte, title string) []byte {
	svg = bytes.ReplaceAll(svg, []byte("font-family:Liberation Sans;font-variant:normal;"), []byte("font-family:'Liberation Sans',Arial,Helvetica,sans-serif;"))
	head, body, ok := bytes.Cut(svg, []byte("xlink\">\n"))
	if !ok {
		return svg
	}
	out := append(bytes.Clone(head), "xlink\">\n<title>"...)
	out = append(out, html.EscapeString(clean(title))...)
	out = append(out, "</title>\n"...)
	return append(out, body...)
}

// reduced returns a picture of the 256 most frequent colours. Others, at the edges of lines,
// become the nearest of them. The ready palettes were looked at: they tint the ground.
func reduced(picture image.Image) *image.Paletted {
	bounds := picture.Bounds()
	count := map[color.RGBA]int{}
	for y := bounds.Min.Y; y < bounds.Max.Y; y++ {
		for x := bounds.Min.X; x < bounds.Max.X; x++ {
			count[rgba(picture, x, y)]++
		}
	}
	all := make([]color.RGBA, 0, len(count))
	for c := range count {
		all = append(all, c)
	}
	slices.SortFunc(all, func(a, b color.RGBA) int {
		return cmp.Or(cmp.Compare(count[b], count[a]), cmp.Compare(a.R, b.R), cmp.Compare(a.G, b.G), cmp.Compare(a.B, b.B))
	})
	var palette color.Palette
	for _, c := range all[:min(256, len(all))] {
		palette = append(palette, c)
	}
	out := image.NewPaletted(bounds, palette)
	nearest := map[color.RGBA]uint8{}
	for y := bounds.Min.Y; y < bounds.Max.Y; y++ {
		for x := bounds.Min.X; x < bounds.Max.X; x++ {
			c := rgba(picture, x, y)
			i, ok := nearest[c]
			if !ok {
				i = uint8(palette.Index(c))
				nearest[c] = i
			}
			out.SetColorIndex(x, y, i)
		}
	}
	return out
}

func rgba(picture image.Image, x, y int) color.RGBA {
	r, g, b, _ := picture.At(x, y).RGBA()
	return color.RGBA{R: uint8(r >> 8), G: uint8(g >> 8), B: uint8(b >> 8), A: 255}
}
