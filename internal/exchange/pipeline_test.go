package exchange

import (
	"math"
	"slices"
	"testing"

	"shadegrad/compute"
	"shadegrad/internal/dataset"
)

// TestPipeline imports a pipeline of scikit-learn with a StandardScaler and names of classes, and compares its probabilities for
// two rows of the iris data with those of onnxruntime.
func TestPipeline(t *testing.T) {
	m, _, err := Import("testdata/sklearn-iris.onnx", Choices{})
	if err != nil {
		t.Fatal(err)
	}
	if !m.About.Numbers || m.Network.Output != compute.Softmax || !slices.Equal(m.About.ClassNames, []string{"setosa", "versicolor", "virginica"}) {
		t.Errorf("network %+v, %+v", m.Network, m.About)
	}
	set := &dataset.Set{Width: 4, Height: 1, Labels: []byte{0, 2}, Values: []float32{5.1, 3.5, 1.4, 0.2, 5.9, 3, 5.1, 1.8}}
	if err := m.About.Form.Scale.Apply(set.Values); err != nil {
		t.Fatal(err)
	}
	want := []float32{0.9761450886726379, 0.003586221719160676, 0.020268643274903297, 0.16109786927700043, 0.3417537808418274, 0.49714842438697815}
	for i, got := range slices.Concat(outputs(t, m, set)...) {
		if d := math.Abs(float64(got - want[i])); !(d < 1e-6) {
			t.Errorf("probability %d is %v, want %v", i, got, want[i])
		}
	}
}
