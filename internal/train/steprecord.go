package train

import (
	"fmt"

	"shadegrad/compute"
	"shadegrad/compute/judge"
	"shadegrad/compute/reference"
	"shadegrad/internal/dataset"
	"shadegrad/internal/mlp"
)

// A StepRecord is one training step: its input, and the results of a device.
type StepRecord struct {
	Options       Options
	Data          DataInfo
	Epoch, Step   int       // from 1; the step within its epoch
	LearningRate  float64   // of the step
	Pixels        []byte    // of the batch, a row per sample; nil if the samples are numbers
	Numbers       []float32 // a row per sample; nil if the samples are images
	Labels        []byte    // nil for regression
	Targets       []float32 // for regression, a row per sample
	Before, After Parameters
	Stats         []float32         // loss and hit of each sample, as computed by the device
	Device        compute.Info      // which computed After and Stats
	Sources       map[string]string // of the kernels of the step, if the device has any
}

// Rows returns the number of samples in the batch.
func (m *StepRecord) Rows() int {
	if m.Options.Network.Regression {
		return len(m.Targets) / m.Options.Network.Outputs()
	}
	return len(m.Labels)
}

// Finite reports whether every result of the device is finite.
func (m *StepRecord) Finite() bool {
	return m.After.finite() && firstNonFinite([][]float32{m.Stats}) < 0
}

// args returns the arguments of the step, with the batch at the place where set puts it. All except
// the learning rate follow from the number of the step.
func (m *StepRecord) args() compute.Args {
	o, n := m.Options, m.Data.Samples
	a := o.StepArgs(m.Epoch-1, (m.Step-1)*o.BatchSize(n), n)
	a.Row, a.LearningRate = m.Rows(), float32(m.LearningRate)
	return a
}

// A StepReplay is a recorded step with its results in float64.
type StepReplay struct {
	*judge.Replay
	results map[compute.Mat][]float32
}

// Replay computes the step in float64 with the program that a run compiles. It returns an error if
// memory does not suffice.
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
	for _, l := range m.Before.lists() {
		if *l.values == nil {
			continue
		}
		if err := n.Load(l.mats(n), *l.values); err != nil {
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
	r := &StepReplay{Replay: g, results: map[compute.Mat][]float32{set.Stats.RowRange(rows, rows): m.Stats}}
	for _, l := range m.After.lists() {
		for i, values := range *l.values {
			r.results[l.mats(n)[i]] = values
		}
	}
	return r, nil
}

// Recorded compares the recorded results with the replay. It returns the first element that exceeds
// its bound, or nil.
func (r *StepReplay) Recorded() (*judge.Difference, error) { return r.Compare(r.results) }

// ReplayBytes estimates the memory of a replay: the old value of each value; its value, bound,
// magnitude and mark in the reference; and the terms of products.
func ReplayBytes(o Options, rows int) int64 {
	const each = 4 + 3*8 + 1 + 4*8
	return each * (o.Network.Memory(rows, o.StepTraining()) / 4)
}

// set writes the batch to a backend. The batch is the second in the order, and its rows are reversed in
// memory, so that faults in the use of Args.Row or of the order show as in a run.
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

// record runs the step that begins at a row of the epoch, and records it. It returns the row
// after it.
func (s *session) record(st *State, row int) (*StepRecord, int, error) {
	m := &StepRecord{Options: st.Options, Data: st.Data, Epoch: st.Epoch + 1, Step: row/s.train.batch + 1,
		LearningRate: s.at(st, row).LearningRate, Device: s.backend.Info()}
	batch := selectRows(s.train.data, s.train.order[row:min(row+s.train.batch, s.train.samples)])
	m.Pixels, m.Numbers, m.Labels, m.Targets = batch.Images, batch.Values, batch.Labels, batch.Targets
	if err := s.read(&m.Before); err != nil {
		return nil, 0, err
	}
	next, err := s.runStep(st.Epoch, row)
	if err != nil {
		return nil, 0, err
	}
	if err := s.read(&m.After); err != nil {
		return nil, 0, err
	}
	m.Stats = make([]float32, 2*(next-row))
	return m, next, s.backend.Read(m.Stats, s.train.Stats.RowRange(row, next-row))
}

// read reads the parameters that a step changes. It omits the averages, which another program updates.
func (s *session) read(p *Parameters) (err error) {
	for _, l := range p.used(s.options.StepTraining()) {
		if l.what == Averages {
			continue
		}
		if *l.values, err = s.network.Values(l.mats(s.network)); err != nil {
			return err
		}
	}
	return nil
}

// addSources adds the sources of the step's kernels to a record, if the backend has any.
func (s *session) addSources(m *StepRecord) (err error) {
	x := s.train.slots[0].step
	if x == nil || m.Rows() < s.train.batch {
		for _, p := range s.train.slots {
			if p.tail != nil {
				x = p.tail
			}
		}
	}
	if source, ok := x.(compute.Sourcer); ok {
		m.Sources, err = source.Sources()
	}
	return err
}

// selectRows returns a set with the samples of d in some rows.
func selectRows(d *dataset.Set, rows []uint32) *dataset.Set {
	return &dataset.Set{Width: d.Width, Height: d.Height, Classes: d.Classes, Outputs: d.Outputs,
		Images: selectFrom(d.Images, rows, d.Features()), Values: selectFrom(d.Values, rows, d.Features()),
		Labels: selectFrom(d.Labels, rows, 1), Targets: selectFrom(d.Targets, rows, d.Outputs)}
}

func selectFrom[T any](list []T, rows []uint32, size int) []T {
	if list == nil {
		return nil
	}
	selected := make([]T, 0, len(rows)*size)
	for _, i := range rows {
		selected = append(selected, list[int(i)*size:(int(i)+1)*size]...)
	}
	return selected
}
