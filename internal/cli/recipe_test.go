package cli

import (
	"bytes"
	"flag"
	"io"
	"reflect"
	"strings"
	"testing"

	"shadegrad/compute"
	"shadegrad/internal/dataset"
	"shadegrad/internal/mlp"
	"shadegrad/internal/train"
)

// TestRecipeFlags has what each flag of a recipe does not take, and what does not go
// together.
func TestRecipeFlags(t *testing.T) {
	refuse(t, []badFlags{
		{"train -optimizer=adagrad", []string{"-optimizer", `"adagrad"`, "must be sgd, nesterov, rmsprop, adam or adamw"}},
		{"train -rho=1 -optimizer=adam", []string{"-rho", `"1"`, "above 0 and below 1"}},
		{"train -rho=0.9", []string{"-rho=0.9 does not go with -optimizer=sgd", "rmsprop or adam"}},
		{"train -epsilon=0 -optimizer=adam", []string{"-epsilon", `"0"`, "a number above 0"}},
		{"train -epsilon=1e-8 -optimizer=nesterov", []string{"-epsilon=1e-08 does not go with -optimizer=nesterov"}},
		{"train -optimizer=rmsprop -momentum=0.9", []string{"-momentum=0.9 does not go with -optimizer=rmsprop"}},
		{"train -optimizer=adamw -weight-decay=0", []string{"-optimizer=adamw", "-weight-decay above 0"}},
		{"train -optimizer=adam -dampen", []string{"-dampen", "-optimizer=adam"}},
		{"train -l2=-1", []string{"-l2", `"-1"`, "at least 0"}},
		{"train -l1=NaN", []string{"-l1", `"NaN"`, "at least 0"}},
		{"train -weight-decay=Inf", []string{"-weight-decay", `"Inf"`, "at least 0"}},
		{"train -clip=0", []string{"-clip", `"0"`, "above 0"}},
		{"train -max-norm=-15", []string{"-max-norm", `"-15"`, "must be 0, for no bound, or a number of at least 1e-45"}},
		{"train -dropout=1", []string{"-dropout", `"1"`, "at least 0 and below 1"}},
		{"train -dropout-input=-0.2", []string{"-dropout-input", `"-0.2"`, "at least 0 and below 1"}},
		{"train -average=1", []string{"-average", `"1"`, "at least 0 and below 1"}},
		{"train -smoothing=1", []string{"-smoothing", `"1"`, "at least 0 and below 1"}},
		{"train -smoothing=0.1 -targets=0.1..0.9", []string{"-smoothing=0.1", "-targets", "leave one of them out"}},
		{"train -targets=0.5", []string{"-targets", `"0.5"`, "two numbers with .. between them"}},
		{"train -targets=1..1", []string{"-targets=1..1", "must differ"}},
		{"train -targets=-1..1", []string{"-targets=-1..1", "-loss=cross-entropy", "from 0 to 1"}},
		{"train -pixels=0", []string{"-pixels", `"0"`, "two numbers with .. between them"}},
		{"train -pixels=1..1", []string{"-pixels", `"1..1"`, "must differ"}},
		{"train -pixels=0..Inf", []string{"-pixels", `"0..Inf"`, "two numbers"}},
		{"train -gradient=max", []string{"-gradient", `"max"`, "must be mean or sum"}},
		{"train -outputs=2", []string{"-outputs", `"2"`, "must be 1"}},
		{"train -outputs=1 -output=softmax", []string{"-outputs=1", "softmax", "-output=sigmoid"}},
		{"train -init=he:2", []string{"-init", `"he:2"`, "he takes no number"}},
		{"train -init=uniform:0", []string{"-init", `"uniform:0"`, "a number above 0"}},
		{"train -init=uniform:NaN", []string{"-init", `"uniform:NaN"`, "a number above 0"}},
		{"train -no-bias=maybe", []string{"-no-bias", `"maybe"`}},
		{"train -lr-end=1 -schedule=cosine -lr=0.1", []string{"-lr-end=1", "-lr=0.1", "at most the learning rate"}},
		{"train -lr-end=0.01", []string{"-lr-end", "-schedule=onecycle", "linear, cosine or exponential"}},
		{"train -schedule=step", []string{"-schedule=step needs -decay"}},
		{"train -decay=0.5", []string{"-decay", "-schedule=onecycle", "step or exponential"}},
		{"train -decay=2 -schedule=step", []string{"-decay", `"2"`, "above 0 and at most 1"}},
		{"train -decay-every=0", []string{"-decay-every", `"0"`, "1 or more"}},
		{"train -decay-every=3 -schedule=exponential -lr-end=0.001", []string{"-decay-every=3 needs -decay"}},
		{"train -schedule=constant -warmup=5", []string{"-warmup=5", "-epochs=5", "below the number of epochs"}},
		{"train -warmup=-1", []string{"-warmup", `"-1"`, "at least 0"}},
		{"train -warmup=1", []string{"-warmup", "-schedule=onecycle"}},
		{"train -momentum-end=0.99", []string{"-momentum-end=0.99 needs -momentum-epochs"}},
		{"train -momentum-end=1", []string{"-momentum-end", `"1"`, "below 1"}},
		{"train -momentum-epochs=0", []string{"-momentum-epochs", `"0"`, "1 or more"}},
		{"train -cycle-momentum -schedule=cosine", []string{"-cycle-momentum does not go with -schedule=cosine", "must be onecycle"}},
		{"train -cycle-momentum", []string{"-cycle-momentum needs -momentum-end"}},
		{"train -validation=-1", []string{"-validation", `"-1"`, "0 or more"}},
		{"train -patience=3", []string{"-patience=3 needs -validation"}},
		{"train -min-delta=0.1 -validation=10", []string{"-min-delta=0.1", "-patience"}},
		{"train -test=never", []string{"-test", `"never"`, "must be end or each"}},
		{"train -every=0", []string{"-every", `"0"`, "1 or more"}},
		{"train -limit=0", []string{"-limit", `"0"`, "1 or more"}},
		{"train -pad=29", []string{"-pad", `"29"`, "as 29x29"}},
		{"train -pad=0x29", []string{"-pad", `"0x29"`, "from 1 to 10000"}},
		{"train -pad=29x99999999", []string{"-pad", "from 1 to 10000"}},
		{"train -target-columns=0", []string{"-target-columns", `"0"`, "from 1 to 65535"}},
		{"train -target-columns=last:1", []string{"-target-columns", "first:N"}},
		{"train -target-columns=1 -loss=cross-entropy", []string{"-loss=cross-entropy needs classes", "-loss=mse"}},
		{"train -target-columns=1 -outputs=1", []string{"-outputs is for classes"}},
		{"train -target-columns=1 -smoothing=0.1", []string{"-targets and -smoothing are for classes"}},
		{"train -augment=strong", []string{"-augment", `"strong"`, "elastic, affine, simard, ciresan or none"}},
		{"train -augment=turn=3", []string{"-augment", `no part "turn"`, "rotation=15"}},
		{"train -augment=rotation=x", []string{"-augment", "rotation=x", "a number"}},
		{"train -augment=rotation=91", []string{"-augment", "rotation=91: must be", "from 0 to 90"}},
		{"train -augment=scaling=1", []string{"-augment", "scaling=1: must be"}},
		{"train -augment=sigma=4", []string{"-augment", "sigma=4 needs alpha"}},
		{"train -augment=sigma=6..5,alpha=3", []string{"-augment", "from its least to its most"}},
		{"train -augment=affine,calm=1,7", []string{"-augment", `"7"`}},
		{"train -augment=calm=1", []string{"-augment", "calm is for classes", "needs rotation or shear"}},
		{"train -augment=elastic,calm=1", []string{"-augment", "needs rotation or shear"}},
		{"train -augment=none,shift=1", []string{"-augment", "none goes with no parts, and shift=1 is one"}},
		{"train -augment=shift=1,none", []string{"-augment", "none comes after something else"}},
		{"train -augment=simard,affine", []string{"-augment", "affine comes after something else"}},
		{"train -augment=ciresan,calm=3+10", []string{"class 10 is to turn half as much (calm=3+10), and the data have 10 classes; name others, or add calm=none"}},
		{"digits -augment=ciresan,calm=3+10", []string{"class 10 is to turn half as much"}},
		{"train -augment=calm=64,rotation=1", []string{"-augment", "calm=64: must be a class from 0 to 63"}},
		{"train -preset=nielsen", []string{"-preset", `"nielsen"`, "xor, mnist-online", "and ciresan2010"}},
		{"train -preset=xor -resume=x", []string{"-preset does not go with -resume"}},
		{"train -preset=xor -outputs=3", []string{"-outputs", "must be 1"}},
		{"train -preset=xor stray", []string{`"stray"`}},
		{"train -preset=simard2003 -schedule=constant -decay=0.5", []string{"-decay=0.5 does not go with -schedule=constant"}},
		{"presets nobody", []string{`"nobody"`, "xor, mnist-online"}},
		{"presets xor sizes", []string{"presets takes one NAME"}},
		{"presets -json", []string{"-json", `"shadegrad presets -h" lists the flags`}},
		{"digits stray", []string{`"stray"`}},
		{"digits -count=0", []string{"-count", `"0"`, "from 1 to 1000"}},
		{"digits -count=1000000000", []string{"-count", "from 1 to 1000"}},
		{"train -max-norm=1e-300", []string{"-max-norm", `"1e-300"`, "at least 1e-45"}},
		{"train -dropout=0.5 -hidden=", []string{"-dropout=0.5", "-hidden=", "no hidden layer", "drop inputs instead"}},
		{"digits -o=", []string{"-o= needs the name of a file"}},
		{"digits -model=", []string{"-model= needs the name of a file"}},
		{"train -no-bias -zero-biases", []string{"-zero-biases does nothing with -no-bias", "leave one of them out"}},
		{"train -preset=lecun1998 -no-bias", []string{"-zero-biases does nothing with -no-bias", "turn a preset's off with -zero-biases=false"}},
		{"train -dampen -momentum=0", []string{"-dampen does not go with -momentum=0", "no momentum to correct for"}},
		{"train -dampen -batch=4", []string{"-dampen does not go with -momentum=0"}},
		{"gradcheck -dampen -loss=mse", []string{"-dampen does not go with -momentum=0"}},
		{"digits -model=m -augment=simard", []string{"-augment does not go with -model"}},
	})
}

