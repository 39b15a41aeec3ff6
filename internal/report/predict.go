package report

import (
	"fmt"
	"sort"

	"shadegrad/compute"
	"shadegrad/internal/model"
	"shadegrad/internal/train"
)

// likeliest is the number of classes that a prediction names.
const likeliest = 3

// Prediction describes the outputs of a network for one sample: its numbers for regression, else the likeliest classes.
func Prediction(m *model.Model, y []float32) string {
	if m.Network.Regression {
		return "output " + formatNumbers(y, 4)
	}
	name := func(class int) string { return ClassName(m, class) }
	if len(y) == 1 {
		return fmt.Sprintf("class %s (output %.4f)", name(train.Class(m.Network, y)), y[0])
	}
	order := make([]int, len(y))
	for i := range order {
		order[i] = i
	}
	sort.SliceStable(order, func(i, j int) bool { return y[order[i]] > y[order[j]] })
	text, separator := ItIs(m, order[0]), ": "
	for _, c := range order[:min(likeliest, len(order))] {
		text += separator + name(c) + " with " + Likelihood(m, y[c])
		separator = ", "
	}
	return text
}

// ItIs says that a sample is of a class: "it is a 7".
func ItIs(m *model.Model, class int) string {
	if m.About.ClassNames == nil {
		return fmt.Sprintf("it is %s %d", article(class), class)
	}
	return "it is " + ClassName(m, class)
}

// Several describes the outputs for several digits of a picture.
func Several(m *model.Model, outputs [][]float32) string {
	text := fmt.Sprintf("%d digits:", len(outputs))
	for _, y := range outputs {
		text += " " + ClassName(m, train.Class(m.Network, y))
	}
	return text
}

// ClassName returns the name of a class, or its number.
func ClassName(m *model.Model, class int) string {
	if class < len(m.About.ClassNames) {
		return Short(m.About.ClassNames[class])
	}
	return fmt.Sprint(class)
}

// article returns the indefinite article of a class below 256.
func article(class int) string {
	if class == 8 || class == 11 || class == 18 || class >= 80 && class < 90 {
		return "an"
	}
	return "a"
}

// Likelihood formats an output of softmax as a percentage, other outputs as numbers.
func Likelihood(m *model.Model, y float32) string {
	switch {
	case m.Network.Output != compute.Softmax:
		return fmt.Sprintf("output %.4f", y)
	case y < 0.0001:
		return "<0.01%"
	}
	return fmt.Sprintf("%.2f%%", 100*y)
}
