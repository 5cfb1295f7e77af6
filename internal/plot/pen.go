package plot

import (
	"image/color"
	"math"

	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/vg"
)

// A canvas is what a pen needs of a vg.Canvas.
type canvas interface {
	SetColor(color.Color)
	SetLineWidth(vg.Length)
	SetLineDash(dashes []vg.Length, offset vg.Length)
	Stroke(vg.Path)
	Fill(vg.Path)
	FillString(font.Face, vg.Point, string)
}

// A pen draws on a canvas, in pixels from the upper left corner.
type pen struct {
	on     canvas
	height float64
	fonts  *font.Cache
}

// pixel is the size of a pixel.
const pixel = vg.Inch / 96

func (p *pen) point(x, y float64) vg.Point {
	return vg.Point{X: vg.Length(x) * pixel, Y: vg.Length(p.height-y) * pixel}
}

// A stroke is how a line looks.
type stroke struct {
	color color.NRGBA
	width float64
	dash  []float64
}

func (p *pen) use(s stroke) {
	p.on.SetColor(s.color)
	p.on.SetLineWidth(vg.Length(s.width) * pixel)
	p.dashes(s, 0)
}

// dashes sets how a line is broken up, from so far in.
func (p *pen) dashes(s stroke, from float64) {
	var dash []vg.Length
	for _, d := range s.dash {
		dash = append(dash, vg.Length(d)*pixel)
	}
	p.on.SetLineDash(dash, vg.Length(from)*pixel)
}

// A spot is a place on the picture.
type spot struct{ x, y float64 }

// piece is how many spots of a line are drawn at once. The rasterizer of images walks, for
// each dot, over those of the same row that came before: the line of a million looks took
// 500 ms in one, and takes 5.
const piece = 64

// line draws from spot to spot.
func (p *pen) line(s stroke, spots ...spot) {
	p.use(s)
	begin, walked, period := 0, 0.0, 0.0
	for _, d := range s.dash {
		period += d
	}
	for begin+1 < len(spots) {
		end := min(begin+piece, len(spots))
		var path vg.Path
		path.Move(p.point(spots[begin].x, spots[begin].y))
		for i := begin + 1; i < end; i++ {
			path.Line(p.point(spots[i].x, spots[i].y))
			walked += math.Hypot(spots[i].x-spots[i-1].x, spots[i].y-spots[i-1].y)
		}
		p.on.Stroke(path)
		if begin = end - 1; period > 0 {
			p.dashes(s, math.Mod(walked, period))
		} else if s.color.A == 255 && end < len(spots) {
			// The last part once more, for its corner. What is seen through would show twice.
			begin--
		}
	}
}

// area fills what lies between the spots.
func (p *pen) area(c color.NRGBA, spots ...spot) {
	p.on.SetColor(c)
	var path vg.Path
	path.Move(p.point(spots[0].x, spots[0].y))
	for _, at := range spots[1:] {
		path.Line(p.point(at.x, at.y))
	}
	path.Close()
	p.on.Fill(path)
}

func (p *pen) rectangle(c color.NRGBA, x0, y0, x1, y1 float64) {
	p.area(c, spot{x0, y0}, spot{x1, y0}, spot{x1, y1}, spot{x0, y1})
}

// A script is how text looks.
type script struct {
	color color.NRGBA
	size  float64 // pixels
	bold  bool
	align float64 // 0: begins at the spot; 0.5: is in its middle; 1: ends there
}

// bold is a weight of golang.org/x/image/font, which is not imported for it alone.
const bold = 3

func (p *pen) face(s script) font.Face {
	f := font.Font{Typeface: "Liberation", Variant: "Sans"}
	if s.bold {
		f.Weight = bold
	}
	return p.fonts.Lookup(f, vg.Length(s.size)*pixel)
}

// wide returns how wide a text is.
func (p *pen) wide(text string, s script) float64 {
	f := p.face(s)
	return float64(f.Width(text) / pixel)
}

// write draws text whose base line is at y.
func (p *pen) write(text string, x, y float64, s script) {
	if text == "" {
		return
	}
	x -= s.align * p.wide(text, s)
	p.on.SetColor(s.color)
	p.on.FillString(p.face(s), p.point(x, y), text)
}
