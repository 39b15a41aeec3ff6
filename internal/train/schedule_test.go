package train

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"testing"

	"shadegrad/compute"
	"shadegrad/cpu"
)

func TestOneCycle(t *testing.T) {
	const peak, total = 0.4, 1001 // the peak is at step 300 exactly
	o := Options{Batch: 1, Epochs: 1, LearningRate: peak, Schedule: OneCycle}
	for _, tt := range []struct {
		step int
		want float64
	}{
		{0, peak / 25},
		{150, peak * (1 + 1./25) / 2}, // half-way along a half cosine
		{300, peak},
		{650, peak * (1 + 1e-5) / 2},
		{1000, peak * 1e-5},
	} {
		if got := o.Rate(tt.step, total); math.Abs(got-tt.want) > 1e-12 {
			t.Errorf("step %d has rate %v, want %v", tt.step, got, tt.want)
		}
	}
	last := 0.
	for step := range total {
		rate := o.Rate(step, total)
		if step > 0 && (rate > last) != (step <= 300) {
			t.Fatalf("rates %v, %v at steps %d, %d: they must rise up to step 300 and then fall", last, rate, step-1, step)
		}
		last = rate
	}
}

// scheduled are options of a run of 10 epochs of 10 steps.
func scheduled(change func(*Options)) Options {
	o := Options{Batch: 5, Epochs: 10, LearningRate: 0.4, Momentum: 0.9, Schedule: Constant}
	change(&o)
	return o
}

// scheduledSamples have steps of 5, the last of 3.
const scheduledSamples = 48

// TestRates compares learning rates with closed forms at the beginning, in the middle and at
// the end of each schedule.
func TestRates(t *testing.T) {
	for _, tt := range []struct {
		name   string
		change func(*Options)
		want   map[int]float64 // by step, of 100
	}{
		{"constant", func(o *Options) {}, map[int]float64{0: 0.4, 50: 0.4, 99: 0.4}},
		{"step", func(o *Options) { o.Schedule, o.Decay = Step, 0.5 },
			map[int]float64{0: 0.4, 9: 0.4, 10: 0.2, 19: 0.2, 20: 0.1, 99: 0.4 / 512}},
		{"step every three epochs", func(o *Options) { o.Schedule, o.Decay, o.DecayEvery = Step, 0.3, 3 },
			map[int]float64{0: 0.4, 29: 0.4, 30: 0.12, 59: 0.12, 60: 0.036, 99: 0.0108}},
		{"exponential", func(o *Options) { o.Schedule, o.Decay = Exponential, 0.998 },
			map[int]float64{0: 0.4, 9: 0.4, 10: 0.4 * 0.998, 99: 0.4 * math.Pow(0.998, 9)}},
		{"exponential every two epochs", func(o *Options) { o.Schedule, o.Decay, o.DecayEvery = Exponential, 0.25, 2 },
			map[int]float64{0: 0.4, 10: 0.2, 20: 0.1, 99: 0.4 / 512}},
		{"exponential to an end", func(o *Options) { o.Schedule, o.RateEnd = Exponential, 0.0004 },
			map[int]float64{0: 0.4, 9: 0.4, 10: 0.4 * math.Pow(0.001, 1./9), 30: 0.04, 90: 0.0004, 99: 0.0004}},
		{"linear", func(o *Options) { o.Schedule = Linear }, map[int]float64{0: 0.4, 33: 0.4 * 2 / 3, 99: 0}},
		{"linear to an end", func(o *Options) { o.Schedule, o.RateEnd = Linear, 0.1 }, map[int]float64{0: 0.4, 33: 0.3, 66: 0.2, 99: 0.1}},
		{"cosine", func(o *Options) { o.Schedule = Cosine }, map[int]float64{0: 0.4, 33: 0.3, 66: 0.1, 99: 0}},
		{"cosine to an end", func(o *Options) { o.Schedule, o.RateEnd = Cosine, 0.2 }, map[int]float64{0: 0.4, 33: 0.35, 66: 0.25, 99: 0.2}},
		{"one cycle", func(o *Options) { o.Schedule = OneCycle }, map[int]float64{0: 0.016, 99: 4e-6}},
		{"warm-up", func(o *Options) { o.Warmup = 2 }, map[int]float64{0: 0.02, 9: 0.2, 18: 0.38, 19: 0.4, 20: 0.4, 99: 0.4}},
		{"warm-up of half an epoch", func(o *Options) { o.Warmup = 0.5 }, map[int]float64{0: 0.08, 4: 0.4, 5: 0.4}},
		{"warm-up before linear", func(o *Options) { o.Schedule, o.Warmup = Linear, 1 },
			map[int]float64{0: 0.04, 9: 0.4, 10: 0.4, 99: 0, 10 + 89*3/4: 0.4 * (1 - 66./89)}},
		{"warm-up before cosine", func(o *Options) { o.Schedule, o.Warmup, o.RateEnd = Cosine, 1, 0.2 }, map[int]float64{0: 0.04, 9: 0.4, 10: 0.4, 99: 0.2}},
		{"warm-up of steps", func(o *Options) { o.Schedule, o.Decay, o.Warmup = Step, 0.5, 2 }, map[int]float64{0: 0.02, 9: 0.2, 10: 0.11, 19: 0.2, 20: 0.1}},
		{"dampened", func(o *Options) { o.Dampen = true }, map[int]float64{0: 0.04, 99: 0.04}},
	} {
		o := scheduled(tt.change)
		if err := o.checkSchedule(); err != nil {
			t.Errorf("%s: %v", tt.name, err)
		}
		for step, want := range tt.want {
			if got := o.Rate(step, scheduledSamples); math.Abs(got-want) > 1e-15 {
				t.Errorf("%s: step %d has rate %v, want %v", tt.name, step, got, want)
			}
		}
		for step := range 100 {
			if r := o.Rate(step, scheduledSamples); !(r >= 0 && r <= 0.4) {
				t.Errorf("%s: step %d has rate %v", tt.name, step, r)
			}
		}
	}
}