// TestShortOfMomentum notes a run that ends before its momentum has come to its end, and only such.
func TestShortOfMomentum(t *testing.T) {
	p := at(t)
	const short = "-momentum-end=0.9 is not reached: with "
	for _, c := range []struct{ args, want string }{
		{"-epochs=3 -momentum=0.5 -momentum-epochs=500", short + "-epochs=3 and -momentum-epochs=500 the momentum of the last epoch is 0.5016\n"},
		{"-epochs=2 -momentum=0.5 -momentum-epochs=3", short + "-epochs=2 and -momentum-epochs=3 the momentum of the last epoch is 0.6333\n"},
		{"-epochs=3 -momentum=0.5 -momentum-epochs=3", ""},
		{"-epochs=2 -momentum=0 -momentum-epochs=1 -dampen", ""},
	} {
		r := p.run(append([]string{"train", "-backend=cpu", "-data=moons", "-hidden=4", "-momentum-end=0.9"}, strings.Fields(c.args)...)...).is(0, c.want)
		if strings.Contains(r.stderr, "is not reached") != (c.want != "") {
			t.Errorf("%s: stderr:\n%s", c.args, r.stderr)
		}
	}
}

// recipeLine parses the flags of a recipe.
func recipeLine(t *testing.T, line string) *recipe {
	t.Helper()
	r := defaultRecipe()
	fs := flag.NewFlagSet("recipe", flag.ContinueOnError)
	fs.SetOutput(io.Discard)
	r.flags(fs)
	if err := fs.Parse(strings.Fields(line)); err != nil {
		t.Fatalf("%s: %v", line, err)
	}
	return &r
}

