package cli

import (
	"strings"
	"testing"
)

// TestRecipeFlags checks which values the flags of a recipe refuse, and which flags contradict each
// other.
func TestRecipeFlags(t *testing.T) {
	refuse(t, []badFlags{
		{"train -optimizer=adagrad", []string{"-optimizer: want sgd", `"adagrad"`, " sgd, nesterov, rmsprop, adam or adamw"}},
		{"train -rho=1 -optimizer=adam", []string{"-rho=1: must be at least 0 and below 1"}},
		{"train -rho=0.9", []string{"-rho=0.9 does not go with -optimizer=sgd", "rmsprop or adam"}},
		{"train -epsilon=0 -optimizer=adam", []string{`-epsilon: want a number above 0, got "0"`}},
		{"train -epsilon=1e-8 -optimizer=nesterov", []string{"-epsilon=1e-08 does not go with -optimizer=nesterov"}},
		{"train -optimizer=rmsprop -momentum=0.9", []string{"-momentum=0.9 does not go with -optimizer=rmsprop"}},
		{"train -optimizer=adamw -weight-decay=0", []string{"-optimizer=adamw", "-weight-decay above 0"}},
		{"train -optimizer=adam -dampen", []string{"-dampen", "-optimizer=adam"}},
		{"train -l2=-1", []string{"-l2=-1: must be a finite number of at least 0"}},
		{"train -l1=NaN", []string{`-l1: want a finite number, got "NaN"`}},
		{"train -weight-decay=Inf", []string{`-weight-decay: want a finite number, got "Inf"`}},
		{"train -clip=-1", []string{"-clip=-1: must be a finite number of at least 0"}},
		{"train -max-norm=-15", []string{"-max-norm=-15: must be a finite number of at least 0"}},
		{"train -dropout=1", []string{"-dropout=1: must be at least 0 and below 0.999992"}},
		{"train -dropout=2", []string{"-dropout=2: must be at least 0 and below 0.999992"}},
		{"train -dropout-input=1.5", []string{"-dropout-input=1.5: must be at least 0 and below 0.999992"}},
		{"train -dropout-input=-0.2", []string{"-dropout-input=-0.2: must be at least 0 and below 0.999992"}},
		{"train -average=1", []string{"-average=1: must be at least 0 and below 1"}},
		{"train -smoothing=1", []string{"-smoothing=1: must be at least 0 and below 1"}},
		{"train -smoothing=0.1 -targets=0.1..0.9", []string{"-smoothing=0.1 does not go with -targets: it sets the targets itself; omit one of them"}},
		{"train -targets=0.5", []string{"-targets", `"0.5"`, "two numbers with .. between them"}},
		{"train -targets=1..1", []string{"-targets=1..1", "must differ"}},
		{"train -targets=-1..1", []string{"-targets=-1..1", "-loss=cross-entropy", "from 0 to 1"}},
		{"train -pixels=0", []string{"-pixels", `"0"`, "two numbers with .. between them"}},
		{"train -pixels=1..1", []string{`-pixels: want two numbers that differ, got "1..1"`}},
		{"train -pixels=0..Inf", []string{"-pixels", `"0..Inf"`, "two numbers"}},
		{"train -gradient=max", []string{"-gradient", `"max"`, "want mean or sum"}},
		{"train -outputs=2", []string{"-outputs", `"2"`, "want 1"}},
		{"train -outputs=1 -output=softmax", []string{"-outputs=1", "softmax", "-output=sigmoid"}},
		{"train -init=he:2", []string{`-init: want he without a number; only uniform:A and normal:S have one, got "he:2"`}},
		{"train -init=uniform:0", []string{"-init", `"uniform:0"`, "a number above 0"}},
		{"train -init=uniform:NaN", []string{"-init", `"uniform:NaN"`, "a number above 0"}},
		{"train -no-bias=maybe", []string{"-no-bias", `"maybe"`}},
		{"train -no-bias=", []string{`-no-bias: want true or false, got ""`}},
		{"train -lr-end=1 -schedule=cosine -lr=0.1", []string{"-lr-end=1", "-lr=0.1", "at most the learning rate"}},
		{"train -lr-end=0.01", []string{"-lr-end", "-schedule=onecycle", "linear, cosine or exponential"}},
		{"train -schedule=step", []string{"-schedule=step needs -decay"}},
		{"train -decay=0.5", []string{"-decay", "-schedule=onecycle", "step or exponential"}},
		{"train -decay=2 -schedule=step", []string{"-decay=2: must be above 0 and at most 1"}},
		{"train -rho=0", []string{`-rho: want a number above 0 and below 1, got "0"`}},
		{"train -clip=0", []string{`-clip: want a number above 0, got "0"`}},
		{"train -decay=0 -schedule=step", []string{`-decay: want a number above 0 and at most 1, got "0"`}},
		{"train -decay-every=0", []string{`-decay-every: want 1 or more, got "0"`}},
		{"train -momentum-epochs=0", []string{`-momentum-epochs: want 1 or more, got "0"`}},
		{"train -decay-every=-1", []string{"-decay-every=-1: must be 1 or more"}},
		{"train -decay-every=3 -schedule=exponential -lr-end=0.001", []string{"-decay-every=3 needs -decay"}},
		{"train -schedule=constant -warmup=5", []string{"-warmup=5", "-epochs=5", "below the number of epochs"}},
		{"train -warmup=-1", []string{"-warmup=-1 does not go with -epochs=5: must be at least 0 and below the number of epochs"}},
		{"train -warmup=1", []string{"-warmup", "-schedule=onecycle"}},
		{"train -momentum-end=0.99", []string{"-momentum-end=0.99 needs -momentum-epochs"}},
		{"train -momentum-end=1", []string{"-momentum-end=1: must be at least 0 and below 1"}},
		{"train -momentum-epochs=-1", []string{"-momentum-epochs=-1: must be 1 or more"}},
		{"train -cycle-momentum", []string{"unknown flag -cycle-momentum"}},
		{"train -validation=-1", []string{"-validation", `"-1"`, "0 or more"}},
		{"train -patience=3", []string{"-patience=3 needs -validation"}},
		{"train -min-delta=0.1 -validation=10", []string{"unknown flag -min-delta"}},
		{"train -test=never", []string{"-test", `"never"`, "want end or each"}},
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
		{"train -augment=turn=3", []string{`-augment=turn=3: unknown part "turn"; want elastic, affine, simard, ciresan or none, or parts such as sigma=5..6,alpha=36..38,rotation=15,scaling=0.15,shear=0.2,shift=1,calm=1+7, or a name followed by parts`}},
		{"train -augment=rotation=x", []string{"-augment", "rotation=x", "a number"}},
		{"train -augment=rotation=91", []string{"-augment", "rotation=91: must be", "from 0 to 90"}},
		{"train -augment=scaling=1", []string{"-augment", "scaling=1: must be"}},
		{"train -augment=sigma=4", []string{"-augment", "sigma=4 needs alpha"}},
		{"train -augment=sigma=6..5,alpha=3", []string{"-augment", "from its least to its most"}},
		{"train -augment=affine,calm=1,7", []string{`-augment: want elastic, affine, simard, ciresan or none, or parts such as sigma=5..6,alpha=36..38,rotation=15,scaling=0.15,shear=0.2,shift=1,calm=1+7, or a name followed by parts, got "affine,calm=1,7"`}},
		{"train -augment=calm=1", []string{"-augment=calm=1: calm halves rotation and shear; it needs one of them"}},
		{"train -augment=elastic,calm=1", []string{"-augment=elastic,calm=1: calm halves rotation and shear; it needs one of them"}},
		{"train -augment=none,shift=1", []string{"-augment=none,shift=1: none cannot be combined with shift=1"}},
		{"train -augment=shift=1,none", []string{"-augment=shift=1,none: none must come first; parts follow a name"}},
		{"train -augment=simard,affine", []string{"-augment=simard,affine: affine must come first; parts follow a name"}},
		{"train -augment=ciresan,calm=3+10", []string{"-augment: calm=3+10 has class 10, and the data have 10 classes; name others, or add calm=none"}},
		{"digits -augment=ciresan,calm=3+10", []string{"-augment: calm=3+10 has class 10, and the data have 10 classes; name others, or add calm=none"}},
		{"train -augment=calm=64,rotation=1", []string{"-augment", "calm=64: must be a class from 0 to 63"}},
		{"train -preset=nielsen", []string{`-preset=nielsen: unknown preset "nielsen" (available: xor, mnist-online, halfplane, sizes, softmax, lecun1998, lecun1998-deep, keras-mlp, hinton2012, simard2003, ciresan2010-small, ciresan2010)`}},
		{"train -preset=xor -resume=x", []string{"-preset does not go with -resume"}},
		{"train -preset=xor -outputs=3", []string{"-outputs", "want 1"}},
		{"train -preset=xor stray", []string{`"stray"`}},
		{"train -preset=simard2003 -schedule=constant -decay=0.5", []string{"-decay=0.5 does not go with -schedule=constant"}},
		{"presets unknown", []string{`"unknown"`, "xor, mnist-online"}},
		{"presets xor sizes", []string{"presets: want one NAME, or none to list them"}},
		{"presets -json", []string{"-json", `"shadegrad presets -h" lists the flags`}},
		{"digits stray", []string{`"stray"`}},
		{"digits -count=0", []string{"-count", `"0"`, "from 1 to 1000"}},
		{"digits -count=1000000000", []string{"-count", "from 1 to 1000"}},
		{"train -max-norm=1e-300", []string{"-max-norm", `"1e-300"`, "at least 1e-45"}},
		{"train -dropout=0.5 -hidden=", []string{"-dropout=0.5", "-hidden=", "the network has no hidden layer; drop inputs instead"}},
		{"digits -o=", []string{`-o: want the name of a file, got ""`}},
		{"digits -model=", []string{`-model: want the name of a file, got ""`}},
		{"train -no-bias -zero-biases", []string{"-zero-biases does nothing with -no-bias; omit one of them, or override a preset with -zero-biases=false"}},
		{"train -preset=lecun1998 -no-bias", []string{"-zero-biases does nothing with -no-bias; omit one of them, or override a preset with -zero-biases=false"}},
		{"train -dampen -momentum=0", []string{"-dampen does not go with -momentum=0", "it needs momentum, and the default of small batches"}},
		{"train -dampen -batch=4", []string{"-dampen does not go with -momentum=0"}},
		{"gradcheck -dampen -loss=mse", []string{"-dampen does not go with -momentum=0"}},
		{"digits -model=m -augment=simard", []string{"-augment does not go with -model"}},
	})
}

// TestShortOfMomentum checks for a note if a run ends before its momentum reaches its end, and only
// then.
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
