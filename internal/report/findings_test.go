package report

import (
	"math"
	"strings"
	"testing"

	"shadegrad/compute"
	"shadegrad/internal/diagnosis"
	"shadegrad/internal/mlp"
)

// usualRecipe has the default options and a second hidden layer.
func usualRecipe() diagnosis.Recipe {
	return diagnosis.Recipe{Rate: 0.1, UsualRate: 0.1, Momentum: 0.9, Epochs: 5,
		Network: mlp.Config{Sizes: []int{784, 256, 64, 10}, Hidden: compute.ReLU, Output: compute.Softmax, Init: mlp.He, On: 1}}
}

// healthyLayers returns the figures of a network with the default options after an epoch.
func healthyLayers() []diagnosis.Layer {
	return []diagnosis.Layer{
		{Units: 256, F: compute.ReLU, Flat: 0.012, Of: diagnosis.Dead, Delta: 1.7, Gradient: 0.4, Weights: 27, Step: 0.003, Moved: 0.65},
		{Units: 64, F: compute.ReLU, Flat: 0, Of: diagnosis.Dead, Delta: 1.3, Gradient: 0.3, Weights: 12, Step: 0.003, Moved: 0.5},
		{Units: 10, F: compute.Softmax, Flat: 0, Of: diagnosis.NotFlat, Delta: 1, Gradient: 0.24, Weights: 4, Step: 0.004, Moved: 1.7},
	}
}

// firstEpoch has the results of a healthy first epoch.
var firstEpoch = diagnosis.Epoch{Epoch: 1, TrainLoss: 0.41, TrainAcc: 0.886, HeldOut: "test", HeldLoss: 0.18, HeldAcc: 0.946, Rate: 0.08, TriedAcc: 0.95}

