package report

import (
	"fmt"
	"math"

	"shadegrad/compute"
	"shadegrad/internal/model"
)

// Layers lists the layers of a network with statistics of their weights, and its number of parameters.
func Layers(m *model.Model) string {
	c := m.Network
	input := fmt.Sprintf("%d×%d pixels, %g to %g", m.Width, m.Height, c.Shift, 255*c.Scale+c.Shift)
	if m.About.Numbers {
		input = "numbers"
	}
	rows := [][]string{
		{"layer", "units", "activation", "biases", "weights", "std deviation", "largest magnitude"},
		{"input", fmt.Sprint(c.Sizes[0]), input, "", "", "", ""},
	}
	w, products := 0, 0 // w indexes the layer's weights in m.Values
	for l := 1; l <= c.Layers(); l++ {
		f, biases := c.Hidden, "none"
		if l == c.Layers() {
			f = c.Output
		}
		deviation, largest := spread(m.Values[w])
		if w++; !c.NoBias {
			biases = fmt.Sprint(c.Sizes[l])
			w++
		}
		products += c.Sizes[l] * c.Sizes[l-1]
		rows = append(rows, []string{fmt.Sprint(l), fmt.Sprint(c.Sizes[l]), f.String(), biases, fmt.Sprintf("%d×%d", c.Sizes[l], c.Sizes[l-1]),
			fmt.Sprintf("%.3g", deviation), fmt.Sprintf("%.3g", largest)})
	}
	return fmt.Sprintf("%s\n%s, %s as float32; %s per sample\n", Table(rows),
		Count(c.Parameters(), "parameter"), compute.FormatBytes(4*int64(c.Parameters())), Count(products, "multiply-add"))
}

// spread returns the standard deviation of numbers and the largest magnitude.
func spread(list []float32) (deviation, largest float64) {
	sum, squares := 0.0, 0.0
	for _, v := range list {
		f := float64(v)
		sum, squares, largest = sum+f, squares+f*f, max(largest, math.Abs(f))
	}
	n := float64(len(list))
	return math.Sqrt(max(0, squares/n-sum/n*sum/n)), largest
}
