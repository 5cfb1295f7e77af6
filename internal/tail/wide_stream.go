package tail

// wideEnd is where the whole lines end that the last n bytes made whole, 0 if there
// is none.
func (p *pump) wideEnd(n int) int {
	from := max(0, p.fill-n-2) &^ 1 // with the units that the last read ended in
	b := p.blk.buf[from:p.fill]
	end := lastWideEnd(p.e, b)
	if end == 0 {
		end = wideEnd(p.e, b)
	}
	if end == 0 {
		return 0
	}
	return from + end
}

// recognise finds out how the stream is written down, once its first line is there.
func (p *pump) recognise(final bool) {
	if _, ok := p.coding.recognise(p.blk.buf[:p.fill], nil, final); !ok || !p.wide() {
		return
	}
	narrow := p.blk
	wide := p.pool.wide
	p.blk = wide.get(p.fill >= wide.room(false))
	copy(p.blk.buf, narrow.buf[:p.fill])
	p.pool.put(narrow)
	p.pool = wide
}

// pass passes over what is there of a line beyond the limit, but for half a unit.
func (p *pump) pass() {
	n := p.fill / p.unit() * p.unit()
	p.off += int64(n)
	p.fill = copy(p.blk.buf, p.blk.buf[n:p.fill])
}

// handOverWide sends the whole lines in the first end bytes, decoded, and keeps the
// rest.
func (p *pump) handOverWide(end int) bool {
	lines := p.blk.buf[:end]
	for len(lines) > 0 {
		n := p.whole(lines, p.st.pool.room(true))
		if n == 0 {
			break // behind a broken line there is half a one
		}
		if !p.sendWide(lines[:n], false) {
			return false
		}
		lines = lines[n:]
	}
	end -= len(lines)
	rest := p.fill - end
	if p.blk.large && rest < p.pool.room(false) {
		large := p.move(end, false)
		p.pool.put(large)
		return true
	}
	copy(p.blk.buf, p.blk.buf[end:p.fill])
	p.fill = rest
	return true
}

// sendWide decodes raw, which stands at off, and sends it.
func (p *pump) sendWide(raw []byte, last bool) bool {
	text := raw
	if p.off == 0 {
		text = unmarked(p.e, raw)
	}
	out := p.plain(p.pool, nil, text, last)
	out.batch.Offset = p.off + int64(len(raw)-len(text))
	p.off += int64(len(raw))
	out.end = p.off
	return p.send(out)
}

// lastWide is last for text that is decoded.
func (p *pump) lastWide() {
	if p.fill == 0 || p.off == 0 && p.fill == 2 && marked(p.e, p.blk.buf[:2]) {
		return // a mark and nothing else
	}
	p.sendWide(p.blk.buf[:p.fill], true)
}