// recipeLines have each flag of a recipe at least once.
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
	"-momentum=0.95 -momentum-end=0.85 -cycle-momentum",
	"-validation=100 -patience=3 -min-delta=0.001 -test=each",
	"-augment=ciresan,shear=0.2,shift=1",
	"-outputs=1 -smoothing=0.2",
}

// TestRecipeOf has every option come back as the flags that made it.
func TestRecipeOf(t *testing.T) {
	tried := map[string]bool{}
	for _, line := range recipeLines {
		r := recipeLine(t, line)
		data := r.usual(dataset.Form{})
		want, err := r.on(data)
		if err != nil {
			t.Errorf("%s: %v", line, err)
			continue
		}
		back := recipeOf(want)
		back.smoothing = 0 // it is in the targets too
		got, err := back.on(data)
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %v\n%+v\ncomes back as\n%+v", line, err, want, got)
		}
		for _, f := range strings.Fields(line) {
			name, _, _ := strings.Cut(strings.TrimPrefix(f, "-"), "=")
			tried[name] = true
		}
	}
	fs := flag.NewFlagSet("", flag.ContinueOnError)
	r := defaultRecipe()
	r.flags(fs)
	fs.VisitAll(func(g *flag.Flag) {
		if !tried[g.Name] {
			t.Errorf("-%s is in none of the lines", g.Name)
		}
	})
}

