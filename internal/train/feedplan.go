package train

import (
	"math"

	"shadegrad/compute"
	"shadegrad/internal/dataset"
	"shadegrad/internal/mlp"
)

// A feedPlan has the number of samples of each set that are on the device at a time: all, or a
// piece per slot.
type feedPlan struct{ train, validation, test int }

// feedSlots is the number of slots of a feed in pieces.
const feedSlots = 2

// pieceBytes bounds a piece: the part of a buffer that OpenGL 4.3 lets a shader access on any
// device. Tests replace it.
var pieceBytes int64 = 16 << 20

// planFeeds plans how the data reach a backend.
func (r *Run) planFeeds(i compute.Info) feedPlan {
	d, o := r.Data, r.State.Options
	p := feedPlan{d.Train.Len(), d.Validation.Len(), d.Test.Len()}
	over := func() int64 { return runMemory(i, r.State, d, p).device - r.limit(i) }
	for _, x := range []struct {
		set   *dataset.Set
		piece *int
		batch int
	}{
		{&d.Train, &p.train, o.BatchSize(d.Train.Len())},
		{&d.Validation, &p.validation, evalRows(o.Network, d.Validation.Len())},
		{&d.Test, &p.test, evalRows(o.Network, d.Test.Len())},
	} {
		if divisible(x.set) && (!fitsBlock(i, x.set) || over() > 0) {
			*x.piece = x.batch
			*x.piece = pieceOf(i, x.set, x.batch, -over())
		}
	}
	return p
}

// planEval plans how a set that is only evaluated reaches a backend.
func planEval(i compute.Info, c mlp.Config, d *dataset.Set) int {
	batch := evalRows(c, d.Len())
	over := func(piece int) int64 {
		if i.Memory <= 0 {
			return math.MinInt64 / 2
		}
		return evalMemory(i, c, d, piece).device - i.Memory
	}
	if !divisible(d) || fitsBlock(i, d) && over(d.Len()) <= 0 {
		return d.Len()
	}
	return pieceOf(i, d, batch, -over(batch))
}

// divisible reports whether a set can reach a backend in pieces.
func divisible(d *dataset.Set) bool { return len(d.Images) > 0 && d.Targets == nil }

// limit returns how much memory of the device the run may take.
func (r *Run) limit(i compute.Info) int64 {
	limit := int64(math.MaxInt64)
	if i.HostMemory {
		return limit
	}
	for _, bytes := range []int64{i.Memory, r.DeviceMemory} {
		if bytes > 0 {
			limit = min(limit, bytes)
		}
	}
	return limit
}

// pieceOf returns the number of samples in a piece of a set, for steps of batch samples, if there
// is room for so many bytes in addition to pieces of one batch.
func pieceOf(i compute.Info, d *dataset.Set, batch int, room int64) int {
	sample := sampleBytes(d)
	bytes := min(pieceBytes, max(0, room)/feedSlots+int64(batch)*sample)
	n := int(max(1, bytes/sample/int64(batch))) * batch
	if n*feedSlots >= d.Len() && fitsBlock(i, d) {
		return d.Len()
	}
	return n
}

// fitsBlock reports whether a shader can access all images of a set.
func fitsBlock(i compute.Info, d *dataset.Set) bool {
	return i.MaxBuffer <= 0 || int64(len(d.Images)) <= i.MaxBuffer
}

// feedBytes returns the device memory of the pieces.
func (f *feed) feedBytes() int64 {
	return int64(len(f.slots)) * int64(f.piece) * int64(f.data.Features()+1)
}
