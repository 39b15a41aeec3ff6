package sgemm

// computeTransposed computes a band of few rows of a product with a transposed B as
//
//	Cᵀ = B·Aᵀ
//
// It packs A, which is smaller, and reads the rows of B in place. The sums are those of
// the other loop orders, so the results are bit-identical.
func (d *band) computeTransposed() {
	p, ker := d.p, d.ker
	panel, rows := ker.panel(), d.i1-d.i0
	ldt := (rows + ker.lanes - 1) / ker.lanes * ker.lanes
	ct := scratch(&d.mem.c, d.cols*ldt)
	d.start(rows)
	if p.Beta != 0 {
		for i := d.i0; i < d.i1; i++ {
			for j, v := range d.at(i)[:d.cols] {
				ct[j*ldt+i-d.i0] = v
			}
		}
	}
	tiles := (d.cols + len(ker.tiles) - 1) / len(ker.tiles)
	for d.k = 0; d.k < p.K; d.k += d.step {
		d.terms = min(d.step, p.K-d.k)
		stepb := d.terms * panel
		b := scratch(&d.mem.b, (rows+panel-1)/panel*stepb)
		for i := 0; i < rows; i += ker.lanes {
			d.packColumns(b[i/panel*stepb+i%panel:], panel, d.i0+i, d.i0+min(i+ker.lanes, rows))
		}
		for t := range tiles {
			j, next := t*d.cols/tiles, (t+1)*d.cols/tiles
			ker.tiles[next-j-1](rows, d.terms, &p.B[(d.j+j)*p.LDB+d.k], p.LDB, 1, &b[0], panel, stepb, &ct[j*ldt], ldt, p.Alpha, d.beta(), nil, 0, nil, 0)
		}
	}
	whole := d.cols &^ (ker.lanes - 1)
	for j := 0; j < whole; j += ker.lanes {
		ker.packTransposed(&d.at(d.i0)[j], d.ldc, &ct[j*ldt], ldt, ker.lanes, rows)
	}
	for i := d.i0; i < d.i1; i++ {
		c := d.at(i)
		for j := whole; j < d.cols; j++ {
			c[j] = ct[j*ldt+i-d.i0]
		}
	}
}

// fasterTransposed reports whether computing Cᵀ is faster for a part of rows×cols elements:
// packing the rows of A must cost less than packing B, and padding them to a whole
// vector must cost less too.
func (p *Product) fasterTransposed(lanes, rows, cols int) bool {
	if p.M == 1 || p.TransA || !p.TransB || p.C == nil || p.Epilogue != nil || p.LDB%conflict == 0 {
		return false
	}
	return rows < cols && (rows+lanes-1)/lanes*lanes <= rows+packCost
}
