package train

import (
	"math"
	"testing"
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

func TestOptionsCheck(t *testing.T) {
	for _, tt := range []struct {
		name   string
		change func(*Options)
		want   string
	}{
		{"as they are", func(*Options) {}, ""},
		{"the whole set", func(o *Options) { o.Batch = 0 }, ""},
		{"batch", func(o *Options) { o.Batch = -3 }, "-batch=-3: must be 1 or more, or 0 for the whole set"},
		{"no epochs", func(o *Options) { o.Epochs = 0 }, "-epochs=0: must be 1 or more"},
		{"no rate", func(o *Options) { o.LearningRate = 0 }, "-lr=0: must be a number above 0"},
		{"negative rate", func(o *Options) { o.LearningRate = -1 }, "-lr=-1: must be a number above 0"},
		{"NaN as rate", func(o *Options) { o.LearningRate = math.NaN() }, "-lr=NaN: must be a number above 0"},
		{"infinite rate", func(o *Options) { o.LearningRate = math.Inf(1) }, "-lr=+Inf: must be a number above 0"},
		{"rate beyond float32", func(o *Options) { o.LearningRate = 1e39 }, "-lr=1e+39: must be a number above 0"},
		{"rate below float32", func(o *Options) { o.LearningRate = 1e-50 }, "-lr=1e-50: must be a number above 0"},
		{"negative momentum", func(o *Options) { o.Momentum = -0.1 }, "-momentum=-0.1: must be at least 0 and below 1"},
		{"momentum of 1", func(o *Options) { o.Momentum = 1 }, "-momentum=1: must be at least 0 and below 1"},
		{"NaN as momentum", func(o *Options) { o.Momentum = math.NaN() }, "-momentum=NaN: must be at least 0 and below 1"},
		{"schedule", func(o *Options) { o.Schedule = "zigzag" }, `-schedule=zigzag: there are ["onecycle" "constant" "step" "exponential" "linear" "cosine"]`},
		{"network", func(o *Options) { o.Network.Sizes[1] = 0 }, "layer 1 of the network has 0 units"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			o := options(3)
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
