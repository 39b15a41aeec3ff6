package train

import (
	"fmt"

	"shadegrad/compute"
	"shadegrad/internal/dataset"
	"shadegrad/internal/mlp"
)

// A feed is a data set on a backend, with the programs for its batches. A set that fits is
// resident. Of a larger one, pieces of an epoch alternate between two slots: while the backend
// works on one, the host collects the samples of the next and sends them. The programs are the
// same, and the results are bit-identical.
//
// Only images and their labels can be fed in pieces; numbers and targets must be resident.
type feed struct {
	mlp.Set                 // Images and Labels are those of the first slot
	samples, batch int      // batch samples per step
	piece          int      // samples per piece, a multiple of batch; all of them if resident
	order          []uint32 // of the samples in the epoch; nil for that of the set
	slots          []slot

	backend compute.Backend
	data    *dataset.Set
	sent    int // pieces of the epoch sent so far; the last len(slots) are in slots
	images  []byte
	labels  []byte
}

// A slot is the place of a piece on the device, with the programs that read it.
type slot struct {
	images, labels compute.Bytes
	step           compute.Executable
	tail           compute.Executable // for the smaller last batch of an epoch, if it is in this slot
}

// pieces returns the number of pieces in an epoch.
func (f *feed) pieces() int { return (f.samples + f.piece - 1) / f.piece }

// resident reports whether the whole set is on the backend.
func (f *feed) resident() bool { return f.piece >= f.samples }

// newFeed allocates the memory for a set, and fills it if the set is resident. If ordered, each
// epoch has an order, which is passed to begin.
func (s *session) newFeed(d *dataset.Set, batch, piece int, ordered bool) (f *feed, err error) {
	f = &feed{samples: d.Len(), batch: batch, piece: piece, backend: s.backend, data: d}
	if f.resident() {
		f.Set, err = Share(s.backend, d, s.own)
		f.slots = []slot{{images: f.Images, labels: f.Labels}}
	} else {
		err = s.makeSlots(f)
	}
	if err != nil {
		return f, err
	}
	if f.Stats, err = s.alloc(d.Len(), 2); err != nil {
		return f, err
	}
	if f.Totals, err = s.alloc(1, 2); err != nil {
		return f, err
	}
	if !ordered && f.resident() {
		return f, nil
	}
	if f.Order, err = s.backend.AllocIndex(d.Len(), min(f.piece, d.Len())); err != nil {
		return f, fmt.Errorf("order: %w", err)
	}
	s.own(f.Order.Buf)
	if f.resident() {
		return f, nil
	}
	// The samples of a piece are in its slot in the order of the epoch.
	rows := make([]uint32, f.samples)
	for i := range rows {
		rows[i] = uint32(i % f.piece)
	}
	return f, s.backend.WriteIndex(f.Order, rows)
}

// Share lends the samples of a set to a backend, or copies them there. It calls own with each buffer
// that the caller must free.
func Share(b compute.Backend, d *dataset.Set, own func(compute.Buffer)) (set mlp.Set, err error) {
	n := d.Len()
	if d.Images != nil {
		if set.Images, err = b.ShareBytes(n, d.Features(), d.Images); err != nil {
			return set, err
		}
		own(set.Images.Buf)
	}
	if d.Labels != nil {
		if set.Labels, err = b.ShareBytes(n, 1, d.Labels); err != nil {
			return set, err
		}
		own(set.Labels.Buf)
	}
	for _, x := range []struct {
		mat    *compute.Mat
		cols   int
		values []float32
	}{{&set.Values, d.Features(), d.Values}, {&set.Targets, d.Outputs, d.Targets}} {
		if x.values == nil {
			continue
		}
		if *x.mat, err = b.Alloc(n, x.cols); err != nil {
			return set, err
		}
		own(x.mat.Buf)
		if err = b.Write(*x.mat, x.values); err != nil {
			return set, err
		}
	}
	return set, nil
}

