package train

import (
	"fmt"
	"slices"

	"shadegrad/compute"
	"shadegrad/compute/judge"
	"shadegrad/internal/mlp"
)

// A Moment is one training step: all that went into it, and what a device made of it.
type Moment struct {
	Options      Options
	Data         DataInfo
	Epoch, Step  int     // from 1; the step within its epoch
	LearningRate float64 // of the step
	Pixels       []byte  // of the batch, a row a sample
	Labels       []byte
	Before       Parameters
	After        Parameters
	Stats        []float32         // loss and hit of each sample, as the device gave them
	Device       compute.Info      // that gave After and Stats
	Sources      map[string]string // of the kernels of the step, where the device has any
}

// Parameters are the parameters and the velocities of a network, as in a State.
type Parameters struct{ Values, Velocities [][]float32 }

// args are those of the step, whose batch lies where set puts it.
func (m *Moment) args() compute.Args {
	return compute.Args{Row: len(m.Labels), LearningRate: float32(m.LearningRate), Momentum: float32(m.Options.Momentum)}
}

// A Trial is a moment before the judge.
type Trial struct {
	*judge.Given
	results map[compute.Mat][]float32
}

// Try has the judge solve the step in float64, by the very program that a run
// compiles. It is an error if there is not memory enough.
func (m *Moment) Try() (*Trial, error) {
	o, rows := m.Options, len(m.Labels)
	if asked, have := trialBytes(o, rows), available(); have >= 0 && asked > have {
		return nil, fmt.Errorf("judging a step of network %s with a batch of %d: %w", o.Network, rows,
			&compute.MemoryError{Bytes: asked, Available: have})
	}
	b := judge.Reference()
	n, err := mlp.New(b, o.Network, rows, o.training())
	if err != nil {
		return nil, err
	}
	if err := n.Load(n.Parameters(), m.Before.Values); err != nil {
		return nil, err
	}
	if err := n.Load(n.Velocities(), m.Before.Velocities); err != nil {
		return nil, err
	}
	set, err := m.set(b, rows)
	if err != nil {
		return nil, err
	}
	p, err := n.TrainStep(set, rows)
	if err != nil {
		return nil, err
	}
	g, err := judge.NewGiven(p, m.args(), n.MatrixName)
	if err != nil {
		return nil, err
	}
	t := &Trial{Given: g, results: map[compute.Mat][]float32{set.Stats.RowRange(rows, rows): m.Stats}}
	for i, mat := range n.Parameters() {
		t.results[mat] = m.After.Values[i]
	}
	for i, mat := range n.Velocities() {
		t.results[mat] = m.After.Velocities[i]
	}
	return t, nil
}

// set puts the batch on a backend: as the second one of an order, as a run has it, and in
// another order in memory, so that a mistake in either shows here too.
func (m *Moment) set(b compute.Backend, rows int) (s mlp.Set, err error) {
	inputs := m.Options.Network.Sizes[0]
	pixels, labels, order := make([]byte, len(m.Pixels)), make([]byte, rows), make([]uint32, 2*rows)
	for i := range rows {
		at := rows - 1 - i
		copy(pixels[at*inputs:(at+1)*inputs], m.Pixels[i*inputs:])
		labels[at] = m.Labels[i]
		order[i], order[rows+i] = uint32(i), uint32(at)
	}
	if s.Images, err = b.ShareBytes(rows, inputs, pixels); err != nil {
		return s, err
	}
	if s.Labels, err = b.ShareBytes(rows, 1, labels); err != nil {
		return s, err
	}
	if s.Order, err = b.AllocIndex(len(order), rows); err != nil {
		return s, err
	}
	if err = b.WriteIndex(s.Order, order); err != nil {
		return s, err
	}
	s.Stats, err = b.Alloc(len(order), 2)
	return s, err
}

// Recorded judges what the moment's device made of the step. It returns the first
// element that is out of its bound, or nil.
func (t *Trial) Recorded() (*judge.Difference, error) { return t.Compare(t.results) }

// trialBytes is about what a trial takes of the machine: for each value one as it was, and
// the reference's value, bound, magnitude and mark; and terms of products beside that.
func trialBytes(o Options, rows int) int64 {
	const each = 4 + 3*8 + 1 + 4*8
	floats := o.Network.Memory(rows, o.training()) / 4
	return each * floats
}

// capture does the step that begins at a row of the epoch, and keeps all there is to know
// of it. It returns the row after it.
func (s *session) capture(st *State, row int, rate float64) (*Moment, int, error) {
	m := &Moment{Options: st.Options, Data: st.Data, Epoch: st.Epoch + 1, Step: row/s.train.batch + 1,
		LearningRate: rate, Device: s.backend.Info()}
	m.Pixels, m.Labels = s.train.batchAt(row)
	var err error
	if m.Before, err = s.weights(); err != nil {
		return nil, 0, err
	}
	next, err := s.runStep(row, rate)
	if err != nil {
		return nil, 0, err
	}
	if m.After, err = s.weights(); err != nil {
		return nil, 0, err
	}
	m.Stats = make([]float32, 2*(next-row))
	return m, next, s.backend.Read(m.Stats, s.train.Stats.RowRange(row, next-row))
}

// weights waits for the parameters and velocities as they are.
func (s *session) weights() (w Parameters, err error) {
	if w.Values, err = s.network.Values(s.network.Parameters()); err != nil {
		return w, err
	}
	w.Velocities, err = s.network.Values(s.network.Velocities())
	return w, err
}

// describe adds to a moment what only one that is kept needs.
func (s *session) describe(m *Moment) error {
	x := s.train.slots[0].step
	if x == nil || len(m.Labels) < s.train.batch {
		for _, p := range s.train.slots {
			if p.tail != nil {
				x = p.tail
			}
		}
	}
	source, ok := x.(compute.Sourcer)
	if !ok {
		return nil
	}
	var err error
	m.Sources, err = source.Sources()
	return err
}

// batchAt returns the samples of the batch that begins at a row of the epoch.
func (f *feed) batchAt(row int) (pixels, labels []byte) {
	for _, i := range f.order[row:min(row+f.batch, f.samples)] {
		n := f.data.Features()
		pixels = append(pixels, f.data.Images[int(i)*n:(int(i)+1)*n]...)
		labels = append(labels, f.data.Labels[i])
	}
	return pixels, labels
}

// finite tells whether all of them are finite numbers.
func (w Parameters) finite() bool { return firstBad(slices.Concat(w.Values, w.Velocities)) < 0 }

// Finite tells whether all that the device made of the step is finite.
func (m *Moment) Finite() bool { return m.After.finite() && firstBad([][]float32{m.Stats}) < 0 }
