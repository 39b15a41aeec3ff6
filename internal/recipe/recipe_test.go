package recipe

import (
	"reflect"
	"strings"
	"testing"

	"shadegrad/compute"
	"shadegrad/internal/dataset"
	"shadegrad/internal/flags"
	"shadegrad/internal/mlp"
	"shadegrad/internal/train"
)

// parsed returns the recipe of a line of flags.
func parsed(t *testing.T, line string) *Recipe {
	t.Helper()
	r := Default()
	set := flags.NewSet("train", r.Flags())
	if err := set.Parse(strings.Fields(line)); err != nil {
		t.Fatalf("%s: %v", line, err)
	}
	return &r
}

// recipeLines have each flag of the options at least once.
var recipeLines = []string{
	"",
	"-hidden= -act=tanh -batch=0 -seed=7",
	"-hidden=20,10 -act=leaky-relu -output=sigmoid -init=uniform:0.05 -zero-biases -pixels=-1..1",
	"-loss=mse -output=identity -no-bias -init=normal:0.01 -targets=-1..1",
	"-loss=sse -output=scaled-tanh -act=scaled-tanh -gradient=sum -pixels=0.01..1",
	"-loss=half-sse -act=identity -targets=0.01..0.99 -batch=1",
	"-smoothing=0.1 -optimizer=nesterov -momentum=0.95",
	"-optimizer=rmsprop -rho=0.95 -epsilon=1e-6 -lr=0.002",
	"-optimizer=adam -average=0.999 -clip=5",
	"-optimizer=adamw -l1=1e-5",
	"-optimizer=adamw -weight-decay=0.05",
	"-l2=1e-4 -dropout=0.5 -dropout-input=0.2 -max-norm=15 -dampen",
	"-schedule=step -decay=0.1 -decay-every=3",
	"-schedule=exponential -lr=0.1 -lr-end=1e-5 -warmup=0.5",
	"-schedule=cosine -momentum=0.5 -momentum-end=0.99 -momentum-epochs=4",
	"-schedule=linear -epochs=12",
	"-validation=100 -patience=3 -test=each",
	"-augment=ciresan,shear=0.2,shift=1",
	"-outputs=1 -smoothing=0.2",
}

// TestRecipeOf checks that the recipe of options has the flags that made them.
func TestRecipeOf(t *testing.T) {
	tried := map[string]bool{}
	for _, line := range recipeLines {
		r := parsed(t, line)
		data := r.Usual()
		want, err := r.OptionsOn(data)
		if err != nil {
			t.Errorf("%s: %v", line, err)
			continue
		}
		back := Of(want, dataset.Form{})
		back.smoothing = 0 // it is in the targets too
		got, err := back.OptionsOn(data)
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %v\n%+v\ncomes back as\n%+v", line, err, want, got)
		}
		for _, f := range strings.Fields(line) {
			name, _, _ := strings.Cut(strings.TrimPrefix(f, "-"), "=")
			tried[name] = true
		}
	}
	r := Default()
	for _, f := range r.Flags() {
		if !tried[f.Name] && f.Topic != topicPreset && f.Topic != topicData {
			t.Errorf("-%s is in none of the lines", f.Name)
		}
	}
}

