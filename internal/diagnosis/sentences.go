package diagnosis

import (
	"fmt"
	"math"
	"strings"

	"shadegrad/compute"
	"shadegrad/internal/mlp"
)

// say adds a finding: what is wrong, and the remedies, of which those that are "" do
// not apply.
func (v *verdict) say(k Kind, layer int, what string, remedies ...string) {
	var list []string
	for _, r := range remedies {
		if r != "" {
			list = append(list, r)
		}
	}
	v.found = append(v.found, Finding{k, layer, what + "; try " + or(list)})
}

// or joins alternatives: "a", "a or b", "a, b or c".
func or(list []string) string {
	last := len(list) - 1
	if last < 1 {
		return strings.Join(list, "")
	}
	return strings.Join(list[:last], ", ") + " or " + list[last]
}

// layerIs begins a sentence about layer i, the worst of several.
func layerIs(i, ill int, what string) string {
	if ill > 1 {
		return fmt.Sprintf("%d layers are %s, layer %d the most", ill, what, i+1)
	}
	return fmt.Sprintf("layer %d is %s", i+1, what)
}

func (v *verdict) dead(i, ill int) {
	v.say(DeadLayer, i+1, fmt.Sprintf("%s: %s of its ReLUs are 0 for every image tried, and what is always 0 learns nothing",
		layerIs(i, ill, "dead"), percent(v.layers[i].Flat)), v.gentler("-act=tanh")...)
}

func (v *verdict) saturated(i, ill int) {
	v.say(SaturatedLayer, i+1, fmt.Sprintf("%s: %s of its %s units stay at an end of their range, where they hardly learn",
		layerIs(i, ill, "saturated"), percent(v.layers[i].Flat), v.layers[i].F), v.gentler("-act=relu")...)
}

func (v *verdict) stuck(i int) {
	remedies := []string{v.lowerRate()}
	if v.Momentum > 0 {
		remedies = append(remedies, "-momentum=0")
	}
	v.say(StuckOutputs, i+1, fmt.Sprintf("the outputs are stuck: for %s of the images, the one of the right class is at the wrong end of its range, where the squared error has no gradient",
		percent(v.layers[i].Flat)), append(remedies, "-loss=cross-entropy with -output=softmax")...)
}

func (v *verdict) overflows(i int) {
	v.say(ExplodingGradient, i+1, fmt.Sprintf("the gradient explodes: that of layer %d is beyond the largest number", i+1),
		v.gentler("")...)
}

func (v *verdict) explodes(i int) {
	v.say(ExplodingGradient, i+1, fmt.Sprintf("the gradient explodes: the error at layer %d has grown to %s times that at layer %d, where it came from",
		i+1, figure(v.layers[i].Delta), len(v.layers)), append(v.gentler(""), v.fewerLayers())...)
}

func (v *verdict) vanishes(i int) {
	share := "nothing"
	if d := v.layers[i].Delta; d > 0 {
		share = "only 1/" + figure(1/d)
	}
	other := "-act=relu"
	if f := v.Network.Hidden; f == compute.ReLU || f == compute.LeakyReLU || f == compute.Identity {
		other = ""
	}
	v.say(VanishingGradient, i+1, fmt.Sprintf("the gradient vanishes: %s of the error at layer %d comes back to layer %d, which hardly learns",
		share, len(v.layers), i+1), v.betterInit(), other, v.fewerLayers())
}

func (v *verdict) worseThanGuessing(guess float64) {
	cause := "the learning rate is too high"
	if v.betterInit() != "" {
		cause += ", or the first weights are too large"
	}
	v.say(RateTooHigh, 0, fmt.Sprintf("%s: the training loss is %s, where guessing gives %s",
		cause, figure(v.e.TrainLoss), figure(guess)), v.gentler("")...)
}

func (v *verdict) lossRises() {
	v.say(RateTooHigh, 0, fmt.Sprintf("the learning rate is too high: the training loss has risen from %s to %s in an epoch",
		figure(v.last.TrainLoss), figure(v.e.TrainLoss)), v.lowerRate())
}

func (v *verdict) longSteps(i int) {
	v.say(RateTooHigh, i+1, fmt.Sprintf("the learning rate is too high: a step changes the weights of layer %d by %s, where %s is usual",
		i+1, percent(v.layers[i].Step), percent(usualStep)), v.lowerRate())
}

func (v *verdict) shortSteps(step, guess float64) {
	what := fmt.Sprintf("the learning rate is too low: the training loss is still %s, where guessing gives %s",
		figure(v.e.TrainLoss), figure(guess))
	if step < lowStep {
		what += fmt.Sprintf(", and a step changes the weights by %s at most, where %s is usual", percent(step), percent(usualStep))
	}
	v.say(RateTooLow, 0, what, fmt.Sprintf("a higher -lr than %g (%g is usual here)", v.Rate, v.UsualRate))
}

