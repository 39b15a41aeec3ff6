package train

import (
	"context"
	"errors"
	"fmt"
	"time"

	"shadegrad/compute"
	"shadegrad/internal/clock"
	"shadegrad/internal/dataset"
	"shadegrad/internal/diagnosis"
)

// A Run is one training run.
type Run struct {
	Data   *dataset.Data
	State  *State // where to begin; the run moves it forward, an epoch at a time
	Report Reporter
	// DeviceMemory bounds the bytes of device memory that the run may take; 0 means no bound. A
	// data set that does not fit is fed in pieces.
	DeviceMemory int64
	// Backend computes. The run does not close it.
	Backend compute.Backend
	// Fallback, if not nil, returns another backend after the first has failed. The run closes it.
	Fallback func(failure error) (compute.Backend, error)
	// Compiled, if not nil, is called with a description of the compiled training step, if the
	// backend has one.
	Compiled func(compute.Description)
	// Diagnosed, if not nil, is called with a report of the health of the network after each
	// epoch. The reports take time and change no result.
	Diagnosed func(*diagnosis.Report)
	// DiagnosisShare, if above 0, bounds the time of the reports to about this fraction of the
	// run: epochs are omitted, except the first and the last.
	DiagnosisShare float64
	// Traced, if not nil, is called with the loss and the hit of each sample that an epoch has
	// trained on, in the order of training, also if the epoch does not end. The values are valid
	// during the call.
	Traced func(epoch int, stats []float32)
	// Save, if not nil, is called after each epoch, after the test at the end and when a run is
	// interrupted, with a state whose parameters are finite. The run reuses the memory of the
	// state when it continues.
	Save func(*State) error
	// Shadow, if not 0, replays every Shadow-th step in float64, beginning with the first of the
	// run. A result out of its bound ends the run with a *BreachError, whatever Fallback is. Such
	// a step waits for the device and reads all weights twice. The results are bit-identical.
	Shadow int
	// Shadowed counts the replayed steps.
	Shadowed int
	// Until, if above 0, ends the run without an error after this many epochs, and always before the
	// test. A later run continues from its state as if it had not ended.
	Until int
	// Keep, if not nil, is called with the step that made the first number that is not finite,
	// when a run diverges.
	Keep func(*StepRecord) error

	examiner *diagnosis.Examiner
	trained  time.Duration // in all epochs; only for DiagnosisShare
	examined time.Duration // by the reports
	stats    []float32     // for Traced
}

// ErrInterrupted is returned by Do if its context ended. The state is where the run stopped, and
// was saved unless it has no parameters yet.
var ErrInterrupted = errors.New("interrupted")

// A DeviceError is a failure of a backend.
type DeviceError struct{ Err error }

func (e *DeviceError) Error() string { return e.Err.Error() }

// Unwrap returns the error of the backend.
func (e *DeviceError) Unwrap() error { return e.Err }

// Do trains and tests until State.Done, or until ctx ends, which stops the run after the step in
// flight with ErrInterrupted. If the device does not respond then, the run stops where State is. If a
// loss is not finite Do returns a *DivergedError. After any error State is the last good one.
func (r *Run) Do(ctx context.Context) error {
	err := r.on(ctx, r.Backend)
	var device *DeviceError
	if !errors.As(err, &device) {
		return err
	}
	if ctx.Err() != nil {
		r.Report.Noticed(Notice{Kind: Unresponsive, Err: device})
		return ErrInterrupted
	}
	if r.Fallback == nil {
		return err
	}
	b, fallbackErr := r.Fallback(err)
	if fallbackErr != nil {
		return errors.Join(err, fallbackErr)
	}
	return errors.Join(r.on(ctx, b), b.Close())
}

