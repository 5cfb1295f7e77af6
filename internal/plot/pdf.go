package plot

import (
	"bytes"
	"fmt"
	"image/color"
	"math"
	"time"

	"codeberg.org/go-pdf/fpdf"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/vg"
)

// A page is a canvas that becomes a PDF of one page. That of gonum was used before: it makes
// the files of its fonts in the folder of the system for temporary files, where a kill leaves
// them, and panics where it cannot; it has one font to a document, and one byte to a letter.
type page struct {
	doc    *fpdf.Fpdf
	height float64 // points
	loaded map[string]bool
	err    error // of a font
}

// newPage returns an empty one, which says that it was made then: the same chart is the same
// to the byte.
func newPage(width, height vg.Length, title string, made time.Time) *page {
	p := &page{height: height.Points(), loaded: map[string]bool{}}
	p.doc = fpdf.NewCustom(&fpdf.InitType{UnitStr: "pt", Size: fpdf.SizeType{Wd: width.Points(), Ht: height.Points()}})
	p.doc.SetMargins(0, 0, 0)
	p.doc.SetAutoPageBreak(false, 0)
	p.doc.SetCatalogSort(true)
	p.doc.SetCreationDate(made)
	p.doc.SetModificationDate(made)
	p.doc.SetTitle(title, true)
	p.doc.SetProducer("weir", true)
	p.doc.SetLineCapStyle("butt")
	p.doc.SetLineJoinStyle("miter")
	p.doc.AddPage()
	return p
}

// SetColor implements canvas.
func (p *page) SetColor(c color.Color) {
	n := color.NRGBAModel.Convert(c).(color.NRGBA)
	r, g, b := int(n.R), int(n.G), int(n.B)
	p.doc.SetFillColor(r, g, b)
	p.doc.SetDrawColor(r, g, b)
	p.doc.SetTextColor(r, g, b)
	p.doc.SetAlpha(float64(n.A)/math.MaxUint8, "Normal")
}

// SetLineWidth implements canvas.
func (p *page) SetLineWidth(w vg.Length) { p.doc.SetLineWidth(w.Points()) }

// SetLineDash implements canvas.
func (p *page) SetLineDash(dashes []vg.Length, offset vg.Length) {
	all := make([]float64, len(dashes))
	for i, d := range dashes {
		all[i] = d.Points()
	}
	p.doc.SetDashPattern(all, offset.Points())
}

// Stroke implements canvas.
func (p *page) Stroke(path vg.Path) { p.draw(path, "D") }

// Fill implements canvas.
func (p *page) Fill(path vg.Path) { p.draw(path, "F") }

// draw draws a path, which a pen makes of straight lines alone.
func (p *page) draw(path vg.Path, how string) {
	for _, c := range path {
		switch x, y := c.Pos.X.Points(), p.height-c.Pos.Y.Points(); c.Type {
		case vg.MoveComp:
			p.doc.MoveTo(x, y)
		case vg.LineComp:
			p.doc.LineTo(x, y)
		case vg.CloseComp:
			p.doc.ClosePath()
		}
	}
	p.doc.DrawPath(how)
}

// FillString implements canvas.
func (p *page) FillString(face font.Face, at vg.Point, text string) {
	family, style := "sans", ""
	if face.Font.Weight == bold {
		style = "B"
	}
	if !p.loaded[style] {
		var source bytes.Buffer
		if _, err := face.Face.WriteSourceTo(nil, &source); err != nil {
			p.err = fmt.Errorf("the font of the picture: %w", err)
			return
		}
		p.doc.AddUTF8FontFromBytes(family, style, source.Bytes())
		p.loaded[style] = true
	}
	p.doc.SetFont(family, style, face.Font.Size.Points())
	p.doc.Text(at.X.Points(), p.height-at.Y.Points(), text)
}

// bytes returns the document.
func (p *page) bytes() ([]byte, error) {
	if p.err != nil {
		return nil, p.err
	}
	var b bytes.Buffer
	err := p.doc.Output(&b)
	return b.Bytes(), err
}
