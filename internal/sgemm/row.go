package sgemm

// computeRow computes part of a product of one row with a transposed B. Each element of C
// is the dot product of the row of A with a row of B. The rows of B are read in place,
// because they are used only once.
func (d *band) computeRow() {
	p := d.p
	d.start(1)
	for d.k = 0; d.k < p.K; d.k += d.step {
		d.terms = min(d.step, p.K-d.k)
		d.ker.dots(d.cols, d.terms, d.chunkOfRow(), &p.B[d.j*p.LDB+d.k], p.LDB, &d.c[0], p.Alpha, d.beta())
	}
	if p.Epilogue != nil {
		p.Epilogue.Block(d.worker, 0, d.j, 1, d.cols, d.c, d.ldc)
	}
}

// chunkOfRow returns the chunk of the only row of A.
func (d *band) chunkOfRow() *float32 {
	b := &d.p.ABytes
	if b.X == nil {
		return &d.p.A[d.k]
	}
	buf := scratch(&d.mem.a, d.terms)
	d.mem.gather(d.ker, buf, d.terms, b, d.rows, d.k, d.k+d.terms)
	return &buf[0]
}
