// Package record collects what the page of a training run shows, during the run. What it does for a step or an
// epoch allocates nothing, and its memory does not depend on the length of the run.
package record

import (
	"shadegrad/compute"
	"shadegrad/internal/dataset"
	"shadegrad/internal/diagnosis"
	"shadegrad/internal/page"
	"shadegrad/internal/train"
)

// The largest number of points of a curve.
const (
	stepPoints    = 2000
	epochPoints   = 1000
	healthPoints  = 200
	partialPoints = 200
	ratePoints    = 400
)

const (
	// tracedEpochs is the longest run whose steps are recorded. In a longer one each point of the curve is the mean of
	// several epochs.
	tracedEpochs = stepPoints
	// smallEpoch is the number of weights times samples of epochs of microseconds, in which recording each would take a
	// noticeable part of the time. Of those, one in smallSteps is recorded, or more if that leaves fewer than smallPoints.
	smallEpoch  = 1 << 20
	smallSteps  = 16
	smallPoints = 250
	// shownUnits is the number of units of the first layer whose weights are shown.
	shownUnits = 24
	// planeParameters bounds the networks whose classes are shown over the plane during a run.
	planeParameters = 1 << 14
	shownNotes      = 20
	healthFigures   = 6
)

// About describes a run where package train does not.
type About struct {
	Command string         // repeats the run
	Why     string         // the reason for the choice of the backend
	Version string         // of the program
	Seconds func() float64 // since the start of the program
}

// A Recorder follows a run. Its methods must not be called at the same time.
type Recorder struct {
	state *train.State
	view
}

// A view has what a Recorder knows at a moment.
type view struct {
	about    About
	options  train.Options
	data     train.DataInfo
	samples  int // of an epoch
	perEpoch int // steps
	every    int // epochs from one that is recorded to the next
	classes  []string
	names    []string // of the inputs
	scale    *dataset.Scale
	points   []page.Point // of the plane

	info     compute.Info
	steps    *page.Series // loss, accuracy
	partial  *page.Series // loss within the current epoch
	epochs   *page.Series
	health   *page.Series // healthFigures for each layer
	layers   []diagnosis.Layer
	findings []string
	notes    []string
	measured int // the epoch of layers
	resumed  int // the epoch in which the run was resumed, or 0
	epoch    int // completed
	last     train.Epoch
	progress train.Progress
	units    []float32   // weights of the first units, unit by unit
	values   [][]float32 // all parameters, for the plane; nil if they are not shown
	seconds  float64
}

// New returns a recorder of the run of a state on its data.
func New(s *train.State, d *dataset.Data, about About) *Recorder {
	layers := s.Options.Network.Layers()
	r := &Recorder{state: s}
	r.view = view{about: about, options: s.Options, data: s.Data, samples: d.Train.Len(), classes: classNames(s, d), names: d.Features,
		scale: d.Scale, points: pointsOf(s, d), steps: page.NewSeries(2, stepPoints), partial: page.NewSeries(1, partialPoints),
		epochs: page.NewSeries(7, epochPoints), health: page.NewSeries(healthFigures*layers, healthPoints), layers: make([]diagnosis.Layer, layers)}
	b := s.Options.BatchSize(r.samples)
	r.perEpoch = (r.samples + b - 1) / b
	r.every = 1
	if r.samples*s.Options.Network.Parameters() < smallEpoch {
		r.every = min(1+(s.Options.Epochs-1)/smallPoints, smallSteps)
	}
	if s.Epoch > 0 {
		// A checkpoint has the results of the last epoch and of the best one.
		r.resumed = s.Epoch
		if s.Best != nil && s.Best.Epoch.Epoch < s.Last.Epoch {
			r.add(s.Best.Epoch)
		}
		r.add(s.Last)
	}
	return r
}

// stepsOf returns the number of steps of an epoch.
func (v *view) stepsOf() int { return v.perEpoch }

// Traces reports whether Traced should be called.
func (r *Recorder) Traces() bool { return r.stepsOf() > 1 && r.options.Epochs <= tracedEpochs }

// Started records the backend.
func (r *Recorder) Started(i compute.Info) { r.info = i }

// Note records a line for the user.
func (r *Recorder) Note(text string) {
	if len(r.notes) < shownNotes {
		r.notes = append(r.notes, text)
	}
}

