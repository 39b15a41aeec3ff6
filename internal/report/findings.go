package report

import (
	"fmt"
	"math"
	"strings"

	"shadegrad/internal/diagnosis"
	"shadegrad/internal/flags"
	"shadegrad/internal/recipe"
)

// Findings returns the findings of a report as sentences. samples is the word for several samples.
func Findings(r *diagnosis.Report, samples string) []string {
	var list []string
	for _, f := range r.Findings {
		list = append(list, findingText(f, r, samples))
	}
	return list
}

// findingText returns a finding of a report as a sentence: the problem, the figures that show
// it, and what to try. samples is the word for several samples.
func findingText(f diagnosis.Finding, r *diagnosis.Report, samples string) string {
	text := problemText(f, r, samples)
	var remedies []string
	for _, m := range f.Remedies {
		remedies = append(remedies, remedyText(m, samples))
	}
	return text + "; try " + flags.Alternatives(remedies)
}

func problemText(f diagnosis.Finding, r *diagnosis.Report, samples string) string {
	last := len(r.Layers)
	switch f.Kind {
	case diagnosis.DeadLayer:
		return fmt.Sprintf("%s: %s of its ReLUs are 0 for every image tried, and what is always 0 learns nothing",
			worstLayer(f, "dead"), shortPercent(f.Value))
	case diagnosis.SaturatedLayer:
		return fmt.Sprintf("%s: %s of its %s units stay at an end of their range, where they hardly learn",
			worstLayer(f, "saturated"), shortPercent(f.Value), r.Layers[f.Layer-1].F)
	case diagnosis.StuckOutputs:
		return fmt.Sprintf("the outputs are stuck: for %s of the images, the one of the right class is at the wrong end of its range, where the squared error has no gradient",
			shortPercent(f.Value))
	case diagnosis.ExplodingGradient:
		if f.Sign == diagnosis.GradientOverflow {
			return fmt.Sprintf("the gradient explodes: that of layer %d is beyond the largest number", f.Layer)
		}
		return fmt.Sprintf("the gradient explodes: the error at layer %d has grown to %s times that at layer %d, where it came from",
			f.Layer, figure(f.Value), last)
	case diagnosis.VanishingGradient:
		part := "nothing"
		if f.Value > 0 {
			part = "only 1/" + figure(1/f.Value)
		}
		return fmt.Sprintf("the gradient vanishes: %s of the error at layer %d comes back to layer %d, which hardly learns", part, last, f.Layer)
	case diagnosis.RateTooHigh:
		return rateTooHighText(f)
	case diagnosis.RateTooLow:
		text := fmt.Sprintf("the learning rate is too low: the training loss is still %s, where guessing gives %s", figure(f.Value), figure(f.Reference))
		if f.Step > 0 {
			text += fmt.Sprintf(", and a step changes the weights by %s at most, where %s is usual", shortPercent(f.Step), shortPercent(diagnosis.UsualStep))
		}
		return text
	}
	if f.Sign == diagnosis.AccuracyGap {
		return fmt.Sprintf("the network overfits: it has %s of the training %s right, but %s of the %s %[2]s",
			shortPercent(f.Value), samples, shortPercent(f.Reference), r.Epoch.HeldOut)
	}
	return fmt.Sprintf("the network overfits: since epoch %d the training loss has come down from %s to %s, but the %s loss has risen from %s to %s",
		f.Since.Epoch, figure(f.Since.TrainLoss), figure(r.Epoch.TrainLoss), r.Epoch.HeldOut, figure(f.Reference), figure(f.Value))
}

func rateTooHighText(f diagnosis.Finding) string {
	switch f.Sign {
	case diagnosis.LossRises:
		return fmt.Sprintf("the learning rate is too high: the training loss has risen from %s to %s in an epoch", figure(f.Reference), figure(f.Value))
	case diagnosis.LongSteps:
		return fmt.Sprintf("the learning rate is too high: a step changes the weights of layer %d by %s, where %s is usual",
			f.Layer, shortPercent(f.Value), shortPercent(f.Reference))
	}
	cause := "the learning rate is too high"
	for _, m := range f.Remedies {
		if m.Field == "Network.Init" {
			cause += ", or the first weights are too large"
		}
	}
	return fmt.Sprintf("%s: the training loss is %s, where guessing gives %s", cause, figure(f.Value), figure(f.Reference))
}

// worstLayer begins a sentence about the worst of the layers with a problem.
func worstLayer(f diagnosis.Finding, problem string) string {
	if f.Layers > 1 {
		return fmt.Sprintf("%d layers are %s, layer %d the most", f.Layers, problem, f.Layer)
	}
	return fmt.Sprintf("layer %d is %s", f.Layer, problem)
}

// remedyText writes a remedy in terms of flags.
func remedyText(m diagnosis.Remedy, samples string) string {
	name := recipe.FlagSetting(m.Field, nil)
	switch m.Action {
	case diagnosis.Lower, diagnosis.Raise:
		if m.Value == nil {
			return "fewer " + name
		}
		text := fmt.Sprintf("a lower %s than %v", name, m.Value)
		if m.Action == diagnosis.Raise {
			text = fmt.Sprintf("a higher %s than %v", name, m.Value)
		}
		if m.Usual > 0 {
			text += fmt.Sprintf(" (%g is usual here)", m.Usual)
		}
		return text
	case diagnosis.Add:
		return name
	case diagnosis.FewerLayers:
		return "fewer layers in " + name
	case diagnosis.FewerUnits:
		return "fewer units in " + name
	case diagnosis.MoreSamples:
		return "more training " + samples
	}
	text := recipe.FlagSetting(m.Field, m.Value)
	if m.Also != nil {
		text += " with " + recipe.FlagSetting(m.Also.Field, m.Also.Value)
	}
	if m.Field == "Patience" {
		text += ", which stops the run early"
	}
	return text
}

// shortPercent writes a fraction: "0.081%", "4.1%", "79.7%", and "100%" only if it is 1.
func shortPercent(fraction float64) string {
	switch v := 100 * fraction; {
	case v > 99.9 && v < 100:
		return "99.9%"
	case v >= 10:
		return trim(fmt.Sprintf("%.1f", v)) + "%"
	default:
		return digits(v, 2) + "%"
	}
}

// figure writes a number with three significant digits.
func figure(v float64) string { return digits(v, 3) }

// digits writes a number with n significant digits, and without an exponent unless it is very
// large or very small.
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

// trim removes zeros at the end of a decimal fraction.
func trim(s string) string {
	if !strings.Contains(s, ".") {
		return s
	}
	return strings.TrimRight(strings.TrimRight(s, "0"), ".")
}
