package train

import (
	"errors"
	"fmt"

	"shadegrad/compute"
	"shadegrad/internal/dataset"
	"shadegrad/internal/mlp"
	"shadegrad/internal/train/shuffle"
)

// A session has the data, the network and the programs of a run on one backend.
type session struct {
	backend    compute.Backend
	options    Options
	plan       feedPlan
	network    *mlp.Network
	train      trainSet
	validation evalSet
	test       evalSet
	averages   averages
	sigma      float64 // of the Gaussian on the device; 0: none yet
	orders     *shuffle.Orders
	spare      *Parameters // memory for the next state; nil until it is reserved
	probe      *probe      // nil without a diagnosis
	buffers    []compute.Buffer
}

// A trainSet is the training set on the device, with its programs.
type trainSet struct {
	*feed
	clear, sums compute.Executable
}

// An evalSet is a set on the device that is only evaluated, with its programs. Without samples
// its feed is nil.
type evalSet struct {
	*feed
	sums compute.Executable // nil until the programs are compiled
}

// newSession moves the data to the backend, as planned, and compiles the programs.
func newSession(b compute.Backend, o Options, d *dataset.Data, p feedPlan) (*session, error) {
	s := &session{backend: b, options: o, plan: p}
	if err := s.prepare(d); err != nil {
		s.free()
		return nil, err
	}
	return s, nil
}

func (s *session) prepare(d *dataset.Data) (err error) {
	s.orders = shuffle.New(s.options.Seed, d.Train.Len())
	if s.train.feed, err = s.newFeed(&d.Train, s.options.BatchSize(d.Train.Len()), s.plan.train, true); err != nil {
		return fmt.Errorf("training set: %w", err)
	}
	for _, x := range []struct {
		name  string
		set   *evalSet
		data  *dataset.Set
		piece int
	}{{"validation set", &s.validation, &d.Validation, s.plan.validation}, {"test set", &s.test, &d.Test, s.plan.test}} {
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

// compile compiles the programs of the training set and of the sets that are evaluated after each
// epoch.
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

// compileEval compiles the programs of a set that is evaluated, unless it has them or no samples.
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

// alloc allocates a matrix that is freed with the session.
func (s *session) alloc(rows, cols int) (compute.Mat, error) {
	m, err := s.backend.Alloc(rows, cols)
	if err == nil {
		s.own(m.Buf)
	}
	return m, err
}

// own registers a buffer to be freed with the session.
func (s *session) own(b compute.Buffer) { s.buffers = append(s.buffers, b) }

// free releases everything that the session took from its backend.
func (s *session) free() {
	s.orders.Wait()
	s.probe.free()
	s.train.release()
	s.validation.release()
	s.test.release()
	release(s.train.clear, s.train.sums, s.validation.sums, s.test.sums, s.averages.usual, s.averages.last)
	if s.network != nil {
		s.network.Free()
	}
	for _, b := range s.buffers {
		s.backend.Free(b)
	}
}

// release releases programs, some of which may be nil.
func release(list ...compute.Executable) {
	for _, x := range list {
		if x != nil {
			x.Release()
		}
	}
}

// load writes the parameters of a state to the device.
func (s *session) load(st *State) error {
	for _, l := range st.lists() {
		if err := s.network.Load(l.mats(s.network), *l.values); err != nil {
			return err
		}
	}
	return nil
}

// store reads the parameters into a state. Two states alternate between two sets of memory, so
// that epochs allocate nothing.
func (s *session) store(st *State) error {
	s.reserve()
	st.Parameters = *s.spare
	for _, l := range st.lists() {
		if err := s.network.Store(l.mats(s.network), *l.values); err != nil {
			return err
		}
	}
	return nil
}

// replace makes next, which was stored, the state of a run, and keeps the memory of the one it
// replaces for the one after it.
func (s *session) replace(st *State, next State) {
	spare := st.Parameters
	s.spare, *st = &spare, next
}

// reserve allocates the memory for the next state. It writes to it, since a system commits
// memory only then: here, instead of at the end of an epoch that would be lost.
func (s *session) reserve() {
	if s.spare != nil {
		return
	}
	s.spare = &Parameters{}
	for _, l := range s.spare.lists() {
		for _, m := range l.mats(s.network) {
			v := make([]float32, m.Len())
			clear(v)
			*l.values = append(*l.values, v)
		}
	}
}

// blur writes the Gaussian for the elastic distortions of an epoch, counted from 0, to the device.
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

// runStep queues the training step that begins at a row of an epoch, counted from 0, and returns
// the row after it.
func (s *session) runStep(epoch, row int) (next int, err error) {
	if next, err = s.train.run(s.options.StepArgs(epoch, row, s.train.samples)); err == nil {
		s.average(epoch, row/s.train.batch)
	}
	return next, err
}

// totals waits for the sums of a set and returns the means over n samples.
func (s *session) totals(sums compute.Executable, set mlp.Set, n int) (loss, hits float64, err error) {
	sums.Run(compute.Args{})
	var v [2]float32
	if err := s.backend.Read(v[:], set.Totals); err != nil {
		return 0, 0, err
	}
	return float64(v[0]) / float64(n), float64(v[1]) / float64(n), nil
}

// evaluate returns the mean loss and the fraction of hits on a set, with the averages as
// parameters if there are any.
func (s *session) evaluate(e *evalSet) (loss, acc float64, err error) {
	if e.feed == nil {
		return 0, 0, errors.New("the set to evaluate has no samples")
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
