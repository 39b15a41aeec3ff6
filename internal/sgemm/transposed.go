package sgemm

// turned makes a band of few rows of a product with a transposed B as
//
//	Cᵀ = B·Aᵀ
//
// so that A, of which there is less, is packed, and the rows of B are read where they
// are. The sums, and so the bits, are those of the other methods.
func (d *band) turned() {
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

// turns reports whether so many rows of C are sooner made as columns of Cᵀ: packing them
// must cost less than packing B, and so must the columns that fill up a vector.
func (p *Product) turns(lanes, rows, cols int) bool {
	if p.M == 1 || p.TransA || !p.TransB || p.C == nil || p.Epilogue != nil || p.LDB%conflict == 0 {
		return false
	}
	return rows < cols && (rows+lanes-1)/lanes*lanes <= rows+packCost
}
