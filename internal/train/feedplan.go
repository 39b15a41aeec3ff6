package train

import (
	"fmt"
	"math"

	"shadegrad/compute"
	"shadegrad/internal/dataset"
	"shadegrad/internal/mlp"
)

// A feeding is how many samples of each set have room on the device at a time: all, or
// those of a piece.
type feedPlan struct{ train, validation, test int }

// feedSlots is how many pieces a feed has room for that has not room for all.
const feedSlots = 2

// pieceBytes bounds a piece: OpenGL 4.3 lets a shader see so much of a buffer on any
// device. Tests replace it.
var pieceBytes int64 = 16 << 20

// feeding plans how the data reach a backend.
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

// divisible tells whether a set can reach a backend by pieces.
func divisible(d *dataset.Set) bool { return len(d.Images) > 0 && d.Targets == nil }

// limit is how much of the device's memory the run may take. The CPU has none of its own.
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

// pieceOf returns how many samples a piece has of a set, for steps of batch samples,
// where there is room for so many bytes beside those of pieces of one batch.
func pieceOf(i compute.Info, d *dataset.Set, batch int, room int64) int {
	sample := sampleBytes(d)
	bytes := min(pieceBytes, max(0, room)/feedSlots+int64(batch)*sample)
	n := int(max(1, bytes/sample/int64(batch))) * batch
	if n*feedSlots >= d.Len() && fitsBlock(i, d) {
		return d.Len()
	}
	return n
}

// fitsBlock tells whether a shader could see all of a set's images.
func fitsBlock(i compute.Info, d *dataset.Set) bool {
	return i.MaxBuffer <= 0 || int64(len(d.Images)) <= i.MaxBuffer
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

// note tells the user of a training set that is not on the device as a whole, or is
// empty.
func (f *feed) note() string {
	if f.resident() {
		return ""
	}
	return fmt.Sprintf("the training set goes to the device in pieces of %d images, through %s of its memory",
		f.piece, compute.FormatBytes(int64(len(f.slots))*int64(f.piece)*int64(f.data.Features()+1)))
}

// plan is how the session's data are fed.
func (s *session) plan() feedPlan {
	p := feedPlan{train: s.train.piece}
	if s.validation.feed != nil {
		p.validation = s.validation.piece
	}
	if s.test.feed != nil {
		p.test = s.test.piece
	}
	return p
}