// makeSlots allocates the slots, and fills them with the first samples: a backend may inspect its
// data when it compiles, as the CPU backend does to count zero pixels.
func (s *session) makeSlots(f *feed) (err error) {
	size := f.data.Features()
	f.images, f.labels = make([]byte, f.piece*size), make([]byte, f.piece)
	f.slots = make([]slot, feedSlots)
	for i := range f.slots {
		p := &f.slots[i]
		if p.images, err = s.backend.AllocBytes(f.piece, size); err != nil {
			return err
		}
		s.own(p.images.Buf)
		if p.labels, err = s.backend.AllocBytes(f.piece, 1); err != nil {
			return err
		}
		s.own(p.labels.Buf)
		if err = p.write(s.backend, f.data.Images[:f.piece*size], f.data.Labels[:f.piece]); err != nil {
			return err
		}
	}
	f.Images, f.Labels = f.slots[0].images, f.slots[0].labels
	return nil
}

func (p *slot) write(b compute.Backend, images, labels []byte) error {
	if err := b.WriteBytes(p.images, images); err != nil {
		return err
	}
	return b.WriteBytes(p.labels, labels)
}

// begin prepares an epoch in an order.
func (f *feed) begin(order []uint32) error {
	f.order, f.sent = order, 0
	if !f.resident() {
		return nil
	}
	return f.backend.WriteIndex(f.Order, order)
}

// A programmer writes the program for a batch of rows of a set.
type programmer func(set mlp.Set, rows int) (compute.Program, error)

// compile compiles the programs for the batches of each slot, and one for a smaller last batch.
func (f *feed) compile(write programmer) (err error) {
	for i := range f.slots {
		if f.slots[i].step, err = f.program(write, i, f.batch); err != nil {
			return err
		}
	}
	if rest := f.samples % f.batch; rest > 0 {
		last := (f.pieces() - 1) % len(f.slots)
		f.slots[last].tail, err = f.program(write, last, rest)
	}
	return err
}

// program compiles a program for rows of a slot.
func (f *feed) program(write programmer, slot, rows int) (compute.Executable, error) {
	set := f.Set
	set.Images, set.Labels = f.slots[slot].images, f.slots[slot].labels
	p, err := write(set, rows)
	if err != nil {
		return nil, err
	}
	return f.backend.Compile(p)
}

// release releases the programs.
func (f *feed) release() {
	if f == nil {
		return
	}
	for _, p := range f.slots {
		release(p.step, p.tail)
	}
}

// run queues the program of the batch that begins at a row of the epoch, and returns the row
// after it.
func (f *feed) run(args compute.Args) (next int, err error) {
	i, err := f.at(args.Row)
	if err != nil {
		return 0, err
	}
	x, next := f.slots[i].step, args.Row+f.batch
	if next > f.samples {
		x, next = f.slots[i].tail, f.samples
	}
	x.Run(args)
	return next, nil
}

// at returns the slot with a row of the epoch. It sends the piece of the row and the next one,
// whose slot is free: all steps of the piece that was there are queued before.
func (f *feed) at(row int) (int, error) {
	k, n := row/f.piece, len(f.slots)
	if f.resident() {
		return 0, nil
	}
	if k < f.sent-n || k > f.sent { // a step is repeated, or an epoch resumed
		f.sent = k
	}
	for ; f.sent < min(k+n, f.pieces()); f.sent++ {
		if err := f.send(f.sent); err != nil {
			return 0, err
		}
	}
	return k % n, nil
}

// send queues the transfer of a piece to its slot.
func (f *feed) send(piece int) error {
	size := f.data.Features()
	lo := piece * f.piece
	for i := range min(f.piece, f.samples-lo) {
		from := lo + i
		if f.order != nil {
			from = int(f.order[from])
		}
		copy(f.images[i*size:(i+1)*size], f.data.Images[from*size:])
		f.labels[i] = f.data.Labels[from]
	}
	return f.slots[piece%len(f.slots)].write(f.backend, f.images, f.labels)
}