// Progress records the position within an epoch.
func (r *Recorder) Progress(p train.Progress) {
	before := r.progress
	if before.Epoch != p.Epoch || before.Rows >= p.Rows {
		before = train.Progress{}
	}
	r.progress = p
	rows := float64(p.Rows - before.Rows)
	loss := (p.Loss*float64(p.Rows) - before.Loss*float64(before.Rows)) / rows
	r.partial.Add(float64((p.Epoch-1)*r.stepsOf()+p.Rows/r.options.BatchSize(r.samples)), loss)
}

// Traced records the loss of each sample that an epoch has trained on, and whether it was classified correctly.
func (r *Recorder) Traced(epoch int, stats []float32) {
	batch, first := 2*r.options.BatchSize(r.samples), (epoch-1)*r.stepsOf()
	for step := 1; len(stats) > 0; step++ {
		some := stats[:min(batch, len(stats))]
		stats = stats[len(some):]
		loss, hits := 0., 0.
		for i := 0; i < len(some); i += 2 {
			loss, hits = loss+float64(some[i]), hits+float64(some[i+1])
		}
		n := float64(len(some) / 2)
		r.steps.Add(float64(first+step), loss/n, hits/n)
	}
	r.partial.Reset()
}

// Finished records an epoch.
func (r *Recorder) Finished(e train.Epoch) {
	if r.epoch, r.last = e.Epoch, e; e.Epoch%r.every != 0 && e.Epoch < r.options.Epochs {
		return
	}
	r.add(e)
	if !r.Traces() {
		r.steps.Add(float64(e.Epoch*r.stepsOf()), e.TrainLoss, e.TrainAcc)
	}
	r.partial.Reset()
}

func (r *Recorder) add(e train.Epoch) {
	r.epoch, r.last = e.Epoch, e
	r.epochs.Add(float64(e.Epoch), e.TrainLoss, e.TrainAcc, e.ValLoss, e.ValAcc, e.TestLoss, e.TestAcc, e.ImagesPerSecond())
}

// Diagnosed records the health of the network after an epoch, with its findings as sentences.
func (r *Recorder) Diagnosed(d *diagnosis.Report, findings []string) {
	row := make([]float64, 0, healthFigures*len(d.Layers))
	for _, l := range d.Layers {
		row = append(row, l.Delta, l.Gradient, l.Weights, l.Step, l.Moved, l.Flat)
	}
	r.health.Add(float64(d.Epoch.Epoch), row...)
	r.measured, r.findings = d.Epoch.Epoch, findings
	copy(r.layers, d.Layers)
}

// A Snapshot is a copy of what a Recorder knows at a moment. It can be used while the run continues.
type Snapshot struct{ view }

// NewSnapshot returns a snapshot for Recorder.Copy.
func (r *Recorder) NewSnapshot() *Snapshot {
	s := &Snapshot{r.view}
	s.steps, s.partial = page.NewSeries(2, stepPoints), page.NewSeries(1, partialPoints)
	s.epochs, s.health = page.NewSeries(7, epochPoints), page.NewSeries(healthFigures*len(r.layers), healthPoints)
	s.layers, s.notes = make([]diagnosis.Layer, len(r.layers)), nil
	return s
}

// Copy sets a snapshot. It allocates nothing after the first calls.
func (r *Recorder) Copy(s *Snapshot) {
	own := s.view
	s.view = r.view
	s.steps, s.partial, s.epochs, s.health = own.steps, own.partial, own.epochs, own.health
	s.steps.Set(r.steps)
	s.partial.Set(r.partial)
	s.epochs.Set(r.epochs)
	s.health.Set(r.health)
	s.layers = append(own.layers[:0], r.layers...)
	s.notes = append(own.notes[:0], r.notes...)
	s.units, s.values = own.units, own.values
	s.weigh(r.state.Values)
	s.seconds = r.about.Seconds()
}

// weigh copies the weights that are shown.
func (v *view) weigh(values [][]float32) {
	if values == nil {
		v.units, v.values = v.units[:0], v.values[:0]
		return
	}
	c := v.options.Network
	if v.data.Height > 1 {
		n := min(shownUnits, c.Sizes[1]) * c.Sizes[0]
		v.units = append(v.units[:0], values[0][:n]...)
	}
	if len(v.points) > 0 && c.Parameters() <= planeParameters {
		if len(v.values) != len(values) {
			v.values = make([][]float32, len(values))
		}
		for i, list := range values {
			v.values[i] = append(v.values[i][:0], list...)
		}
	}
}
