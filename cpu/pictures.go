package cpu

import "shadegrad/compute"

// Pictures are rows of bytes that a program makes a matrix of numbers of, by op Gather or
// Warp, each number being that of its byte: where only products read the matrix, they can
// be given the bytes (first.go, gathered.go).
type pictures struct {
	x            compute.Mat // the numbers
	op           int         // that makes them
	set          compute.Bytes
	index        []uint32 // of the data set's rows; nil for the natural order
	scale, shift float32
	// Where the bytes are not the data set's, but distorted in each run: their memory, which
	// op Warp's node fills and whose rows are the batch's.
	batch *buffer[byte]
}

// pictures returns what op i makes numbers of, if it does.
func (l *plan) pictures(i int) (p pictures, ok bool) {
	switch o := l.program.Ops[i].(type) {
	case compute.Gather:
		return pictures{x: o.Dst, op: i, set: o.Src, index: rowNumbers(o.Index), scale: o.Scale, shift: o.Shift}, true
	case compute.Warp:
		w := l.warps[i]
		if w == nil {
			w = &warped{batch: &buffer[byte]{owner: l.backend}}
			l.warps[i] = w
		}
		return pictures{x: o.Dst, op: i, set: o.Src, scale: o.Scale, shift: o.Shift, batch: w.batch}, true
	}
	return pictures{}, false
}

// give notes that products are given the bytes. Where nobody else reads the numbers, they
// are not made.
func (l *plan) give(p pictures, alone bool) {
	switch {
	case p.batch == nil:
		l.taken[p.op] = alone
	case p.batch.data == nil:
		p.batch.data = make([]byte, p.x.Len())
		l.warps[p.op].silent = alone
	}
}

// bytes returns the memory that the rows are in.
func (p *pictures) bytes() []byte {
	if p.batch != nil {
		return p.batch.data
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

// made lists the bytes that a node has to wait for.
func (p *pictures) made(local bool) []span {
	if p == nil || p.batch == nil {
		return nil
	}
	return []span{{buf: p.batch, hi: p.x.Len(), local: local}}
}

// spread is by how much a distortion adds to the pixels that are not zero: the edges of
// what is drawn become wider. That of handwritten digits is measured.
const spread = 1.3

// density estimates the share of bytes that are not zero.
func (p *pictures) density() float64 {
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
