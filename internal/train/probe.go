package train

import (
	"fmt"
	"math"

	"shadegrad/compute"
	"shadegrad/internal/dataset"
	"shadegrad/internal/diagnosis"
	"shadegrad/internal/mlp"
)

// probeImages is how many training images a probe looks at: enough that a unit which
// is idle for all of them does little for others, and, forward and backward, no more
// work than a batch of an evaluation.
const probeImages = 300

// probeBatches is how many batches of them the length of a step is taken from, where
// there are no velocities to take it from.
const probeBatches = 8

// A probe measures a network on the run's backend, after each epoch, for a diagnosis.
// It has a network of its own, which the weights are copied to, and images of its own, so
// that the run's memory is as if there were no probe.
type probe struct {
	backend compute.Backend
	options Options
	network *mlp.Network
	set     mlp.Set
	samples int // that it looks at, of the training set's
	of      int
	labels  []byte             // none for regression
	all     compute.Executable // gradients of all the images' mean loss
	batch   compute.Executable // those of a batch's; nil where they are not needed
	rows    int                // of a batch
	room    []float32          // for what is read
	buffers []compute.Buffer
}

// newProbe returns a probe of images that are spread over a training set.
func newProbe(b compute.Backend, o Options, d *dataset.Set) (*probe, error) {
	n := probeRows(o.Network, d)
	rows := make([]uint32, n)
	for i := range rows {
		rows[i] = uint32(i * d.Len() / n)
	}
	samples := selectRows(d, rows)
	p := &probe{backend: b, options: o, rows: min(o.BatchSize(d.Len()), n), samples: n, of: d.Len(), labels: samples.Labels}
	if err := p.prepare(samples); err != nil {
		p.free()
		return nil, err
	}
	return p, nil
}

func probeRows(c mlp.Config, d *dataset.Set) int { return min(probeImages, evalRows(c, d.Len())) }

// probeMemory returns what newProbe takes.
func probeMemory(c mlp.Config, d *dataset.Set) memoryNeed {
	n := int64(probeRows(c, d))
	bytes, numbers := n*sampleBytes(d), 4*n*int64(len(d.Values)+len(d.Targets))/int64(d.Len())
	return memoryNeed{device: c.Memory(int(n), mlp.Training{}) + bytes + numbers + 8*n,
		host: 4*int64(probeRoom(c, int(n))) + bytes + numbers}
}

// probeRoom returns the most numbers that a probe reads at once.
func probeRoom(c mlp.Config, rows int) int {
	most := 2 * rows // of losses and hits
	for _, s := range c.Shapes() {
		most = max(most, s.Rows*s.Cols, rows*s.Rows)
	}
	return most
}

func (p *probe) prepare(samples *dataset.Set) (err error) {
	c, n := p.options.Network, p.samples
	own := func(b compute.Buffer) { p.buffers = append(p.buffers, b) }
	if p.set, err = Share(p.backend, samples, own); err != nil {
		return err
	}
	if p.set.Stats, err = p.backend.Alloc(n, 2); err != nil {
		return err
	}
	own(p.set.Stats.Buf)
	if p.network, err = mlp.New(p.backend, c, n, mlp.Training{}); err != nil {
		return err
	}
	if p.all, err = p.compile(n); err != nil {
		return err
	}
	if !p.options.StepTraining().Velocities() && p.rows < n {
		if p.batch, err = p.compile(p.rows); err != nil {
			return err
		}
	}
	p.room = make([]float32, probeRoom(c, n))
	return nil
}

func (p *probe) compile(rows int) (compute.Executable, error) {
	program, err := p.network.GradientStep(p.set, rows)
	if err != nil {
		return nil, err
	}
	return p.backend.Compile(program)
}

func (p *probe) free() {
	if p == nil {
		return
	}
	for _, x := range []compute.Executable{p.all, p.batch} {
		if x != nil {
			x.Release()
		}
	}
	if p.network != nil {
		p.network.Free()
	}
	for _, b := range p.buffers {
		p.backend.Free(b)
	}
}