// TestRecipe has what flags make of options.
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
		r := recipeLine(t, c.line)
		o, err := r.on(r.usual(dataset.Form{}))
		if err != nil {
			t.Errorf("%s: %v", c.line, err)
		} else if got := c.get(o); !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: %v, want %v", c.line, got, c.want)
		}
	}
	// Targets that are numbers have an output each.
	r := recipeLine(t, "")
	o, err := r.on(r.usual(dataset.Form{Targets: dataset.Columns{Count: 3}}))
	if err != nil || o.Network.Outputs() != 3 || !o.Network.Regression || o.Network.Output != compute.Identity || o.Network.Loss != compute.SquaredError {
		t.Errorf("regression: %v, %+v", err, o.Network)
	}
}

// TestAugmentFlag reads distortions, and what it writes of them again.
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

// TestTopics has each flag of train and gradcheck under one topic, and each of the topics'
// flags known.
func TestTopics(t *testing.T) {
	_, trains := newTrainFlags()
	_, checks := newGradcheckFlags()
	all, known := "", map[string]bool{"backends": true} // of bench
	for _, fs := range []*flag.FlagSet{trains, checks} {
		var text bytes.Buffer
		printFlags(&text, fs)
		all += text.String()
		fs.VisitAll(func(g *flag.Flag) {
			known[g.Name] = true
			n := 0
			for _, after := range []string{"\n", " ", "\t"} {
				n += strings.Count(text.String(), "\n  -"+g.Name+after)
			}
			if n != 1 {
				t.Errorf("%s: -%s is there %d times", fs.Name(), g.Name, n)
			}
		})
	}
	for _, topic := range topics {
		if !strings.Contains(all, "\n"+topic.title+":\n") {
			t.Errorf("there is no topic %q", topic.title)
		}
		for _, name := range topic.flags {
			if !known[name] {
				t.Errorf("topic %s: there is no -%s", topic.title, name)
			}
		}
	}
}