// TestRecipe checks the options that flags make.
func TestRecipe(t *testing.T) {
	for _, c := range []struct {
		line string
		get  func(train.Options) any
		want any
	}{
		{"", func(o train.Options) any { return o.Network.Sizes }, []int{784, 256, 10}},
		{"", func(o train.Options) any { return o.Test }, train.TestAtEnd},
		{"-smoothing=0.1", func(o train.Options) any { return [2]float32{o.Network.Off, o.Network.On} }, [2]float32{0.01, 0.91}},
		{"-smoothing=0.1 -outputs=1", func(o train.Options) any { return [2]float32{o.Network.Off, o.Network.On} }, [2]float32{0.05, 0.95}},
		{"-outputs=1", func(o train.Options) any { return o.Network.Sizes }, []int{784, 256, 1}},
		{"-outputs=1", func(o train.Options) any { return o.Network.Output }, compute.Sigmoid},
		{"-loss=mse", func(o train.Options) any { return o.Network.Output }, compute.Sigmoid},
		{"-loss=half-sse", func(o train.Options) any { return o.Network.Reduction }, mlp.ReduceHalf},
		{"-loss=sse", func(o train.Options) any { return o.Network.Loss }, compute.SquaredError},
		{"-pixels=-1..1", func(o train.Options) any { return [2]float32{o.Network.Scale, o.Network.Shift} }, [2]float32{2. / 255, -1}},
		{"-init=uniform:0.05", func(o train.Options) any { return o.Network.InitScale }, float32(0.05)},
		{"-act=scaled-tanh", func(o train.Options) any { return o.Network.Init }, mlp.Inputs},
		{"-act=leaky-relu", func(o train.Options) any { return o.Network.Init }, mlp.He},
		{"-act=sigmoid", func(o train.Options) any { return o.Network.Init }, mlp.Xavier},
		{"-optimizer=adamw", func(o train.Options) any { return o.Training.Decay }, float32(train.UsualDecay)},
		{"-optimizer=adam", func(o train.Options) any { return o.Training.Decay }, float32(0)},
		{"-optimizer=adam", func(o train.Options) any { return [2]float64{o.LearningRate, o.Momentum} }, [2]float64{0.001, 0.9}},
		{"-optimizer=rmsprop", func(o train.Options) any { return [2]float64{o.LearningRate, o.Momentum} }, [2]float64{0.001, 0}},
		{"-optimizer=rmsprop", func(o train.Options) any { return o.Training.Rho }, float32(0.9)},
		{"-optimizer=nesterov -batch=1", func(o train.Options) any { return o.Momentum }, 0.9},
		{"-gradient=sum", func(o train.Options) any { return o.Training.Sum }, true},
		{"-augment=simard,alpha=8", func(o train.Options) any { return o.Training.Augment.Alpha }, [2]float32{8, 8}},
		{"-augment=simard", func(o train.Options) any { return o.Network.Width }, 28},
	} {
		r := parsed(t, c.line)
		o, err := r.OptionsOn(r.Usual())
		if err != nil {
			t.Errorf("%s: %v", c.line, err)
		} else if got := c.get(o); !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: %v, want %v", c.line, got, c.want)
		}
	}
	// Numeric targets have an output each.
	r := parsed(t, "-target-columns=3")
	o, err := r.OptionsOn(r.Usual())
	if err != nil || o.Network.Outputs() != 3 || !o.Network.Regression || o.Network.Output != compute.Identity || o.Network.Loss != compute.SquaredError {
		t.Errorf("regression: %v, %+v", err, o.Network)
	}
}

// TestAugmentFlag parses distortions, formats them and parses the result.
func TestAugmentFlag(t *testing.T) {
	simard := mlp.Augment{Sigma: [2]float32{4, 4}, Alpha: [2]float32{34, 34}}
	for _, c := range []struct {
		text string
		want mlp.Augment
	}{
		{"none", mlp.Augment{}},
		{"simard", simard},
		{"sigma=4,alpha=34", simard},
		{"simard, rotation=10", mlp.Augment{Sigma: simard.Sigma, Alpha: simard.Alpha, Rotation: 10}},
		{"ciresan", mlp.Augment{Sigma: [2]float32{5, 6}, Alpha: [2]float32{36, 38}, Rotation: 15, Scaling: 0.175, Calm: []int{1, 7}}},
		{"affine,calm=none,shift=0", mlp.Augment{Rotation: 15, Scaling: 0.15, Shear: 0.2}},
		{"shift=2.5,rotation=5,calm=3", mlp.Augment{Translation: 2.5, Rotation: 5, Calm: []int{3}}},
		{"shear=1", mlp.Augment{Shear: 1}},
	} {
		got, err := parseAugment(c.text)
		if err != nil || !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: %+v, %v; want %+v", c.text, got, err, c.want)
		}
		if text := showAugment(got); text != "" {
			if back, err := parseAugment(text); err != nil || !reflect.DeepEqual(back, got) {
				t.Errorf("%s is written %s, which is %+v, %v", c.text, text, back, err)
			}
		}
	}
}
