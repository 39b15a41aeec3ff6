package train

import (
	"fmt"
	"slices"

	"shadegrad/compute"
	"shadegrad/compute/judge"
	"shadegrad/compute/reference"
	"shadegrad/internal/dataset"
	"shadegrad/internal/mlp"
)

// A Moment is one training step: all that went into it, and what a device made of it.
type StepRecord struct {
	Options      Options
	Data         DataInfo
	Epoch, Step  int       // from 1; the step within its epoch
	LearningRate float64   // of the step
	Pixels       []byte    // of the batch, a row a sample; none where there are Numbers
	Numbers      []float32 // a row a sample, of samples that are no images
	Labels       []byte    // none for regression
	Targets      []float32 // a row a sample, for regression
	Before       Parameters
	After        Parameters
	Stats        []float32         // loss and hit of each sample, as the device gave them
	Device       compute.Info      // that gave After and Stats
	Sources      map[string]string // of the kernels of the step, where the device has any
}

// Parameters are the parameters of a network and what its updates keep of each, as in a State.
type Parameters struct{ Values, Velocities, Squares [][]float32 }

// Rows is how many samples the step's batch has.
func (m *StepRecord) Rows() int {
	if m.Options.Network.Regression {
		return len(m.Targets) / m.Options.Network.Outputs()
	}
	return len(m.Labels)
}

// args are those of the step, whose batch lies where set puts it. All but the rate follow
// from the step's number.
func (m *StepRecord) args() compute.Args {
	o, n := m.Options, m.Data.Samples
	a := o.StepArgs(m.Epoch-1, (m.Step-1)*o.BatchSize(n), n)
	a.Row, a.LearningRate = m.Rows(), float32(m.LearningRate)
	return a
}

// A Trial is a moment before the judge.
type StepReplay struct {
	*judge.Replay
	results map[compute.Mat][]float32
}

// Try has the judge solve the step in float64, by the very program that a run
// compiles. It is an error if there is not memory enough.
func (m *StepRecord) Replay() (*StepReplay, error) {
	o, rows := m.Options, m.Rows()
	if asked, have := ReplayBytes(o, rows), available(); have >= 0 && asked > have {
		return nil, fmt.Errorf("judging a step of network %s with a batch of %d: %w", o.Network, rows,
			&compute.MemoryError{Bytes: asked, Available: have})
	}
	b := reference.New()
	n, err := mlp.New(b, o.Network, rows, o.StepTraining())
	if err != nil {
		return nil, err
	}
	for _, k := range m.Before.kept(n) {
		if err := n.Load(k.mats, *k.values); err != nil {
			return nil, err
		}
	}
	if a := o.Training.Augment; a.Elastic() {
		if err := n.Blur(a.SigmaOf(o.Seed, m.Epoch-1)); err != nil {
			return nil, err
		}
	}
	set, err := m.set(b, rows)
	if err != nil {
		return nil, err
	}
	p, err := n.TrainStep(set, rows)
	if err != nil {
		return nil, err
	}
	g, err := judge.NewReplay(p, m.args(), func(x compute.Mat) string {
		switch x.Buf {
		case set.Values.Buf:
			return "the samples"
		case set.Targets.Buf:
			return "the targets"
		}
		return n.MatrixName(x)
	})
	if err != nil {
		return nil, err
	}
	t := &StepReplay{Replay: g, results: map[compute.Mat][]float32{set.Stats.RowRange(rows, rows): m.Stats}}
	for _, k := range m.After.kept(n) {
		for i, mat := range k.mats {
			t.results[mat] = (*k.values)[i]
		}
	}
	return t, nil
}

// kept lists the kinds of values that there are, and where a network has them.
func (w *Parameters) kept(n *mlp.Network) []kept {
	return []kept{{n.Parameters(), &w.Values}, {n.Velocities(), &w.Velocities}, {n.Squares(), &w.Squares}}
}