func (v *verdict) gap() {
	v.say(Overfitting, 0, fmt.Sprintf("the network overfits: it has %s of the training %s right, but %s of the %s %[2]s",
		percent(v.e.TrainAcc), v.samples(), percent(v.e.HeldAcc), v.e.HeldOut), "more training "+v.samples(), v.regularised(), v.smaller(), v.fewerEpochs())
}

func (v *verdict) heldLossRises() {
	v.say(Overfitting, 0, fmt.Sprintf("the network overfits: since epoch %d the training loss has come down from %s to %s, but the %s loss has risen from %s to %s",
		v.best.Epoch, figure(v.best.TrainLoss), figure(v.e.TrainLoss), v.e.HeldOut, figure(v.best.HeldLoss), figure(v.e.HeldLoss)),
		v.stopping(), v.regularised(), v.smaller(), "more training "+v.samples())
}

// samples is what the samples are called.
func (v *verdict) samples() string {
	if v.Numbers {
		return "samples"
	}
	return "images"
}

// stopping names what ends a run where it is best. With a validation set the best weights are
// the ones that are kept, and patience only saves time.
func (v *verdict) stopping() string {
	switch {
	case v.e.HeldOut != "validation":
		return fmt.Sprintf("-epochs=%d", v.best.Epoch)
	case v.Patience == 0:
		return fmt.Sprintf("-patience=%d, which stops the run by itself", max(patience, v.best.Epoch/2))
	}
	return ""
}

// regularised names what holds weights back where nothing does.
func (v *verdict) regularised() string {
	t := v.Training
	switch {
	case t.L2 > 0 || t.L1 > 0 || t.Decay > 0 || t.Drop > 0 || t.DropInput > 0 || !t.Augment.IsZero():
		return ""
	case v.Network.Layers() < 2:
		return "-weight-decay"
	}
	return "-dropout"
}

// gentler names what keeps weights small: the likeliest first, and another only where
// neither rate nor initialisation is out of the ordinary.
func (v *verdict) gentler(other string) []string {
	switch init := v.betterInit(); {
	case v.Rate > v.UsualRate:
		return []string{v.lowerRate(), init}
	case init != "" && v.Rate < v.UsualRate:
		return []string{init}
	case init != "":
		return []string{init, v.lowerRate()}
	}
	return []string{v.lowerRate(), other}
}

// lowerRate says to lower the rate, and what is usual if that is less.
func (v *verdict) lowerRate() string {
	s := fmt.Sprintf("a lower -lr than %g", v.Rate)
	if v.UsualRate < v.Rate {
		s += fmt.Sprintf(" (%g is usual here)", v.UsualRate)
	}
	return s
}

// betterInit names the initialisation that suits the hidden layers, if it is another.
func (v *verdict) betterInit() string {
	suits := mlp.Xavier
	switch v.Network.Hidden {
	case compute.ReLU, compute.LeakyReLU:
		suits = mlp.He
	case compute.ScaledTanh:
		suits = mlp.Inputs
	}
	if v.Network.Init == suits || v.Network.Layers() < 2 {
		return ""
	}
	return fmt.Sprintf("-init=%s", suits)
}

func (v *verdict) fewerLayers() string {
	if v.Network.Layers() < 3 {
		return ""
	}
	return "fewer layers in -hidden"
}

func (v *verdict) smaller() string {
	if v.Network.Layers() < 2 {
		return ""
	}
	return "fewer units in -hidden"
}

func (v *verdict) fewerEpochs() string {
	if v.Epochs < 2 {
		return ""
	}
	return "fewer -epochs"
}

// percent writes a share: "0.081%", "4.1%", "79.7%", and "100%" only of all.
func percent(share float64) string {
	switch v := 100 * share; {
	case v > 99.9 && v < 100:
		return "99.9%"
	case v >= 10:
		return trim(fmt.Sprintf("%.1f", v)) + "%"
	default:
		return digits(v, 2) + "%"
	}
}

// figure writes a number with three digits that count.
func figure(v float64) string { return digits(v, 3) }

// digits writes a number with n digits that count, and without an exponent unless it
// is very large or very small.
func digits(v float64, n int) string {
	size := math.Abs(v)
	if v == 0 || size >= 1e9 || size < 1e-6 {
		return fmt.Sprintf("%.*g", n, v)
	}
	places := n - 1 - int(math.Floor(math.Log10(size)))
	if places >= 0 {
		return trim(fmt.Sprintf("%.*f", places, v))
	}
	unit := math.Pow10(-places)
	return fmt.Sprintf("%.0f", math.Round(v/unit)*unit)
}

// trim leaves out zeros at the end of a fraction.
func trim(s string) string {
	if !strings.Contains(s, ".") {
		return s
	}
	return strings.TrimRight(strings.TrimRight(s, "0"), ".")
}
