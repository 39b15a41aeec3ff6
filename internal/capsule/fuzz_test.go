package capsule

import (
	"bytes"
	"os"
	"testing"

	"shadegrad/compute"
	"shadegrad/internal/mlp"
	"shadegrad/internal/safetensors"
)

// FuzzDecode decodes arbitrary bytes. They must be refused, or be a step that can be
// replayed, without a panic.
func FuzzDecode(f *testing.F) {
	for _, momentum := range []float64{0, 0.9} {
		path := f.TempDir() + "/c"
		if err := small(momentum, momentum == 0).Save(path); err != nil {
			f.Fatal(err)
		}
		whole, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(whole)
		f.Add(bytes.Replace(whole, []byte(`[6,4,3]`), []byte(`[6,4,2]`), 1))
		f.Add(bytes.Replace(whole, []byte(`\"batch\":4`), []byte(`\"batch\":0`), 1))
		f.Add(bytes.Replace(whole, []byte(`0.0123`), []byte(`1e+38 `)[:6], 1))
	}
	adam := small(0.9, false)
	adam.Options.Training = mlp.Training{Rule: compute.Adam, Rho: 0.999, Epsilon: 1e-8, L1: 0.5, Clip: 1, MaxNorm: 2, Drop: 0.5,
		Augment: mlp.Augment{Sigma: [2]float32{1, 2}, Alpha: [2]float32{3, 4}, Calm: []int{1}}}
	adam.Options.Network.Width, adam.Options.Network.Height = 3, 2
	adam.Before.Squares, adam.After.Squares = adam.Options.Network.InitialParameters(5), adam.Options.Network.InitialParameters(6)
	for _, c := range []*Capsule{adam, ofNumbers()} {
		path := f.TempDir() + "/c"
		if err := c.Save(path); err != nil {
			f.Fatal(err)
		}
		whole, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(whole)
		f.Add(bytes.Replace(whole, []byte(`\"width\":3`), []byte(`\"width\":1`), 1))
		f.Add(bytes.Replace(whole, []byte(`\"epoch\":2`), []byte(`\"epoch\":9`), 1))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		file, err := safetensors.Decode(bytes.NewReader(data), int64(len(data)))
		if err != nil {
			return
		}
		c, err := decode(file)
		if err != nil {
			return
		}
		trial, err := c.Replay()
		if err != nil {
			return
		}
		if _, err := trial.Recorded(); err != nil {
			t.Error(err)
		}
	})
}
