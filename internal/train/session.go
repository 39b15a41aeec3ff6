package train

import (
	"fmt"

	"shadegrad/compute"
	"shadegrad/internal/dataset"
	"shadegrad/internal/mlp"
)

// A session is a run's data, network and programs on one backend.
type session struct {
	backend compute.Backend
	options Options
	network *mlp.Network
	train   trainSet
	test    evalSet
	order   []uint32 // the host's copy of the epoch's permutation
	spare   *State   // whose memory the next state takes; nil until one is stored
	buffers []compute.Buffer
}

// A trainSet is the training set on the device, with the programs for it.
type trainSet struct {
	mlp.Set
	samples, batch int
	step, tail     compute.Executable // tail is for the last, smaller batch
	clear, sums    compute.Executable
}

// An evalSet is the test set on the device, with the programs for it.
type evalSet struct {
	mlp.Set
	samples, batch int
	step, tail     compute.Executable
	sums           compute.Executable
}

// newSession moves the data to the backend and compiles the programs.
func newSession(b compute.Backend, o Options, d *dataset.Data) (*session, error) {
	s := &session{backend: b, options: o}
	if err := s.prepare(d); err != nil {
		s.free()
		return nil, err
	}
	return s, nil
}

func (s *session) prepare(d *dataset.Data) (err error) {
	n, m := d.Train.Len(), d.Test.Len()
	s.train.samples, s.train.batch = n, s.options.BatchSize(n)
	s.test.samples, s.test.batch = m, evalRows(s.options.Network, m)
	s.order = make([]uint32, n)
	if s.train.Set, err = s.upload(&d.Train); err != nil {
		return fmt.Errorf("training set: %w", err)
	}
	if s.train.Order, err = s.backend.AllocIndex(n, n); err != nil {
		return fmt.Errorf("order of the training set: %w", err)
	}
	s.buffers = append(s.buffers, s.train.Order.Buf)
	if s.test.Set, err = s.upload(&d.Test); err != nil {
		return fmt.Errorf("test set: %w", err)
	}
	s.network, err = mlp.New(s.backend, s.options.Network, max(s.train.batch, s.test.batch), s.options.Momentum != 0)
	if err != nil {
		return err
	}
	return s.compile()
}

// upload puts a data set into the backend's memory, or lends it.
func (s *session) upload(d *dataset.Set) (set mlp.Set, err error) {
	if set.Images, err = s.backend.ShareBytes(d.Len(), d.Features(), d.Images); err != nil {
		return set, err
	}
	s.buffers = append(s.buffers, set.Images.Buf)
	if set.Labels, err = s.backend.ShareBytes(d.Len(), 1, d.Labels); err != nil {
		return set, err
	}
	s.buffers = append(s.buffers, set.Labels.Buf)
	if set.Stats, err = s.backend.Alloc(d.Len(), 2); err != nil {
		return set, err
	}
	s.buffers = append(s.buffers, set.Stats.Buf)
	if set.Totals, err = s.backend.Alloc(1, 2); err != nil {
		return set, err
	}
	s.buffers = append(s.buffers, set.Totals.Buf)
	return set, nil
}

// compile makes the programs of the training set, then those of the test set.
func (s *session) compile() (err error) {
	t := &s.train
	if t.step, t.tail, err = s.compileSteps(s.network.TrainStep, t.Set, t.samples, t.batch); err != nil {
		return err
	}
	if t.clear, err = s.backend.Compile(mlp.ClearStats(t.Set)); err != nil {
		return err
	}
	if t.sums, err = s.backend.Compile(mlp.Sums(t.Set)); err != nil {
		return err
	}
	return s.compileEval()
}

// compileEval makes the programs of the test set.
func (s *session) compileEval() (err error) {
	e := &s.test
	if e.step, e.tail, err = s.compileSteps(s.network.EvalStep, e.Set, e.samples, e.batch); err != nil {
		return err
	}
	e.sums, err = s.backend.Compile(mlp.Sums(e.Set))
	return err
}

// compileSteps makes a program for the batches of a set, and one for the smaller
// batch at its end, unless there is none.
func (s *session) compileSteps(program func(mlp.Set, int) (compute.Program, error), set mlp.Set, samples, batch int) (step, tail compute.Executable, err error) {
	p, err := program(set, batch)
	if err != nil {
		return nil, nil, err
	}
	if step, err = s.backend.Compile(p); err != nil {
		return nil, nil, err
	}
	if samples%batch == 0 {
		return step, nil, nil
	}
	if p, err = program(set, samples%batch); err != nil {
		return step, nil, err
	}
	tail, err = s.backend.Compile(p)
	return step, tail, err
}

// free gives everything back that the session took from its backend.
func (s *session) free() {
	t, e := &s.train, &s.test
	for _, x := range []compute.Executable{t.step, t.tail, t.clear, t.sums, e.step, e.tail, e.sums} {
		if x != nil {
			x.Release()
		}
	}
	if s.network != nil {
		s.network.Free()
	}
	for _, b := range s.buffers {
		s.backend.Free(b)
	}
}

// load puts a state's parameters on the device.
func (s *session) load(st *State) error {
	if err := s.network.Load(s.network.Parameters(), st.Values); err != nil {
		return err
	}
	return s.network.Load(s.network.Velocities(), st.Velocities)
}

// store brings the parameters into a state. Two states take turns in the same
// memory, so that no epoch leaves behind what the network takes.
func (s *session) store(st *State) error {
	s.reserve()
	st.Values, st.Velocities = s.spare.Values, s.spare.Velocities
	if err := s.network.Store(s.network.Parameters(), st.Values); err != nil {
		return err
	}
	return s.network.Store(s.network.Velocities(), st.Velocities)
}

// replace makes next, which was stored, a run's state, and keeps what it replaces
// for the one after it.
func (s *session) replace(st *State, next State) {
	s.spare, *st = &State{Values: st.Values, Velocities: st.Velocities}, next
}

// reserve takes the memory for the next state.
func (s *session) reserve() {
	if s.spare == nil {
		s.spare = &State{Values: room(s.network.Parameters()), Velocities: room(s.network.Velocities())}
	}
}

// room returns memory for the values of matrices. It is written to, since a system
// gives memory only then: now, and not at the end of an epoch that would be lost.
func room(mats []compute.Mat) [][]float32 {
	var list [][]float32
	for _, m := range mats {
		v := make([]float32, m.Len())
		clear(v)
		list = append(list, v)
	}
	return list
}

// runStep queues the training step that begins at a row of the epoch and returns
// the row after it.
func (s *session) runStep(row int, rate float64) int {
	t := &s.train
	x, next := t.step, row+t.batch
	if next > t.samples {
		x, next = t.tail, t.samples
	}
	x.Run(compute.Args{Row: row, LearningRate: float32(rate), Momentum: float32(s.options.Momentum)})
	return next
}

// totals waits for a set's sums and returns the means over n samples.
func (s *session) totals(sums compute.Executable, set mlp.Set, n int) (loss, hits float64, err error) {
	sums.Run(compute.Args{})
	var v [2]float32
	if err := s.backend.Read(v[:], set.Totals); err != nil {
		return 0, 0, err
	}
	return float64(v[0]) / float64(n), float64(v[1]) / float64(n), nil
}

// evaluate returns the mean loss and the share of hits on the test set.
func (s *session) evaluate() (loss, acc float64, err error) {
	e := &s.test
	for row := 0; row < e.samples; row += e.batch {
		x := e.step
		if row+e.batch > e.samples {
			x = e.tail
		}
		x.Run(compute.Args{Row: row})
	}
	return s.totals(e.sums, e.Set, e.samples)
}
