package train

import (
	"math"

	"shadegrad/compute"
	"shadegrad/internal/clock"
	"shadegrad/internal/dataset"
	"shadegrad/internal/diagnosis"
	"shadegrad/internal/mlp"
)

// probeImages is the number of training images that a probe measures with. A unit that is idle
// for all of them does little for others, and together they take no longer than a batch of an
// evaluation.
const probeImages = 300

// probeBatches is the number of batches of these images on which the length of a step is measured if
// training keeps no velocities.
const probeBatches = 8

// A probe measures a network on the backend of the run, after each epoch, for a diagnosis. It
// copies the weights to a separate network with separate images, so that it changes nothing in
// the memory of the run.
type probe struct {
	session
	set     mlp.Set
	samples int                // of the training set that it measures with
	of      int                // samples in the training set
	labels  []byte             // nil for regression
	all     compute.Executable // gradients of the mean loss of all images
	batch   compute.Executable // gradients of a batch; nil if they are not needed
	rows    int                // of a batch
	buf     []float32          // for values that are read
}

// newProbe returns a probe with images that are spread over a training set.
func newProbe(b compute.Backend, o Options, d *dataset.Set) (*probe, error) {
	n := probeRows(o.Network, d)
	rows := make([]uint32, n)
	for i := range rows {
		rows[i] = uint32(i * d.Len() / n)
	}
	samples := selectRows(d, rows)
	p := &probe{session: session{backend: b, options: o}, rows: min(o.BatchSize(d.Len()), n), samples: n, of: d.Len(), labels: samples.Labels}
	if err := p.prepare(samples); err != nil {
		p.free()
		return nil, err
	}
	return p, nil
}

func probeRows(c mlp.Config, d *dataset.Set) int { return min(probeImages, evalRows(c, d.Len())) }

// probeMemory returns the memory that newProbe needs.
func probeMemory(c mlp.Config, d *dataset.Set) memoryNeed {
	n := int64(probeRows(c, d))
	bytes, numbers := n*sampleBytes(d), 4*n*int64(len(d.Values)+len(d.Targets))/int64(d.Len())
	return memoryNeed{device: c.Memory(int(n), mlp.Training{}) + bytes + numbers + 8*n,
		host: 4*int64(probeBuffer(c, int(n))) + bytes + numbers}
}

// probeBuffer returns the largest number of values that a probe reads at once.
func probeBuffer(c mlp.Config, rows int) int {
	most := 2 * rows // losses and hits
	for _, s := range c.Shapes() {
		most = max(most, s.Rows*s.Cols, rows*s.Rows)
	}
	return most
}

func (p *probe) prepare(samples *dataset.Set) (err error) {
	c, n := p.options.Network, p.samples
	if p.set, err = Share(p.backend, samples, p.own); err != nil {
		return err
	}
	if p.set.Stats, err = p.alloc(n, 2); err != nil {
		return err
	}
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
	p.buf = make([]float32, probeBuffer(c, n))
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
	if p != nil {
		release(p.all, p.batch)
		p.session.free()
	}
}

// measure measures every layer of a network with the parameters now, which were before at the
// beginning of the epoch, and returns the fraction of hits among the images. rate is the mean
// learning rate of the epoch.
func (p *probe) measure(now *State, before *Parameters, rate float64) (layers []diagnosis.Layer, hits float64, err error) {
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
		if err := p.layer(i, l, now.Values); err != nil {
			return nil, 0, err
		}
	}
	last := layers[len(layers)-1].Delta
	for i := range layers {
		layers[i].Delta = diagnosis.Ratio(layers[i].Delta, last)
	}
	stats, err := p.read(p.set.Stats) // before those of the batches overwrite it
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

