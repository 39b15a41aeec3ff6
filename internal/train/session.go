package train

import (
	"errors"
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
	validation evalSet
	test       evalSet
	averages   averages
	sigma      float64 // of the Gaussian that is on the device; 0: none yet
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

// An evalSet is a set on the device that is only evaluated, with the programs for it. One
// without samples has no feed.
type evalSet struct {
	*feed
	sums compute.Executable // nil until the programs are compiled
}

// newSession moves the data to the backend, as planned, and compiles the programs.
func newSession(b compute.Backend, o Options, d *dataset.Data, p feedPlan) (*session, error) {
	s := &session{backend: b, options: o}
	if err := s.prepare(d, p); err != nil {
		s.free()
		return nil, err
	}
	return s, nil
}

func (s *session) prepare(d *dataset.Data, p feedPlan) (err error) {
	s.orders = newOrders(s.options.Seed, d.Train.Len())
	if s.train.feed, err = s.newFeed(&d.Train, s.options.BatchSize(d.Train.Len()), p.train, true); err != nil {
		return fmt.Errorf("training set: %w", err)
	}
	for _, x := range []struct {
		name  string
		set   *evalSet
		data  *dataset.Set
		piece int
	}{{"validation set", &s.validation, &d.Validation, p.validation}, {"test set", &s.test, &d.Test, p.test}} {
		if x.data.Len() == 0 {
			continue
		}
		if x.set.feed, err = s.newFeed(x.data, evalRows(s.options.Network, x.data.Len()), x.piece, false); err != nil {
			return fmt.Errorf("%s: %w", x.name, err)
		}
	}
	s.network, err = mlp.New(s.backend, s.options.Network, sessionRows(s.options, d), sessionTraining(s.options, d))
	if err != nil {
		return err
	}
	return s.compile()
}

// compile makes the programs of the training set, then those of the sets that are looked at
// after each epoch.
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
	if err := s.compileAverages(); err != nil {
		return err
	}
	if err := s.compileEval(&s.validation); err != nil || !s.options.TestsEach() {
		return err
	}
	return s.compileEval(&s.test)
}

// compileEval makes the programs of a set that is evaluated, unless it has them or there is
// nothing to evaluate.
func (s *session) compileEval(e *evalSet) (err error) {
	if e.feed == nil || e.sums != nil {
		return nil
	}
	if err := e.compile(s.network.Averaged().EvalStep); err != nil {
		return err
	}
	e.sums, err = s.backend.Compile(mlp.Sums(e.Set))
	return err
}

// free gives everything back that the session took from its backend.
func (s *session) free() {
	s.orders.wait()
	s.probe.free()
	s.train.release()
	s.validation.release()
	s.test.release()
	for _, x := range []compute.Executable{s.train.clear, s.train.sums, s.validation.sums, s.test.sums,
		s.averages.usual, s.averages.last} {
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

// A kept is what a state holds of one kind for each parameter, and where the network has it.
type kept struct {
	mats   []compute.Mat
	values *[][]float32
}

// kept lists them; a kind that the training has no use for is empty in both.
func (s *session) kept(st *State) []kept {
	n := s.network
	return []kept{{n.Parameters(), &st.Values}, {n.Velocities(), &st.Velocities}, {n.Squares(), &st.Squares},
		{n.Averages(), &st.Averages}}
}

// load puts a state's parameters on the device, with what belongs to them.
func (s *session) load(st *State) error {
	for _, k := range s.kept(st) {
		if err := s.network.Load(k.mats, *k.values); err != nil {
			return err
		}
	}
	return nil
}

// store brings the parameters into a state. Two states take turns in the same
// memory, so that no epoch leaves behind what the network takes.
func (s *session) store(st *State) error {
	s.reserve()
	spare := s.kept(s.spare)
	for i, k := range s.kept(st) {
		*k.values = *spare[i].values
		if err := s.network.Store(k.mats, *k.values); err != nil {
			return err
		}
	}
	return nil
}

// replace makes next, which was stored, a run's state, and keeps what it replaces
// for the one after it.
func (s *session) replace(st *State, next State) {
	s.spare = &State{Values: st.Values, Velocities: st.Velocities, Squares: st.Squares, Averages: st.Averages}
	*st = next
}

// reserve takes the memory for the next state.
func (s *session) reserve() {
	if s.spare != nil {
		return
	}
	s.spare = &State{}
	for _, k := range s.kept(s.spare) {
		*k.values = room(k.mats)
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

// blur gives the device the Gaussian of an epoch's elastic distortions, counted from 0.
func (s *session) blur(epoch int) error {
	a := s.options.Training.Augment
	if !a.Elastic() {
		return nil
	}
	sigma := a.SigmaOf(s.options.Seed, epoch)
	if sigma == s.sigma {
		return nil
	}
	s.sigma = sigma
	return s.network.Blur(sigma)
}

// runStep queues the training step that begins at a row of an epoch, which is counted from
// 0, and returns the row after it.
func (s *session) runStep(epoch, row int) (next int, err error) {
	if next, err = s.train.run(s.options.StepArgs(epoch, row, s.train.samples)); err == nil {
		s.average(epoch, row/s.train.batch)
	}
	return next, err
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

// evaluate returns the mean loss and the share of hits on a set, of the averaged parameters
// where there are any.
func (s *session) evaluate(e *evalSet) (loss, acc float64, err error) {
	if e.feed == nil {
		return 0, 0, errors.New("there are no samples to evaluate")
	}
	if err := s.compileEval(e); err != nil {
		return 0, 0, err
	}
	for row := 0; row < e.samples && err == nil; {
		row, err = e.run(compute.Args{Row: row})
	}
	if err != nil {
		return 0, 0, err
	}
	return s.totals(e.sums, e.Set, e.samples)
}