// TestRatesOfFewSteps checks that the learning rate of runs of a few steps stays in its range,
// for each schedule.
func TestRatesOfFewSteps(t *testing.T) {
	for _, s := range Schedules() {
		o := Options{Batch: 1, Epochs: 1, LearningRate: 0.4, Schedule: s}
		switch s {
		case Step:
			o.Decay = 0.5
		case Exponential:
			o.RateEnd = 0.1
		}
		if got := o.Rate(0, 1); got != 0.4 {
			t.Errorf("%s: a run of one step has rate %v, want 0.4", s, got)
		}
		for n := 2; n < 8; n++ {
			for step := range n {
				if r := o.Rate(step, n); !(r >= 0 && r <= 0.4) || r == 0 && step < n-1 {
					t.Errorf("%s: step %d of %d has rate %v", s, step, n, r)
				}
			}
		}
		o.Warmup = 0.9 // of a step
		if got := o.Rate(0, 1); s != OneCycle && got != 0.4 {
			t.Errorf("%s: warmed up in a step: rate %v, want 0.4", s, got)
		}
	}
}

// TestMomentum checks the recipe of Hinton et al. of 2012. The momentum rises linearly from 0.5
// to 0.99 in 500 epochs. The learning rate of 10 is multiplied by 0.998 after each epoch, and
// by 1 minus the momentum.
func TestMomentum(t *testing.T) {
	o := Options{Batch: 100, Epochs: 3000, LearningRate: 10, Schedule: Exponential, Decay: 0.998, Momentum: 0.5, MomentumEnd: 0.99, MomentumEpochs: 500, Dampen: true}
	const n = 60000
	for epoch, want := range map[int]float64{0: 0.5, 1: 0.5 + 0.49/500, 250: 0.745, 499: 0.99 - 0.49/500, 500: 0.99, 2999: 0.99} {
		for _, step := range []int{epoch * 600, epoch*600 + 599} {
			if got := o.MomentumAt(step, n); math.Abs(got-want) > 1e-15 {
				t.Errorf("epoch %d, step %d: momentum %v, want %v", epoch, step, got, want)
			}
			rate := 10 * math.Pow(0.998, float64(epoch)) * (1 - want)
			if got := o.Rate(step, n); math.Abs(got-rate) > 1e-13 {
				t.Errorf("epoch %d, step %d: rate %v, want %v", epoch, step, got, rate)
			}
		}
	}
	o.MomentumEpochs, o.MomentumEnd = 0, 0
	if got := o.MomentumAt(600*2999, n); got != 0.5 {
		t.Errorf("a momentum that stays is %v at the end", got)
	}
}

// TestRemovedOptions checks that a file is refused if it sets a removed option, and accepted otherwise.
func TestRemovedOptions(t *testing.T) {
	for text, want := range map[string]string{
		`{"epochs": 3}`: "",
		`{"epochs": 3, "cycle_momentum": false, "min_delta": 0}`: "",
		`{"epochs": 3, "cycle_momentum": true}`:                  "the option cycle_momentum=true no longer exists; use the program that wrote the file",
		`{"epochs": 3, "min_delta": 0.5}`:                        "the option min_delta=0.5 no longer exists; use the program that wrote the file",
	} {
		var o Options
		err := json.Unmarshal([]byte(text), &o)
		if got := fmt.Sprint(err); err == nil && want != "" || err != nil && got != want {
			t.Errorf("%s: %v, want %q", text, err, want)
		}
		if want == "" && o.Epochs != 3 {
			t.Errorf("%s: %+v", text, o)
		}
	}
}