// on runs the rest of the run on a backend.
func (r *Run) on(ctx context.Context, b compute.Backend) error {
	if i, ok := b.(compute.Interrupter); ok {
		defer context.AfterFunc(ctx, i.Interrupt)()
	}
	s, err := r.prepare(ctx, b)
	if err != nil {
		return err
	}
	defer s.free()
	r.Report.Started(b.Info())
	if d, ok := s.train.slots[0].step.(compute.Describer); ok {
		compiled := d.Describe()
		if r.Compiled != nil {
			r.Compiled(compiled)
		}
		if compiled.Retuned {
			r.Report.Noticed(Notice{Kind: Retuned})
		}
	}
	if f := s.train; !f.resident() {
		r.Report.Noticed(Notice{Kind: FedInPieces, Images: f.piece, Bytes: f.feedBytes()})
	}
	r.startDiagnosis(s)
	for !r.State.Trained() && !(r.Until > 0 && r.State.Epoch >= r.Until) {
		if err := r.epoch(ctx, s); err != nil {
			return err
		}
	}
	if r.State.Done() || r.Until > 0 {
		return nil
	}
	return r.test(ctx, s)
}

// prepare allocates all memory that the run needs of a backend and of the machine, and draws the
// first weights if the state has none.
func (r *Run) prepare(ctx context.Context, b compute.Backend) (*session, error) {
	n := r.State.Options.Validation
	if n == dataset.TrainingItself {
		n = r.Data.Train.Len()
	}
	if n != r.Data.Validation.Len() {
		return nil, fmt.Errorf("the options hold out %d samples for validation, the data set has %d", n, r.Data.Validation.Len())
	}
	if err := r.State.Options.checkSteps(r.Data.Train.Len()); err != nil {
		return nil, err
	}
	info := b.Info()
	plan := r.planFeeds(info)
	if err := r.checkMemory(info, plan); err != nil {
		return nil, &DeviceError{err}
	}
	s, err := newSession(b, r.State.Options, r.Data, plan)
	if err != nil {
		return nil, &DeviceError{err}
	}
	drawn := r.State.Values == nil
	if err = r.State.begin(ctx); err == nil && drawn && info.HostMemory {
		// Another process may have taken memory since the first check, such as a second run started
		// at the same time, and the system has not yet committed what the backend allocated.
		err = r.checkMemory(info, plan)
	}
	if err == nil {
		err = s.load(r.State)
		s.reserve()
	}
	if err != nil {
		s.free()
		if !errors.Is(err, ErrInterrupted) {
			err = &DeviceError{err}
		}
		return nil, err
	}
	return s, nil
}

// checkMemory returns an error if there is too little memory for the rest of the run.
func (r *Run) checkMemory(i compute.Info, p feedPlan) error {
	o := r.State.Options
	batch := o.BatchSize(r.Data.Train.Len())
	n := runMemory(i, r.State, r.Data, p)
	if r.Shadow > 0 {
		n.host += ReplayBytes(o, batch)
	}
	return n.check(i, r.DeviceMemory, o.Network, batch)
}

// beginEpoch gives the device the order of the epoch, and the results that a resumed epoch has.
func (s *session) beginEpoch(st *State) error {
	if err := s.train.begin(s.orders.Of(st.Epoch)); err != nil {
		return err
	}
	// If the steps run on the CPU, drawing the next order at the same time would slow them down.
	if st.Epoch+1 < st.Options.Epochs && !s.backend.Info().HostMemory {
		s.orders.Prepare(st.Epoch + 1)
	}
	if err := s.blur(st.Epoch); err != nil {
		return err
	}
	s.train.clear.Run(compute.Args{})
	if st.Rows == 0 {
		return nil
	}
	return s.backend.Write(s.train.Stats.RowRange(0, st.Rows), st.Stats)
}

