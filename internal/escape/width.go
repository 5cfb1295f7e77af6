package escape

import "unicode"

// runeCells returns the terminal cells of r, a visible rune that is no mark.
//
// Hangul vowels and finals (U+1160-11FF) and spacing marks (Mc) join their
// neighbours on some terminals; they count one cell, the larger width.
func runeCells(r rune) int {
	if unicode.Is(wide, r) {
		return 2
	}
	return 1
}

// wide holds the runes of two cells: those that Unicode Standard Annex #11
// (East Asian Width) classes as W or F, joined across code points that never
// pass the gate, plus what terminals draw wide against that table: regional
// indicators (flags) and all of the pictograph blocks.
//
// Ambiguous runes (class A: Greek, Cyrillic, box drawing) count one cell, as
// every terminal draws them unless told to be an East Asian one.
var wide = &unicode.RangeTable{
	R16: []unicode.Range16{
		{Lo: 0x1100, Hi: 0x115F, Stride: 1}, // Hangul initials
		{Lo: 0x231A, Hi: 0x231B, Stride: 1}, // watch, hourglass
		{Lo: 0x2329, Hi: 0x232A, Stride: 1}, // angle brackets
		{Lo: 0x23E9, Hi: 0x23EC, Stride: 1},
		{Lo: 0x23F0, Hi: 0x23F3, Stride: 3}, // clocks, arrows
		{Lo: 0x25FD, Hi: 0x25FE, Stride: 1}, // small squares
		{Lo: 0x2614, Hi: 0x2615, Stride: 1}, // umbrella, hot drink
		{Lo: 0x2630, Hi: 0x2637, Stride: 1}, // trigrams (wide since Unicode 16)
		{Lo: 0x2648, Hi: 0x2653, Stride: 1}, // zodiac
		{Lo: 0x267F, Hi: 0x267F, Stride: 1},
		{Lo: 0x268A, Hi: 0x268F, Stride: 1}, // digrams (wide since Unicode 16)
		{Lo: 0x2693, Hi: 0x2693, Stride: 1},
		{Lo: 0x26A1, Hi: 0x26A1, Stride: 1},
		{Lo: 0x26AA, Hi: 0x26AB, Stride: 1},
		{Lo: 0x26BD, Hi: 0x26BE, Stride: 1},
		{Lo: 0x26C4, Hi: 0x26C5, Stride: 1},
		{Lo: 0x26CE, Hi: 0x26D4, Stride: 6},
		{Lo: 0x26EA, Hi: 0x26EA, Stride: 1},
		{Lo: 0x26F2, Hi: 0x26F3, Stride: 1},
		{Lo: 0x26F5, Hi: 0x26FA, Stride: 5},
		{Lo: 0x26FD, Hi: 0x2705, Stride: 8},
		{Lo: 0x270A, Hi: 0x270B, Stride: 1},
		{Lo: 0x2728, Hi: 0x2728, Stride: 1},
		{Lo: 0x274C, Hi: 0x274E, Stride: 2},
		{Lo: 0x2753, Hi: 0x2755, Stride: 1},
		{Lo: 0x2757, Hi: 0x2757, Stride: 1},
		{Lo: 0x2795, Hi: 0x2797, Stride: 1},
		{Lo: 0x27B0, Hi: 0x27BF, Stride: 15},
		{Lo: 0x2B1B, Hi: 0x2B1C, Stride: 1},
		{Lo: 0x2B50, Hi: 0x2B55, Stride: 5},
		{Lo: 0x2E80, Hi: 0x303E, Stride: 1}, // CJK radicals, punctuation
		{Lo: 0x3041, Hi: 0x3247, Stride: 1}, // kana, bopomofo, Hangul letters
		{Lo: 0x3250, Hi: 0xA4C6, Stride: 1}, // CJK, Yi
		{Lo: 0xA960, Hi: 0xA97C, Stride: 1}, // Hangul initials
		{Lo: 0xAC00, Hi: 0xD7A3, Stride: 1}, // Hangul syllables
		{Lo: 0xF900, Hi: 0xFAFF, Stride: 1}, // CJK compatibility
		{Lo: 0xFE10, Hi: 0xFE6B, Stride: 1}, // vertical and small forms
		{Lo: 0xFF01, Hi: 0xFF60, Stride: 1}, // full-width ASCII
		{Lo: 0xFFE0, Hi: 0xFFE6, Stride: 1}, // full-width signs
	},
	R32: []unicode.Range32{
		{Lo: 0x16FE0, Hi: 0x1B2FB, Stride: 1}, // Tangut, Khitan, kana supplements
		{Lo: 0x1D300, Hi: 0x1D376, Stride: 1}, // Tai Xuan Jing, counting rods (wide since Unicode 16)
		{Lo: 0x1F004, Hi: 0x1F0CF, Stride: 0xCB},
		{Lo: 0x1F18E, Hi: 0x1F18E, Stride: 1},
		{Lo: 0x1F191, Hi: 0x1F19A, Stride: 1},
		{Lo: 0x1F1E6, Hi: 0x1F1FF, Stride: 1}, // regional indicators
		{Lo: 0x1F200, Hi: 0x1F64F, Stride: 1}, // pictographs, emoticons
		{Lo: 0x1F680, Hi: 0x1F6FF, Stride: 1}, // transport
		{Lo: 0x1F7E0, Hi: 0x1F7F0, Stride: 1}, // coloured shapes
		{Lo: 0x1F900, Hi: 0x1F9FF, Stride: 1},
		{Lo: 0x1FA70, Hi: 0x1FAFF, Stride: 1},
		{Lo: 0x20000, Hi: 0x3FFFD, Stride: 1}, // CJK extensions
	},
}
