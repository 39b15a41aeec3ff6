package train

import (
	"fmt"

	"shadegrad/compute"
	"shadegrad/internal/dataset"
	"shadegrad/internal/mlp"
)

// A session is a run's data, network and programs on one backend.
type session struct {
	backend    compute.Backend
	options    Options
	network    *mlp.Network
	train      trainSet
	validation evalSet // without a feed where there is none
	test       evalSet
	orders     *orders
	spare      *State // whose memory the next state takes; nil until one is stored
	probe      *probe // nil where no diagnosis is wanted
	buffers    []compute.Buffer
}

// A trainSet is the training set on the device, with the programs for it.
type trainSet struct {
	*feed
	clear, sums compute.Executable
}

// An evalSet is the validation or the test set on the device, with the programs for it.
type evalSet struct {
	*feed
	sums compute.Executable
}

// newSession moves the data to the backend, as planned, and compiles the programs.
func newSession(b compute.Backend, o Options, d *dataset.Data, p feeding) (*session, error) {
	s := &session{backend: b, options: o}
	if err := s.prepare(d, p); err != nil {
		s.free()
		return nil, err
	}
	return s, nil
}

func (s *session) prepare(d *dataset.Data, p feeding) (err error) {
	s.orders = newOrders(s.options.Seed, d.Train.Len())
	if s.train.feed, err = s.newFeed(&d.Train, s.options.BatchSize(d.Train.Len()), p.train, true); err != nil {
		return fmt.Errorf("training set: %w", err)
	}
	if s.test.feed, err = s.newFeed(&d.Test, evalRows(s.options.Network, d.Test.Len()), p.test, false); err != nil {
		return fmt.Errorf("test set: %w", err)
	}
	s.network, err = mlp.New(s.backend, s.options.Network, max(s.train.batch, s.test.batch), s.options.training())
	if err != nil {
		return err
	}
	return s.compile()
}

// compile makes the programs of the training set, then those of the test set.
func (s *session) compile() (err error) {
	t := &s.train
	if err := t.compile(s.network.TrainStep); err != nil {
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
	if err := s.test.compile(s.network.EvalStep); err != nil {
		return err
	}
	s.test.sums, err = s.backend.Compile(mlp.Sums(s.test.Set))
	return err
}

// free gives everything back that the session took from its backend.
func (s *session) free() {
	s.orders.wait()
	s.probe.free()
	s.train.release()
	s.test.release()
	for _, x := range []compute.Executable{s.train.clear, s.train.sums, s.test.sums} {
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
func (s *session) runStep(row int, rate float64) (next int, err error) {
	return s.train.run(compute.Args{Row: row, LearningRate: float32(rate), Momentum: float32(s.options.Momentum)})
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

// evaluate returns the mean loss and the share of hits on a set.
func (s *session) evaluate(e *evalSet) (loss, acc float64, err error) {
	for row := 0; row < e.samples && err == nil; {
		row, err = e.run(compute.Args{Row: row})
	}
	if err != nil {
		return 0, 0, err
	}
	return s.totals(e.sums, e.Set, e.samples)
}

// training is Options.Training with what follows from the momentum: velocities.
func (o Options) training() mlp.Training {
	t := o.Training
	t.Velocity = t.Velocity || o.Momentum != 0
	return t
}