func TestFindings(t *testing.T) {
	type change func(r *diagnosis.Recipe, e *diagnosis.Epoch, l []diagnosis.Layer)
	tests := []struct {
		name   string
		before []diagnosis.Epoch
		change change
		want   string // "" is healthy
	}{
		{"healthy", nil, func(*diagnosis.Recipe, *diagnosis.Epoch, []diagnosis.Layer) {}, ""},
		{"a dead layer at the usual rate", nil, func(r *diagnosis.Recipe, e *diagnosis.Epoch, l []diagnosis.Layer) { l[1].Flat = 0.9603 },
			"layer 2 is dead: 96% of its ReLUs are 0 for every image tried, and what is always 0 learns nothing; try a lower -lr than 0.1 or -act=tanh"},
		{"a little less than dead", nil, func(r *diagnosis.Recipe, e *diagnosis.Epoch, l []diagnosis.Layer) { l[1].Flat = 0.39 }, ""},
		{"dead at a high rate, and what follows from it", nil, func(r *diagnosis.Recipe, e *diagnosis.Epoch, l []diagnosis.Layer) {
			r.Rate, e.TrainLoss = 1, 9
			l[0].Flat, l[0].Delta, l[1].Flat = 1, 0, 0.7
		}, "2 layers are dead, layer 1 the most: 100% of its ReLUs are 0 for every image tried, and what is always 0 learns nothing; try a lower -lr than 1 (0.1 is usual here)"},
		{"dead by its first weights", nil, func(r *diagnosis.Recipe, e *diagnosis.Epoch, l []diagnosis.Layer) {
			r.Network.Init, l[0].Flat = mlp.Normal, 0.5
		},
			"layer 1 is dead: 50% of its ReLUs are 0 for every image tried, and what is always 0 learns nothing; try -init=he or a lower -lr than 0.1"},
		{"saturated", nil, func(r *diagnosis.Recipe, e *diagnosis.Epoch, l []diagnosis.Layer) {
			r.Network.Hidden, r.Network.Init = compute.Tanh, mlp.Xavier
			l[0].F, l[0].Of, l[0].Flat = compute.Tanh, diagnosis.Saturated, 0.51
		}, "layer 1 is saturated: 51% of its tanh units stay at an end of their range, where they hardly learn; try a lower -lr than 0.1 or -act=relu"},
		{"half saturated", nil, func(r *diagnosis.Recipe, e *diagnosis.Epoch, l []diagnosis.Layer) {
			l[0].F, l[0].Of, l[0].Flat = compute.Tanh, diagnosis.Saturated, 0.5
		}, ""},
		{"stuck outputs", nil, func(r *diagnosis.Recipe, e *diagnosis.Epoch, l []diagnosis.Layer) {
			r.Network.Loss, r.Network.Output = compute.SquaredError, compute.Sigmoid
			l[2].Of, l[2].Flat = diagnosis.Stuck, 0.88
		}, "the outputs are stuck: for 88% of the images, the one of the right class is at the wrong end of its range, where the squared error has no gradient; " +
			"try a lower -lr than 0.1, -momentum=0 or -loss=cross-entropy with -output=softmax"},
		{"a dead layer counts before the outputs that it makes stuck", nil, func(r *diagnosis.Recipe, e *diagnosis.Epoch, l []diagnosis.Layer) {
			l[2].Of, l[2].Flat, l[0].Flat = diagnosis.Stuck, 0.88, 0.8
		}, "layer 1 is dead: 80% of its ReLUs are 0 for every image tried, and what is always 0 learns nothing; try a lower -lr than 0.1 or -act=tanh"},
		{"the gradient vanishes in sigmoids", nil, func(r *diagnosis.Recipe, e *diagnosis.Epoch, l []diagnosis.Layer) {
			r.Network.Hidden, r.Network.Init = compute.Sigmoid, mlp.Xavier
			l[0].Delta, l[1].Delta = 1./82268, 1./500
		}, "the gradient vanishes: only 1/82300 of the error at layer 3 comes back to layer 1, which hardly learns; try -act=relu or fewer layers in -hidden"},
		{"the gradient vanishes to nothing", nil, func(r *diagnosis.Recipe, e *diagnosis.Epoch, l []diagnosis.Layer) {
			r.Network.Init, l[1].Delta = mlp.Uniform, 0
		},
			"the gradient vanishes: nothing of the error at layer 3 comes back to layer 2, which hardly learns; try -init=he or fewer layers in -hidden"},
		{"the error is 0", nil, func(r *diagnosis.Recipe, e *diagnosis.Epoch, l []diagnosis.Layer) {
			for i := range l {
				l[i].Delta, l[i].Gradient = 0, 0
			}
		}, ""},
		{"the gradient explodes", nil, func(r *diagnosis.Recipe, e *diagnosis.Epoch, l []diagnosis.Layer) {
			r.Network.Init, l[0].Delta = mlp.Normal, 5234
		},
			"the gradient explodes: the error at layer 1 has grown to 5230 times that at layer 3, where it came from; try -init=he, a lower -lr than 0.1 or fewer layers in -hidden"},
		{"the gradient explodes at a low rate", nil, func(r *diagnosis.Recipe, e *diagnosis.Epoch, l []diagnosis.Layer) {
			r.Network.Init, r.Rate, l[0].Delta = mlp.Normal, 1e-5, 5234
		},
			"the gradient explodes: the error at layer 1 has grown to 5230 times that at layer 3, where it came from; try -init=he or fewer layers in -hidden"},
		{"the gradient overflows", nil, func(r *diagnosis.Recipe, e *diagnosis.Epoch, l []diagnosis.Layer) { l[1].Gradient = math.Inf(1) },
			"the gradient explodes: that of layer 2 is beyond the largest number; try a lower -lr than 0.1"},
		{"worse than guessing", nil, func(r *diagnosis.Recipe, e *diagnosis.Epoch, l []diagnosis.Layer) { r.Rate, e.TrainLoss = 3, 37.52 },
			"the learning rate is too high: the training loss is 37.5, where guessing gives 2.3; try a lower -lr than 3 (0.1 is usual here)"},
		{"worse than guessing from the first weights", nil, func(r *diagnosis.Recipe, e *diagnosis.Epoch, l []diagnosis.Layer) {
			r.Network.Init, e.TrainLoss = mlp.Normal, 27
		},
			"the learning rate is too high, or the first weights are too large: the training loss is 27, where guessing gives 2.3; try -init=he or a lower -lr than 0.1"},
		{"worse than guessing, but coming down", []diagnosis.Epoch{{Epoch: 1, TrainLoss: 27, HeldOut: "test", HeldLoss: 14}}, func(r *diagnosis.Recipe, e *diagnosis.Epoch, l []diagnosis.Layer) { e.Epoch, e.TrainLoss = 2, 5.7 }, ""},
		{"an untrained network", nil, func(r *diagnosis.Recipe, e *diagnosis.Epoch, l []diagnosis.Layer) {
			e.TrainLoss, e.TrainAcc, e.HeldLoss = 2.9, 0.1, 2.4
		}, ""},
		{"the loss rises", []diagnosis.Epoch{{Epoch: 1, TrainLoss: 0.5, HeldOut: "test", HeldLoss: 0.5}}, func(r *diagnosis.Recipe, e *diagnosis.Epoch, l []diagnosis.Layer) { e.Epoch, e.TrainLoss = 2, 0.7 },
			"the learning rate is too high: the training loss has risen from 0.5 to 0.7 in an epoch; try a lower -lr than 0.1"},
		{"a small loss rises", []diagnosis.Epoch{{Epoch: 1, TrainLoss: 0.005, HeldOut: "test", HeldLoss: 0.5}}, func(r *diagnosis.Recipe, e *diagnosis.Epoch, l []diagnosis.Layer) { e.Epoch, e.TrainLoss = 2, 0.01 }, ""},
		{"long steps", nil, func(r *diagnosis.Recipe, e *diagnosis.Epoch, l []diagnosis.Layer) { l[2].Step = 0.42 },
			"the learning rate is too high: a step changes the weights of layer 3 by 42%, where 0.1% is usual; try a lower -lr than 0.1"},
		{"short steps", nil, func(r *diagnosis.Recipe, e *diagnosis.Epoch, l []diagnosis.Layer) {
			r.Rate, e.Rate, e.TrainLoss = 1e-6, 5e-7, 2.245
			for i := range l {
				l[i].Step = 6e-7
			}
		}, "the learning rate is too low: the training loss is still 2.25, where guessing gives 2.3, and a step changes the weights by 0.00012% at most, where 0.1% is usual; " +
			"try a higher -lr than 1e-06 (0.1 is usual here)"},
		{"a rate far below the usual", nil, func(r *diagnosis.Recipe, e *diagnosis.Epoch, l []diagnosis.Layer) { r.Rate, e.TrainLoss = 0.003, 1.9 },
			"the learning rate is too low: the training loss is still 1.9, where guessing gives 2.3; try a higher -lr than 0.003 (0.1 is usual here)"},
		{"a low rate that does", nil, func(r *diagnosis.Recipe, e *diagnosis.Epoch, l []diagnosis.Layer) {
			r.Rate, e.Rate, e.TrainLoss = 1e-6, 1e-6, 0.3
		}, ""},
		{"short steps at the end of the cycle", nil, func(r *diagnosis.Recipe, e *diagnosis.Epoch, l []diagnosis.Layer) {
			e.Rate, e.TrainLoss = 1e-5, 1.3
			for i := range l {
				l[i].Step = 1e-6
			}
		}, ""},
		{"short steps of huge weights at the usual rate", nil, func(r *diagnosis.Recipe, e *diagnosis.Epoch, l []diagnosis.Layer) {
			e.TrainLoss = 2
			for i := range l {
				l[i].Step = 1e-5
			}
		}, ""},
		{"overfitting", nil, func(r *diagnosis.Recipe, e *diagnosis.Epoch, l []diagnosis.Layer) {
			e.TrainAcc, e.TriedAcc, e.HeldAcc = 0.9934, 1, 0.768
		},
			"the network overfits: it has 99.3% of the training images right, but 76.8% of the test images; try more training images, -dropout, fewer units in -hidden or fewer -epochs"},
		{"overfitting in one epoch without a hidden layer", nil, func(r *diagnosis.Recipe, e *diagnosis.Epoch, l []diagnosis.Layer) {
			r.Epochs, r.Network.Sizes = 1, []int{784, 10}
			e.TrainAcc, e.TriedAcc, e.HeldAcc = 0.9, 0.9, 0.7
		}, "the network overfits: it has 90% of the training images right, but 70% of the test images; try more training images or -weight-decay"},
		{"a test in a bad moment", nil, func(r *diagnosis.Recipe, e *diagnosis.Epoch, l []diagnosis.Layer) {
			e.TrainAcc, e.TriedAcc, e.HeldAcc = 0.7, 0.52, 0.5
		}, ""},
		{"the test loss rises for three epochs", []diagnosis.Epoch{{Epoch: 1, TrainLoss: 0.4, HeldOut: "test", HeldLoss: 0.3, HeldAcc: 0.93}, {Epoch: 2, TrainLoss: 0.2, HeldOut: "test", HeldLoss: 0.2, HeldAcc: 0.95},
			{Epoch: 3, TrainLoss: 0.1, HeldOut: "test", HeldLoss: 0.22, HeldAcc: 0.94}, {Epoch: 4, TrainLoss: 0.08, HeldOut: "test", HeldLoss: 0.24, HeldAcc: 0.94}},
			func(r *diagnosis.Recipe, e *diagnosis.Epoch, l []diagnosis.Layer) {
				e.Epoch, e.TrainLoss, e.HeldLoss, e.HeldAcc = 5, 0.05, 0.26, 0.94
			},
			"the network overfits: since epoch 2 the training loss has come down from 0.2 to 0.05, but the test loss has risen from 0.2 to 0.26; try -epochs=2, -dropout, fewer units in -hidden or more training images"},
		{"the validation loss rises", []diagnosis.Epoch{{Epoch: 2, TrainLoss: 0.2, HeldOut: "validation", HeldLoss: 0.2, HeldAcc: 0.95}},
			func(r *diagnosis.Recipe, e *diagnosis.Epoch, l []diagnosis.Layer) {
				e.Epoch, e.TrainLoss, e.HeldOut, e.HeldLoss, e.HeldAcc = 5, 0.05, "validation", 0.26, 0.94
			},
			"the network overfits: since epoch 2 the training loss has come down from 0.2 to 0.05, but the validation loss has risen from 0.2 to 0.26; " +
				"try -patience=3, which stops the run early, -dropout, fewer units in -hidden or more training images"},
		{"it rises, and the run is patient and held back", []diagnosis.Epoch{{Epoch: 2, TrainLoss: 0.2, HeldOut: "validation", HeldLoss: 0.2, HeldAcc: 0.95}},
			func(r *diagnosis.Recipe, e *diagnosis.Epoch, l []diagnosis.Layer) {
				r.Patience, r.Training.Decay = 9, 0.01
				e.Epoch, e.TrainLoss, e.HeldOut, e.HeldLoss, e.HeldAcc = 5, 0.05, "validation", 0.26, 0.94
			},
			"the network overfits: since epoch 2 the training loss has come down from 0.2 to 0.05, but the validation loss has risen from 0.2 to 0.26; " +
				"try fewer units in -hidden or more training samples"},
		{"no set was held out", []diagnosis.Epoch{{Epoch: 1, TrainLoss: 0.2}}, func(r *diagnosis.Recipe, e *diagnosis.Epoch, l []diagnosis.Layer) {
			e.Epoch, e.TrainLoss, e.TrainAcc, e.TriedAcc, e.HeldOut, e.HeldLoss, e.HeldAcc = 5, 0.05, 1, 1, "", 0, 0
		}, ""},
		{"regression has neither accuracies nor guesses", nil, func(r *diagnosis.Recipe, e *diagnosis.Epoch, l []diagnosis.Layer) {
			r.Network.Regression, r.Network.Loss, r.Rate = true, compute.SquaredError, 0.001
			e.TrainLoss, e.TrainAcc, e.TriedAcc, e.HeldAcc = 1234, 1, 1, 0
		}, ""},
		{"the loss of a regression rises", []diagnosis.Epoch{{Epoch: 1, TrainLoss: 100, HeldOut: "test", HeldLoss: 100}}, func(r *diagnosis.Recipe, e *diagnosis.Epoch, l []diagnosis.Layer) {
			r.Network.Regression, r.Network.Loss = true, compute.SquaredError
			e.Epoch, e.TrainLoss = 2, 130
		}, "the learning rate is too high: the training loss has risen from 100 to 130 in an epoch; try a lower -lr than 0.1"},
		{"a regression overfits", []diagnosis.Epoch{{Epoch: 1, TrainLoss: 100, HeldOut: "test", HeldLoss: 100}}, func(r *diagnosis.Recipe, e *diagnosis.Epoch, l []diagnosis.Layer) {
			r.Network.Regression, r.Network.Loss = true, compute.SquaredError
			e.Epoch, e.TrainLoss, e.HeldLoss = 4, 10, 130
		}, "the network overfits: since epoch 1 the training loss has come down from 100 to 10, but the test loss has risen from 100 to 130; " +
			"try -epochs=1, -dropout, fewer units in -hidden or more training images"},
		{"it rises while the accuracy does too", []diagnosis.Epoch{{Epoch: 1, TrainLoss: 0.2, HeldOut: "test", HeldLoss: 0.2, HeldAcc: 0.95}},
			func(r *diagnosis.Recipe, e *diagnosis.Epoch, l []diagnosis.Layer) {
				e.Epoch, e.TrainLoss, e.HeldLoss, e.HeldAcc = 5, 0.05, 0.26, 0.96
			}, ""},
		{"it has only begun to rise", []diagnosis.Epoch{{Epoch: 3, TrainLoss: 0.2, HeldOut: "test", HeldLoss: 0.2, HeldAcc: 0.95}},
			func(r *diagnosis.Recipe, e *diagnosis.Epoch, l []diagnosis.Layer) {
				e.Epoch, e.TrainLoss, e.HeldLoss, e.HeldAcc = 5, 0.05, 0.26, 0.94
			}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r, e, layers := usualRecipe(), firstEpoch, healthyLayers()
			tt.change(&r, &e, layers)
			x := &diagnosis.Examiner{Recipe: r}
			for _, b := range tt.before {
				x.Remember(b)
			}
			report := x.Examine(e, layers, 300)
			if report.Epoch != e || report.Images != 300 || (e.HeldOut != "" && !r.Network.Regression) != (report.HasGap && report.Gap() == e.TrainAcc-e.HeldAcc) || len(report.Layers) != len(layers) {
				t.Errorf("the report is %+v", report)
			}
			got, word := "", "images"
			if strings.HasSuffix(tt.want, "samples") {
				word = "samples"
			}
			for i, f := range report.Findings {
				if i > 0 {
					got += "\n"
				}
				got += findingText(f, report, word)
			}
			if got != tt.want {
				t.Errorf("it finds\n%s\nwant\n%s", got, tt.want)
			}
		})
	}
}

func TestFigures(t *testing.T) {
	for v, want := range map[float64]string{
		0: "0", 2.302585: "2.3", 37.52: "37.5", 100: "100", 5234: "5230", 123456: "123000", 1724e3: "1720000",
		0.0123456: "0.0123", 1e-6: "0.000001", 3.14159e-8: "3.14e-08", 2.5e12: "2.5e+12", 9.996: "10", 999.9: "1000",
	} {
		if got := figure(v); got != want {
			t.Errorf("%v is written %s, want %s", v, got, want)
		}
	}
	for v, want := range map[float64]string{0: "0%", 1: "100%", 0.99999: "99.9%", 0.9934: "99.3%", 0.5: "50%", 0.0412: "4.1%", 0.00081: "0.081%", 1.2e-6: "0.00012%", 2.5: "250%"} {
		if got := shortPercent(v); got != want {
			t.Errorf("%v is written %s, want %s", v, got, want)
		}
	}
}
