package cpu

import (
	"shadegrad/compute"
	"shadegrad/compute/flow"
)

// Pictures are rows of bytes that a program makes a matrix of numbers of, by op Gather or
// Warp, each number being that of its byte: where only products read the matrix, they can
// be given the bytes (first.go, gathered.go). Numbers made of bytes, of which op Dropout makes
// some zero, are such a matrix too, if a byte of 0 is a number of 0.
type pictures struct {
	x            compute.Mat // the numbers
	op           int         // that makes them
	set          compute.Bytes
	index        []uint32 // of the data set's rows; nil for the natural order
	scale, shift float32
	factor       float32 // what dropout multiplies with, else 1
	// Where the bytes are not the data set's, but other ones in each run: what becomes of
	// them.
	batch *batch
}

// A batch is bytes that op Warp or Dropout makes in each run, the batch's first row being the
// first.
type batch struct {
	buf    *buffer[byte] // without data where no product is given them
	silent bool          // the numbers are not written
	field  *field        // of op Warp; nil where it is there already
	from   *pictures     // of op Dropout: what it leaves some out of
}

// pictures returns what op i makes numbers of, if it does.
func (l *plan) pictures(i int) (p pictures, ok bool) {
	switch o := l.program.Ops[i].(type) {
	case compute.Gather:
		return pictures{x: o.Dst, op: i, set: o.Src, index: rowNumbers(o.Index), scale: o.Scale, shift: o.Shift, factor: 1}, true
	case compute.Warp:
		return pictures{x: o.Dst, op: i, set: o.Src, scale: o.Scale, shift: o.Shift, factor: 1, batch: l.batch(i)}, true
	case compute.Dropout:
		return l.dropped(i, o)
	}
	return pictures{}, false
}

// dropped returns what op i, a Dropout, makes of pictures that nobody else wants, if its
// numbers need not be written.
func (l *plan) dropped(i int, o compute.Dropout) (p pictures, ok bool) {
	j := flow.LastWriter(l.flow, o.Src, i)
	if j < 0 || !l.program.IsScratch(o.Src) || !l.program.IsScratch(o.Dst) || flow.Overlap(o.Src, o.Dst) || !flow.OnlyUsedBy(l.flow, o.Src, j, i) {
		return p, false
	}
	if _, again := l.program.Ops[j].(compute.Dropout); again {
		return p, false
	}
	if p, ok = l.pictures(j); !ok || p.x != o.Src || p.shift != 0 {
		return p, false
	}
	from := p
	p.x, p.op, p.index, p.batch = o.Dst, i, nil, l.batch(i)
	p.batch.from = &from
	_, p.factor = o.Threshold()
	return p, true
}

// batch returns what becomes of the bytes of op i.
func (l *plan) batch(i int) *batch {
	b := l.batches[i]
	if b == nil {
		b = &batch{buf: &buffer[byte]{owner: l.backend}}
		l.batches[i] = b
	}
	return b
}

// give notes that products are given the bytes. Where nobody else reads the numbers, they
// are not made.
func (l *plan) give(p pictures, alone bool) {
	b := p.batch
	if b == nil {
		l.taken[p.op] = alone
		return
	}
	b.buf.data, b.silent = make([]byte, p.x.Len()), alone
	if b.from != nil {
		l.give(*b.from, true)
	}
}

// given tells whether the bytes go to products already.
func (l *plan) given(p pictures) bool {
	return l.taken[p.op] || p.batch != nil && p.batch.buf.data != nil
}

// bytes returns the memory that the rows are in.
func (p *pictures) bytes() []byte {
	if p.batch != nil {
		return p.batch.buf.data
	}
	return p.set.Buf.(*buffer[byte]).data
}

// row returns which row is the batch's first.
func (p *pictures) row(args *compute.Args) int {
	if p.batch != nil {
		return 0
	}
	return args.Row
}

// value is the number that a byte stands for where there is no shift, rounded as the ops
// would.
func (p *pictures) value(b int) float32 { return p.scale * float32(b) * p.factor }

// made lists the bytes that a node has to wait for, or makes.
func (p *pictures) made(local bool) []span {
	if p == nil || p.batch == nil {
		return nil
	}
	return []span{{compute.Mat{Buf: p.batch.buf, Rows: p.x.Rows, Cols: p.x.Cols}, local}}
}

// spread is by how much a distortion adds to the pixels that are not zero, as edges become
// softer: that of MNIST, measured, of elastic distortions and of affine ones.
const spread = 1.3

// density estimates the share of bytes that are not zero.
func (p *pictures) density() float64 {
	if p.batch != nil && p.batch.from != nil {
		return p.batch.from.density() / float64(p.factor)
	}
	bytes := p.set.Buf.(*buffer[byte]).data
	// A stride that no image's width divides, so that no column is preferred.
	const stride = 1009
	n, set := 0, 0
	for i := 0; i < len(bytes) && n < 1<<16; i += stride {
		n++
		if bytes[i] != 0 {
			set++
		}
	}
	share := float64(set) / float64(n)
	if p.batch != nil {
		share *= spread
	}
	return share
}