// TestStepArgs checks the step number that each step of a run receives.
func TestStepArgs(t *testing.T) {
	o := scheduled(func(o *Options) { o.Schedule, o.Decay, o.MomentumEnd, o.MomentumEpochs, o.Seed = Step, 0.5, 0.5, 2, 7 })
	want := compute.Args{Row: 45, LearningRate: 0.2, Momentum: float32(0.7), Step: 19, Seed: 7}
	if got := o.StepArgs(1, 45, scheduledSamples); got != want {
		t.Errorf("the last step of epoch 2 has %+v, want %+v", got, want)
	}
	o.Batch = 0
	if got := o.StepArgs(3, 0, scheduledSamples).Step; got != 3 {
		t.Errorf("where an epoch is a step, that of epoch 4 has number %d", got)
	}
}

func TestOptionsCheck(t *testing.T) {
	for _, tt := range []struct {
		name   string
		change func(*Options)
		want   string
	}{
		{"default", func(*Options) {}, ""},
		{"the whole set", func(o *Options) { o.Batch = 0 }, ""},
		{"batch", func(o *Options) { o.Batch = -3 }, "Batch=-3: must be 1 or more, or 0 for the whole set"},
		{"no epochs", func(o *Options) { o.Epochs = 0 }, "Epochs=0: must be from 1 to 2147483647"},
		{"no rate", func(o *Options) { o.LearningRate = 0 }, "LearningRate=0: must be a number above 0"},
		{"negative rate", func(o *Options) { o.LearningRate = -1 }, "LearningRate=-1: must be a number above 0"},
		{"NaN as rate", func(o *Options) { o.LearningRate = math.NaN() }, "LearningRate=NaN: must be a number above 0"},
		{"infinite rate", func(o *Options) { o.LearningRate = math.Inf(1) }, "LearningRate=+Inf: must be a number above 0"},
		{"rate beyond float32", func(o *Options) { o.LearningRate = 1e39 }, "LearningRate=1e+39: must be a number above 0"},
		{"rate below float32", func(o *Options) { o.LearningRate = 1e-50 }, "LearningRate=1e-50: must be a number above 0"},
		{"negative momentum", func(o *Options) { o.Momentum = -0.1 }, "Momentum=-0.1: must be at least 0 and below 1"},
		{"momentum of 1", func(o *Options) { o.Momentum = 1 }, "Momentum=1: must be at least 0 and below 1"},
		{"NaN as momentum", func(o *Options) { o.Momentum = math.NaN() }, "Momentum=NaN: must be at least 0 and below 1"},
		{"schedule", func(o *Options) { o.Schedule = "zigzag" }, "Schedule=zigzag: must be onecycle, constant, step, exponential, linear or cosine"},
		{"step without decay", func(o *Options) { o.Schedule = Step }, "Schedule=step needs Decay, the factor of the learning rate, such as 0.1"},
		{"exponential without an end", func(o *Options) { o.Schedule = Exponential },
			"Schedule=exponential needs Decay, the factor of the learning rate, or a last learning rate above 0"},
		{"exponential with two ends", func(o *Options) { o.Schedule, o.Decay, o.RateEnd = Exponential, 0.5, 0.1 },
			"Decay=0.5 does not go with RateEnd=0.1: omit one of them"},
		{"decay of a constant", func(o *Options) { o.Schedule, o.Decay = Constant, 0.5 }, "Decay=0.5 does not go with Schedule=constant: must be step or exponential"},
		{"decay above 1", func(o *Options) { o.Schedule, o.Decay = Step, 1.5 }, "Decay=1.5: must be above 0 and at most 1"},
		{"decay now and then, of nothing", func(o *Options) { o.DecayEvery = 3 }, "DecayEvery=3 needs Decay, the factor of the learning rate"},
		{"decay before it begins", func(o *Options) { o.Schedule, o.Decay, o.DecayEvery = Step, 0.5, -1 }, "DecayEvery=-1: must be 1 or more"},
		{"an end of one cycle", func(o *Options) { o.RateEnd = 0.1 }, "RateEnd=0.1 does not go with Schedule=onecycle: must be linear, cosine or exponential"},
		{"an end of one cycle, above its beginning", func(o *Options) { o.RateEnd = 0.5 }, "RateEnd=0.5 does not go with Schedule=onecycle: must be linear, cosine or exponential"},
		{"an end above the beginning", func(o *Options) { o.Schedule, o.RateEnd = Linear, 0.3 }, "RateEnd=0.3 does not go with LearningRate=0.2: must be at least 0 and at most the learning rate"},
		{"NaN as end", func(o *Options) { o.Schedule, o.RateEnd = Linear, math.NaN() }, "RateEnd=NaN does not go with LearningRate=0.2: must be at least 0 and at most the learning rate"},
		{"warm-up of one cycle", func(o *Options) { o.Warmup = 1 }, "Warmup=1 does not go with Schedule=onecycle: this schedule includes a warm-up"},
		{"warm-up without an end", func(o *Options) { o.Schedule, o.Warmup = Constant, 4 }, "Warmup=4 does not go with Epochs=4: must be at least 0 and below the number of epochs"},
		{"NaN as warm-up", func(o *Options) { o.Schedule, o.Warmup = Constant, math.NaN() }, "Warmup=NaN does not go with Epochs=4: must be at least 0 and below the number of epochs"},
		{"last momentum of 1", func(o *Options) { o.MomentumEnd = 1 }, "MomentumEnd=1: must be at least 0 and below 1"},
		{"last momentum, but when", func(o *Options) { o.MomentumEnd = 0.99 },
			"MomentumEnd=0.99 needs MomentumEpochs, the number of epochs until it is reached"},
		{"epochs of momentum, but where to", func(o *Options) { o.MomentumEpochs = 5 }, "MomentumEpochs=5 needs MomentumEnd, the momentum after these epochs, above 0"},
		{"epochs of momentum for Adam", func(o *Options) {
			o.Training.Rule, o.Training.Rho, o.Training.Epsilon = compute.Adam, 0.999, 1e-8
			o.MomentumEnd, o.MomentumEpochs = 0.99, 5
		}, "MomentumEpochs=5 does not go with Training.Rule=adam: it corrects its first steps for one momentum"},
		{"negative epochs of momentum", func(o *Options) { o.MomentumEpochs = -1 }, "MomentumEpochs=-1: must be 1 or more"},
		{"momentum of rmsprop", func(o *Options) { o.Training.Rule, o.Training.Rho, o.Training.Epsilon = compute.RMSProp, 0.9, 1e-7 },
			"Momentum=0.9 does not go with Training.Rule=rmsprop: it has no momentum"},
		{"dampened adam", func(o *Options) {
			o.Dampen, o.Training.Rule, o.Training.Rho, o.Training.Epsilon = true, compute.Adam, 0.999, 1e-8
		}, "Dampen=true does not go with Training.Rule=adam: its steps do not grow with the momentum"},
		{"negative validation", func(o *Options) { o.Validation = -2 }, "Validation=-2: must be 0 or more, or training"},
		{"patience with nothing to judge by", func(o *Options) { o.Patience = 3 }, "Patience=3 needs Validation, a set to measure improvement on, such as 5000 samples"},
		{"negative patience", func(o *Options) { o.Validation, o.Patience = 10, -3 }, "Patience=-3: must be 0 or more"},
		{"patience", func(o *Options) { o.Validation, o.Patience = 10, 1 }, ""},
		{"when to test", func(o *Options) { o.Test = "never" }, "Test=never: must be end or each"},
		{"training", func(o *Options) { o.Training.Drop = 1 }, "Training.Drop=1: must be at least 0 and below 0.999992"},
		{"network", func(o *Options) { o.Network.Sizes[1] = 0 }, "Network.Sizes=[16 0 4]: must be 1 or more in each layer"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			o := options(4)
			tt.change(&o)
			got := ""
			if err := o.Check(); err != nil {
				got = err.Error()
			}
			if got != tt.want {
				t.Errorf("Check() = %q, want %q", got, tt.want)
			}
		})
	}
}

