package cpu

import (
	"shadegrad/compute"
	"shadegrad/compute/flow"
)

// A byteMatrix is a float32 matrix that op Gather or Warp computes from bytes, each element from one
// byte. If only products read it, they can read the bytes instead (firstlayer.go, byteoperand.go). The
// result of op Dropout on a byteMatrix is a byteMatrix too if byte 0 stands for 0.
type byteMatrix struct {
	x            compute.Mat // the matrix
	op           int         // that makes it
	set          compute.Bytes
	index        []uint32 // of rows of the data set; nil for the natural order
	scale, shift float32
	factor       float32 // of dropout, else 1
	// batch holds the bytes if each run makes them; nil if they are those of the data set.
	batch *byteBatch
}

// A byteBatch has the bytes that op Warp or Dropout computes in each run. Row 0 is the first row of
// the batch.
type byteBatch struct {
	buf       *buffer[byte] // without data if no product reads it
	bytesOnly bool          // the float32 matrix is not written
	field     *field        // of op Warp; nil if the field is in memory
	source    *byteMatrix   // of op Dropout
}

// byteMatrix returns the byteMatrix that op i computes. It returns false if op i does not compute one.
func (l *plan) byteMatrix(i int) (p byteMatrix, ok bool) {
	switch o := l.program.Ops[i].(type) {
	case compute.Gather:
		return byteMatrix{x: o.Dst, op: i, set: o.Src, index: rowNumbers(o.Index), scale: o.Scale, shift: o.Shift, factor: 1}, true
	case compute.Warp:
		return byteMatrix{x: o.Dst, op: i, set: o.Src, scale: o.Scale, shift: o.Shift, factor: 1, batch: l.byteBatch(i)}, true
	case compute.Dropout:
		return l.droppedBytes(i, o)
	}
	return byteMatrix{}, false
}

// droppedBytes is byteMatrix for op Dropout. It reports false unless the source and the result
// are scratch, and no other op uses the source.
func (l *plan) droppedBytes(i int, o compute.Dropout) (p byteMatrix, ok bool) {
	j := flow.LastWriter(l.flow, o.Src, i)
	if j < 0 || !l.program.IsScratch(o.Src) || !l.program.IsScratch(o.Dst) || flow.Overlap(o.Src, o.Dst) || !flow.OnlyUsedBy(l.flow, o.Src, j, i) {
		return p, false
	}
	if _, again := l.program.Ops[j].(compute.Dropout); again {
		return p, false
	}
	source, ok := l.byteMatrix(j)
	if !ok || source.x != o.Src || source.shift != 0 {
		return p, false
	}
	p = source
	p.x, p.op, p.index, p.batch = o.Dst, i, nil, l.byteBatch(i)
	p.batch.source = &source
	_, p.factor = o.Threshold()
	return p, true
}

// byteBatch returns the bytes that op i makes in each run.
func (l *plan) byteBatch(i int) *byteBatch {
	b := l.byteBatches[i]
	if b == nil {
		b = &byteBatch{buf: &buffer[byte]{owner: l.backend}}
		l.byteBatches[i] = b
	}
	return b
}

// useBytes notes that products read the bytes of p. With bytesOnly no op reads the float32
// matrix, and it is not written.
func (l *plan) useBytes(p byteMatrix, bytesOnly bool) {
	b := p.batch
	if b == nil {
		l.fused[p.op] = bytesOnly
		return
	}
	b.buf.data, b.bytesOnly = make([]byte, p.x.Len()), bytesOnly
	if b.source != nil {
		l.useBytes(*b.source, true)
	}
}

// usesBytes reports whether products read the bytes of p already.
func (l *plan) usesBytes(p byteMatrix) bool {
	return l.fused[p.op] || p.batch != nil && p.batch.buf.data != nil
}

// bytes returns the memory of the rows.
func (p *byteMatrix) bytes() []byte {
	if p.batch != nil {
		return p.batch.buf.data
	}
	return p.set.Buf.(*buffer[byte]).data
}

// row returns the row of the memory, or the entry of the index, where the batch begins.
func (p *byteMatrix) row(args *compute.Args) int {
	if p.batch != nil {
		return 0
	}
	return args.Row
}

// value returns the element that a byte stands for if shift is 0, rounded as by the ops.
func (p *byteMatrix) value(b int) float32 { return p.scale * float32(b) * p.factor }

// byteSpans lists the bytes as memory that a node reads or writes, if a run makes them.
func (p *byteMatrix) byteSpans(local bool) []span {
	if p == nil || p.batch == nil {
		return nil
	}
	return []span{{compute.Mat{Buf: p.batch.buf, Rows: p.x.Rows, Cols: p.x.Cols}, local}}
}

// warpSpread is the ratio of non-zero pixels after a distortion to those before: edges become
// softer. Measured on MNIST, elastic and affine.
const warpSpread = 1.3

// density estimates the fraction of bytes that are not zero.
func (p *byteMatrix) density() float64 {
	if p.batch != nil && p.batch.source != nil {
		return p.batch.source.density() / float64(p.factor)
	}
	bytes := p.set.Buf.(*buffer[byte]).data
	// A stride that divides no image's width samples all columns alike.
	const stride = 1009
	n, set := 0, 0
	for i := 0; i < len(bytes) && n < 1<<16; i += stride {
		n++
		if bytes[i] != 0 {
			set++
		}
	}
	fraction := float64(set) / float64(n)
	if p.batch != nil {
		fraction *= warpSpread
	}
	return fraction
}