// look measures every layer of a network that has the values of now, and before the
// epoch had those of before, and returns the share of hits among the images. rate is the
// epoch's mean learning rate.
func (p *probe) look(now, before *State, rate float64) (layers []diagnosis.Layer, hits float64, err error) {
	c := p.options.Network
	if err := p.network.Load(p.network.Parameters(), now.Values); err != nil {
		return nil, 0, err
	}
	p.all.Run(compute.Args{})
	values, old := weights(c, now.Values), weights(c, before.Values)
	layers = make([]diagnosis.Layer, c.Layers())
	for i := range layers {
		l := &layers[i]
		l.Units, l.F, l.Weights = c.Sizes[i+1], c.Hidden, diagnosis.Norm(values[i])
		l.Moved = diagnosis.Ratio(diagnosis.Distance(values[i], old[i]), diagnosis.Norm(old[i]))
		if err := p.outcome(i, l, now.Values); err != nil {
			return nil, 0, err
		}
	}
	last := layers[len(layers)-1].Delta
	for i := range layers {
		layers[i].Delta = diagnosis.Ratio(layers[i].Delta, last)
	}
	stats, err := p.read(p.set.Stats) // before the batches' take its place
	for i := 1; i < len(stats); i += 2 {
		hits += float64(stats[i]) / float64(p.samples)
	}
	if err != nil {
		return nil, 0, err
	}
	steps, err := p.steps(now, layers)
	for i := range steps {
		layers[i].Step = diagnosis.Ratio(rate*steps[i], layers[i].Weights)
	}
	return layers, hits, err
}

// outcome measures what the program left of layer i.
func (p *probe) outcome(i int, l *diagnosis.Layer, values [][]float32) error {
	c := p.options.Network
	y, err := p.read(p.network.Outputs()[i])
	if err != nil {
		return err
	}
	if i < c.Layers()-1 {
		l.Flat, l.Of = diagnosis.HiddenFlat(c.Hidden, y, l.Units)
	} else {
		var biases []float32
		if !c.NoBias {
			biases = values[len(values)-1]
		}
		l.F = c.Output
		if !c.Regression {
			l.Flat, l.Of = diagnosis.OutputFlat(c, y, biases, p.labels)
		}
	}
	delta, err := p.read(p.network.Deltas()[i])
	if err != nil {
		return err
	}
	l.Delta = diagnosis.Norm(delta)
	gradient, err := p.read(weights(c, p.network.Gradients())[i])
	if err != nil {
		return err
	}
	l.Gradient = diagnosis.Norm(gradient)
	return nil
}

// steps returns, of each layer's weights, the norm of what a step multiplies with its
// learning rate, but for penalties and bounds: of what the last step made of its velocities,
// or, without velocities, the root of the mean square of that of a batch's gradient.
func (p *probe) steps(now *State, layers []diagnosis.Layer) ([]float64, error) {
	c, t := p.options.Network, p.options.StepTraining()
	norms, scale := make([]float64, len(layers)), 1.
	if t.Sum {
		scale = float64(p.rows)
	}
	if t.Velocities() {
		for i, v := range weights(c, now.Velocities) {
			norms[i] = p.length(now, i, v, 1)
		}
		return norms, nil
	}
	// Where there is but one batch, its gradients are there already.
	batches := min(probeBatches, p.samples/p.rows)
	for k := range batches {
		if p.batch != nil {
			p.batch.Run(compute.Args{Row: k * p.rows})
		}
		for i, m := range weights(c, p.network.Gradients()) {
			g, err := p.read(m)
			if err != nil {
				return nil, err
			}
			v := p.length(now, i, g, scale)
			norms[i] += v * v / float64(batches)
		}
	}
	for i, v := range norms {
		norms[i] = math.Sqrt(v)
	}
	return norms, nil
}