// TestTooManySteps checks that a run is refused if it has more steps than the counter of op
// Dropout's draws, which would overflow and repeat.
func TestTooManySteps(t *testing.T) {
	d, o := squares(50, 10, 4), options(4)
	o.Schedule, o.Batch = Constant, 10
	for _, tt := range []struct {
		epochs, batch int
		want          string
	}{
		{math.MaxUint32 / 5, 10, ""},
		{math.MaxUint32/5 + 1, 10, "Epochs=858993460 does not go with Batch=10: a run has at most 4294967295 steps, and these make 4294967300"},
		{math.MaxInt32, 1, "Epochs=2147483647 does not go with Batch=1: a run has at most 4294967295 steps, and these make 107374182350"},
		{math.MaxInt32, 0, ""},
	} {
		o.Epochs, o.Batch = tt.epochs, tt.batch
		if err := o.Check(); err != nil {
			t.Fatal(err)
		}
		b := cpu.New()
		// The context has ended: a run that is not refused is interrupted at its first step.
		err := (&Run{Data: d, State: NewState(o, d, ""), Report: &recorder{}, Backend: b}).Do(after(0))
		if tt.want == "" && !errors.Is(err, ErrInterrupted) || tt.want != "" && (err == nil || err.Error() != tt.want) {
			t.Errorf("%d epochs, batch %d: error %v, want %q", tt.epochs, tt.batch, err, tt.want)
		}
		b.Close()
	}
}
