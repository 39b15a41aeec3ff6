package sgemm

// computePanels computes a band of few rows with a large B. The chunk of A stays in the
// second-level cache. Each panel of B is packed into the first-level cache and multiplied
// by all tiles of A, while the next panel is prefetched from memory. end is the end of the
// worker's columns.
func (d *band) computePanels(end int) {
	p, ker := d.p, d.ker
	panel := ker.panel()
	d.start(d.i1 - d.i0)
	scattered := d.scattered()
	var tiles []float32
	for d.k = 0; d.k < p.K; d.k += d.step {
		d.terms = min(d.step, p.K-d.k)
		size := d.terms * ker.lanes
		if scattered {
			tiles = scratch(&d.mem.a, d.tiles()*size)
			for t := range d.tiles() {
				i, next := d.tile(t)
				d.packTile(tiles[t*size:], i, next)
			}
		}
		b := scratch(&d.mem.b, d.terms*panel)
		for c := 0; c < d.cols; c += panel {
			n := min(panel, d.cols-c)
			d.pack(b, d.j+c, n)
			fetch := d.following(c, end)
			for t := range d.tiles() {
				i, next := d.tile(t)
				near0, ld0, near1, ld1 := d.near(i, c)
				var a *float32
				var rs, ks int
				if scattered {
					a, rs, ks = &tiles[t*size], 1, ker.lanes
				} else {
					a, rs, ks = d.inPlace(i)
				}
				ker.tiles[next-i-1](n, d.terms, a, rs, ks, &b[0], panel, 0, &d.at(i)[c], d.ldc, p.Alpha, d.beta(), near0, ld0, near1, ld1)
				d.fetch(fetch, t)
			}
		}
	}
	if p.Epilogue != nil {
		p.Epilogue.Block(d.worker, d.i0, d.j, d.i1-d.i0, d.cols, d.c, d.ldc)
	}
}

// A region is a part of B in memory: rows of cols elements.
type region struct{ from, rows, cols int }

// following returns the region that is packed after the panel at column c of the band.
func (d *band) following(c, end int) region {
	if d.p.BBytes.X != nil {
		return region{} // bytes are a quarter of the memory traffic, which the processor prefetches itself
	}
	j, k, panel := d.j+c+d.ker.panel(), d.k, d.ker.panel()
	limit := d.j + d.cols
	if j >= limit {
		if j, k = d.j, k+d.step; k >= d.p.K {
			j, k, limit = d.j+d.cols, 0, end
		}
	}
	n, terms := min(panel, limit-j), min(d.step, d.p.K-k)
	if n <= 0 {
		return region{}
	}
	if d.p.TransB {
		return region{j*d.p.LDB + k, n, terms}
	}
	return region{k*d.p.LDB + j, terms, n}
}

// fetch prefetches the part of a region that belongs to tile t.
func (d *band) fetch(r region, t int) {
	count := d.tiles()
	lo, hi := t*r.rows/count, (t+1)*r.rows/count
	if lo < hi {
		d.ker.prefetch(&d.p.B[r.from+lo*d.p.LDB], d.p.LDB, r.cols, hi-lo)
	}
}
