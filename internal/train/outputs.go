package train

import (
	"shadegrad/compute"
	"shadegrad/internal/dataset"
	"shadegrad/internal/mlp"
)

// OutputsOf returns the outputs of a network with the given parameters for each sample of a
// set.
func OutputsOf(b compute.Backend, c mlp.Config, values [][]float32, d *dataset.Set) ([][]float32, error) {
	return predict(b, c, values, d, (*mlp.Network).PredictStep)
}

// TargetOf returns what the outputs of a network are to be for a sample of a set.
func TargetOf(c mlp.Config, d *dataset.Set, sample int) []float32 {
	n := c.Outputs()
	if c.Regression {
		return d.Targets[sample*n : (sample+1)*n]
	}
	target := make([]float32, n)
	for j := range target {
		target[j] = c.Off
	}
	switch class := int(d.Labels[sample]); {
	case n == 1 && class == 1:
		target[0] = c.On
	case n > 1 && class < n:
		target[class] = c.On
	}
	return target
}