// set puts the batch on a backend: as the second one of an order, as a run has it, and in
// another order in memory, so that a mistake in either shows here too.
func (m *StepRecord) set(b compute.Backend, rows int) (s mlp.Set, err error) {
	c := m.Options.Network
	batch := dataset.Set{Images: m.Pixels, Values: m.Numbers, Labels: m.Labels, Targets: m.Targets, Width: c.Sizes[0], Height: 1}
	if c.Regression {
		batch.Outputs = c.Outputs()
	}
	reversed, order := make([]uint32, rows), make([]uint32, 2*rows)
	for i := range rows {
		at := uint32(rows - 1 - i)
		reversed[i], order[i], order[rows+i] = at, uint32(i), at
	}
	if s, err = Share(b, selectRows(&batch, reversed), func(compute.Buffer) {}); err != nil {
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
func (t *StepReplay) Recorded() (*judge.Difference, error) { return t.Compare(t.results) }

// ReplayBytes is about what a trial takes of the machine: for each value one as it was, and
// the reference's value, bound, magnitude and mark; and terms of products beside that.
func ReplayBytes(o Options, rows int) int64 {
	const each = 4 + 3*8 + 1 + 4*8
	floats := o.Network.Memory(rows, o.StepTraining()) / 4
	return each * floats
}

// capture does the step that begins at a row of the epoch, and keeps all there is to know
// of it. It returns the row after it.
func (s *session) capture(st *State, row int) (*StepRecord, int, error) {
	m := &StepRecord{Options: st.Options, Data: st.Data, Epoch: st.Epoch + 1, Step: row/s.train.batch + 1,
		LearningRate: s.at(st, row).LearningRate, Device: s.backend.Info()}
	batch := s.train.batchAt(row)
	m.Pixels, m.Numbers, m.Labels, m.Targets = batch.Images, batch.Values, batch.Labels, batch.Targets
	var err error
	if m.Before, err = s.weights(); err != nil {
		return nil, 0, err
	}
	next, err := s.runStep(st.Epoch, row)
	if err != nil {
		return nil, 0, err
	}
	if m.After, err = s.weights(); err != nil {
		return nil, 0, err
	}
	m.Stats = make([]float32, 2*(next-row))
	return m, next, s.backend.Read(m.Stats, s.train.Stats.RowRange(row, next-row))
}

// weights waits for the parameters, and what belongs to them, as they are.
func (s *session) weights() (w Parameters, err error) {
	for _, k := range w.kept(s.network) {
		if len(k.mats) == 0 {
			continue
		}
		if *k.values, err = s.network.Values(k.mats); err != nil {
			return w, err
		}
	}
	return w, nil
}

// describe adds to a moment what only one that is kept needs.
func (s *session) describe(m *StepRecord) error {
	x := s.train.slots[0].step
	if x == nil || m.Rows() < s.train.batch {
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
func (f *feed) batchAt(row int) *dataset.Set {
	return selectRows(f.data, f.order[row:min(row+f.batch, f.samples)])
}

// pick returns a set of the samples of d in some rows.
func selectRows(d *dataset.Set, rows []uint32) *dataset.Set {
	p := &dataset.Set{Width: d.Width, Height: d.Height, Classes: d.Classes, Outputs: d.Outputs}
	p.Images, p.Values = selectFrom(d.Images, rows, d.Features()), selectFrom(d.Values, rows, d.Features())
	p.Labels, p.Targets = selectFrom(d.Labels, rows, 1), selectFrom(d.Targets, rows, d.Outputs)
	return p
}

func selectFrom[T any](list []T, rows []uint32, size int) []T {
	if list == nil {
		return nil
	}
	picked := make([]T, 0, len(rows)*size)
	for _, i := range rows {
		picked = append(picked, list[int(i)*size:(int(i)+1)*size]...)
	}
	return picked
}

// finite tells whether all of them are finite numbers.
func (w Parameters) finite() bool {
	return firstNonFinite(slices.Concat(w.Values, w.Velocities, w.Squares)) < 0
}

// Finite tells whether all that the device made of the step is finite.
func (m *StepRecord) Finite() bool {
	return m.After.finite() && firstNonFinite([][]float32{m.Stats}) < 0
}