// epoch completes the current epoch, evaluates, and moves the state.
func (r *Run) epoch(ctx context.Context, s *session) error {
	st := r.State
	e := Epoch{Epoch: st.Epoch + 1, Images: s.train.samples - st.Rows}
	begin := clock.Now()
	if err := s.beginEpoch(st); err != nil {
		return &DeviceError{err}
	}
	row, err := r.steps(ctx, s, begin, &e)
	if err != nil {
		return err
	}
	if row < s.train.samples {
		return r.interrupt(s, row)
	}
	if e.TrainLoss, e.TrainAcc, err = s.totals(s.train.sums, s.train.Set, s.train.samples); err != nil {
		return &DeviceError{err}
	}
	took := clock.Since(begin)
	e.Seconds = took.Seconds()
	r.trained += took
	if err := r.trace(s, s.train.samples); err != nil {
		return err
	}
	if !finite(e.TrainLoss) {
		return r.diverged(s, &DivergedError{Epoch: e.Epoch, What: TrainSum, Loss: float32(e.TrainLoss)})
	}
	if err := r.evaluate(s, &e); err != nil {
		return &DeviceError{err}
	}
	return r.finish(s, e)
}

// steps queues the remaining steps of an epoch and returns how many rows are queued: all of them
// unless ctx ended.
func (r *Run) steps(ctx context.Context, s *session, begin time.Duration, e *Epoch) (int, error) {
	st, o, n := r.State, r.State.Options, s.train.samples
	p := progress{begin: begin, next: begin + progressEvery, from: st.Rows}
	row := st.Rows
	for row < n && ctx.Err() == nil {
		var err error
		var loss float64
		if row, err = r.step(s, row); err != nil {
			return 0, err
		}
		if loss, err = p.poll(r, s, row); err != nil {
			return 0, &DeviceError{err}
		}
		if !finite(loss) {
			if err := r.trace(s, row); err != nil {
				return 0, err
			}
			return 0, r.diverged(s, &DivergedError{Epoch: st.Epoch + 1, What: TrainSum, Loss: float32(loss)})
		}
	}
	e.LearningRate = o.Rate((st.Epoch+1)*o.steps(n)-1, n)
	return row, p.close()
}

// interrupt saves the state in the middle of an epoch.
func (r *Run) interrupt(s *session, rows int) error {
	next := *r.State
	next.Rows = rows
	next.Stats = nil
	if rows > 0 {
		next.Stats = make([]float32, 2*rows)
		if err := s.backend.Read(next.Stats, s.train.Stats.RowRange(0, rows)); err != nil {
			return &DeviceError{err}
		}
	}
	if err := s.store(&next); err != nil {
		return &DeviceError{err}
	}
	if err := r.trace(s, rows); err != nil {
		return err
	}
	if firstNonFinite([][]float32{next.Stats}) >= 0 || !next.finite() {
		return r.diverged(s, nil)
	}
	s.replace(r.State, next)
	if err := r.save(); err != nil {
		return err
	}
	return ErrInterrupted
}

// finish moves the state past a completed epoch.
func (r *Run) finish(s *session, e Epoch) error {
	next := *r.State
	next.Epoch, next.Rows, next.Stats, next.Last = e.Epoch, 0, nil, e
	if err := s.store(&next); err != nil {
		return &DeviceError{err}
	}
	if !next.finite() {
		return r.diverged(s, nil)
	}
	switch {
	case !finite(e.ValLoss):
		return &DivergedError{Epoch: e.Epoch, What: ValidationLoss, Loss: float32(e.ValLoss)}
	case !finite(e.TestLoss):
		return &DivergedError{Epoch: e.Epoch, What: TestLoss, Loss: float32(e.TestLoss)}
	}
	next.choose()
	s.replace(r.State, next)
	r.Report.Finished(e)
	if err := r.save(); err != nil {
		return err
	}
	r.diagnose(s)
	return nil
}

// trace passes the results of the completed rows of an epoch to Traced.
func (r *Run) trace(s *session, rows int) error {
	if r.Traced == nil || rows == 0 {
		return nil
	}
	if r.stats == nil {
		r.stats = make([]float32, 2*s.train.samples)
	}
	stats := r.stats[:2*rows]
	if err := s.backend.Read(stats, s.train.Stats.RowRange(0, rows)); err != nil {
		return &DeviceError{err}
	}
	r.Traced(r.State.Epoch+1, stats)
	return nil
}

func (r *Run) save() error {
	if r.Save == nil {
		return nil
	}
	return r.Save(r.State)
}