// length returns the norm of what the rule makes of scale times a gradient or a velocity of
// layer i's weights, before it is multiplied with the learning rate.
func (p *probe) length(now *State, i int, d []float32, scale float64) float64 {
	t := p.options.StepTraining()
	if !t.Squares() {
		return scale * diagnosis.Norm(d)
	}
	first, second := 1., 1.
	if t.Rule == compute.Adam {
		step := now.Epoch*p.options.steps(p.of) - 1
		a, b := compute.Update{Rho: t.Rho}.Corrections(compute.Args{Step: uint32(step),
			Momentum: float32(p.options.MomentumAt(step, p.of))})
		first, second = float64(a), float64(b)
	}
	sum := 0.
	for j, s := range weights(p.options.Network, now.Squares)[i] {
		v := scale * first * float64(d[j]) / (math.Sqrt(second*float64(s)) + float64(t.Epsilon))
		sum += v * v
	}
	return math.Sqrt(sum)
}

// read returns the values of a matrix until something else is read.
func (p *probe) read(m compute.Mat) ([]float32, error) {
	v := p.room[:m.Len()]
	return v, p.backend.Read(v, m)
}

// weights picks those of the weights out of a list in the order of Config.Shapes.
func weights[T any](c mlp.Config, list []T) []T {
	var picked []T
	for i, s := range c.Shapes() {
		if !s.Bias {
			picked = append(picked, list[i])
		}
	}
	return picked
}

// startDiagnosis gives a session a probe if the run wants reports. They are no reason
// to give a run up, so where there is none, a note says why.
func (r *Run) startDiagnosis(s *session) {
	if r.Diagnosed == nil {
		return
	}
	o, d, i := r.State.Options, &r.Data.Train, s.backend.Info()
	n := runMemory(i, r.State, r.Data, s.plan())
	n.add(probeMemory(o.Network, d))
	err := n.check(i, r.DeviceMemory, o.Network, o.BatchSize(d.Len()))
	if err == nil {
		s.probe, err = newProbe(s.backend, o, d)
	}
	if err != nil {
		r.Report.Note(fmt.Sprintf("no diagnosis: %v", err))
	}
	if r.examiner != nil { // another backend has begun
		return
	}
	r.examiner = &diagnosis.Examiner{Recipe: diagnosis.Recipe{Network: o.Network, Rate: o.LearningRate,
		UsualRate: o.UsualRate(d.Len()), Momentum: o.Momentum, Epochs: o.Epochs,
		Training: o.Training, Patience: o.Patience}}
	if r.State.Best != nil {
		r.examiner.Remember(o.figures(r.State.Best.Epoch))
	}
	if r.State.Epoch > 0 {
		r.examiner.Remember(o.figures(r.State.Last))
	}
}

// figures are those of an epoch that a diagnosis has use for.
func (o Options) figures(e Epoch) diagnosis.Epoch {
	d := diagnosis.Epoch{Epoch: e.Epoch, TrainLoss: e.TrainLoss, TrainAcc: e.TrainAcc}
	switch {
	case o.Validation > 0:
		d.HeldOut, d.HeldLoss, d.HeldAcc = "validation", e.ValLoss, e.ValAcc
	case o.TestsEach():
		d.HeldOut, d.HeldLoss, d.HeldAcc = "test", e.TestLoss, e.TestAcc
	}
	return d
}

// diagnosis reports on the epoch that was just completed, if that is wanted. The
// state has moved past it, and the session's spare has still what was before.
func (r *Run) diagnosis(s *session) {
	if s.probe == nil {
		return
	}
	o := r.State.Options
	e := o.figures(r.State.Last)
	rate := o.meanRate(e.Epoch-1, s.train.samples)
	layers, hits, err := s.probe.look(r.State, s.spare, rate)
	if err != nil {
		r.Report.Note(fmt.Sprintf("no diagnosis: %v", err))
		s.probe.free()
		s.probe = nil
		return
	}
	if e.TriedAcc, e.Rate = hits, rate; o.Dampen { // Recipe.Rate is not, either
		e.Rate /= 1 - o.MomentumAt(o.stepAt(e.Epoch-1, 0, s.train.samples), s.train.samples)
	}
	r.Diagnosed(r.examiner.Examine(e, layers, s.probe.samples))
}

// meanRate returns the mean learning rate of the steps of an epoch, counted from 0,
// over n samples.
func (o Options) meanRate(epoch, n int) float64 {
	steps, sum := o.steps(n), 0.
	for i := range steps {
		sum += o.Rate(epoch*steps+i, n)
	}
	return sum / float64(steps)
}