// layer measures layer i from the results of the program on the device.
func (p *probe) layer(i int, l *diagnosis.Layer, values [][]float32) error {
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

// steps returns, for the weights of each layer, the norm of a step divided by its learning rate,
// without penalties and bounds. It is the norm of the velocities after the last step or, without
// velocities, the root mean square over the gradients of some batches.
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
	// If there is only one batch, its gradients are those of all images.
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

// length returns the norm of the step of the rule, before it is multiplied by the learning rate,
// for scale times a gradient or a velocity of the weights of layer i.
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

// read returns the values of a matrix. They are valid until the next call.
func (p *probe) read(m compute.Mat) ([]float32, error) {
	v := p.buf[:m.Len()]
	return v, p.backend.Read(v, m)
}

// weights returns the entries of the weights from a list in the order of Config.Shapes.
func weights[T any](c mlp.Config, list []T) []T {
	var selected []T
	for i, s := range c.Shapes() {
		if !s.Bias {
			selected = append(selected, list[i])
		}
	}
	return selected
}

// startDiagnosis gives a session a probe if the run makes reports. A failure does not end the
// run; a notice explains it.
func (r *Run) startDiagnosis(s *session) {
	if r.Diagnosed == nil {
		return
	}
	o, d, i := r.State.Options, &r.Data.Train, s.backend.Info()
	n := runMemory(i, r.State, r.Data, s.plan)
	n.add(probeMemory(o.Network, d))
	err := n.check(i, r.DeviceMemory, o.Network, o.BatchSize(d.Len()))
	if err == nil {
		s.probe, err = newProbe(s.backend, o, d)
	}
	if err != nil {
		r.Report.Noticed(Notice{Kind: NotDiagnosed, Err: err})
	}
	if r.examiner != nil { // the run continues on another backend
		return
	}
	r.examiner = &diagnosis.Examiner{Recipe: diagnosis.Recipe{Network: o.Network, Rate: o.LearningRate,
		UsualRate: o.UsualRate(d.Len()), Momentum: o.Momentum, Epochs: o.Epochs,
		Training: o.Training, Patience: o.Patience}}
	if r.State.Best != nil {
		r.examiner.Remember(o.figures(&r.State.Best.Epoch))
	}
	if r.State.Epoch > 0 {
		r.examiner.Remember(o.figures(&r.State.Last))
	}
}

// figures returns the results of an epoch that a diagnosis uses.
func (o *Options) figures(e *Epoch) diagnosis.Epoch {
	d := diagnosis.Epoch{Epoch: e.Epoch, TrainLoss: e.TrainLoss, TrainAcc: e.TrainAcc}
	switch {
	case o.Validation > 0:
		d.HeldOut, d.HeldLoss, d.HeldAcc = "validation", e.ValLoss, e.ValAcc
	case o.TestsEach():
		d.HeldOut, d.HeldLoss, d.HeldAcc = "test", e.TestLoss, e.TestAcc
	}
	return d
}

// diagnose reports on the epoch that was just completed, if the run makes reports. The state has
// moved past it, and the spare of the session still has the parameters before.
func (r *Run) diagnose(s *session) {
	if s.probe == nil {
		return
	}
	o := &r.State.Options
	e := o.figures(&r.State.Last)
	if r.examined > 0 && !r.State.Trained() && float64(r.examined) > r.DiagnosisShare*float64(r.trained) && r.DiagnosisShare > 0 {
		r.examiner.Remember(e)
		return
	}
	begin := clock.Now()
	defer func() { r.examined += clock.Since(begin) }()
	rate := o.meanRate(e.Epoch-1, s.train.samples)
	layers, hits, err := s.probe.measure(r.State, s.spare, rate)
	if err != nil {
		r.Report.Noticed(Notice{Kind: NotDiagnosed, Err: err})
		s.probe.free()
		s.probe = nil
		return
	}
	if e.TriedAcc, e.Rate = hits, rate; o.Dampen { // as in Recipe.Rate, without the factor 1 − μ
		e.Rate /= 1 - o.MomentumAt(o.stepAt(e.Epoch-1, 0, s.train.samples), s.train.samples)
	}
	r.Diagnosed(r.examiner.Examine(e, layers, s.probe.samples))
}

// meanRate returns the mean learning rate of the steps of an epoch, counted from 0, over n
// samples.
func (o Options) meanRate(epoch, n int) float64 {
	steps, sum := o.steps(n), 0.
	for i := range steps {
		sum += o.Rate(epoch*steps+i, n)
	}
	return sum / float64(steps)
}
