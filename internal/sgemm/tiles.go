package sgemm

// computeTiles computes a band with many rows or a small K. The loops are those of Goto
// and van de Geijn, "Anatomy of high-performance matrix multiplication" (ACM TOMS 34,
// 2008), for row-major matrices. The part of B that the band needs is packed into panels
// that stay in the second-level cache. Each tile of A stays in the first-level cache while it is
// multiplied by all panels.
func (d *band) computeTiles() {
	p := d.p
	whole := p.K <= d.step // one pass finishes each block
	rows := d.i1 - d.i0
	if whole {
		rows = min(rows, blockElements/d.cols+1+len(d.ker.tiles))
	}
	d.start(rows)
	for d.k = 0; d.k < p.K; d.k += d.step {
		d.terms = min(d.step, p.K-d.k)
		b, ldb, stepb := d.panels()
		begin := d.i0 // first row of the next block for the epilogue
		for t := range d.tiles() {
			i, next := d.tile(t)
			near0, ld0, near1, ld1 := d.near(i, 0)
			var a *float32
			var rs, ks int
			if d.scattered() {
				buf := scratch(&d.mem.a, d.terms*d.ker.lanes)
				d.packTile(buf, i, next)
				a, rs, ks = &buf[0], 1, d.ker.lanes
			} else {
				a, rs, ks = d.inPlace(i)
			}
			d.ker.tiles[next-i-1](d.cols, d.terms, a, rs, ks, b, ldb, stepb, &d.at(i)[0], d.ldc, p.Alpha, d.beta(), near0, ld0, near1, ld1)
			if p.Epilogue == nil || d.k+d.terms < p.K || (next-begin)*d.cols < blockElements && next < d.i1 {
				continue
			}
			p.Epilogue.Block(d.worker, begin, d.j, next-begin, d.cols, d.at(begin), d.ldc)
			begin = next
			if p.C == nil && whole {
				d.origin = next
			}
		}
	}
}

// panels returns the chunk of B with the distances between its rows and between its
// panels. It packs the chunk unless few rows of A use it.
func (d *band) panels() (b *float32, ldb, stepb int) {
	p, panel := d.p, d.ker.panel()
	if !p.TransB && p.BBytes.X == nil && d.tiles() <= fewTiles {
		return &p.B[d.k*p.LDB+d.j], p.LDB, panel
	}
	stepb = d.terms * panel
	buf := scratch(&d.mem.b, (d.cols+panel-1)/panel*stepb)
	for c := 0; c < d.cols; c += panel {
		d.pack(buf[c*d.terms:], d.j+c, min(panel, d.cols-c))
	}
	return &buf[0], panel, stepb
}
