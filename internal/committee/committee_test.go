package committee

import (
	"math"
	"path/filepath"
	"strings"
	"testing"

	"shadegrad/compute"
	"shadegrad/cpu"
	"shadegrad/internal/dataset"
	"shadegrad/internal/mlp"
	"shadegrad/internal/model"
	"shadegrad/internal/train"
)

// pixels is a set of images of 2×2 with labels below classes, and with targets if outputs is above 0.
func pixels(n, classes, outputs int) *dataset.Set {
	s := &dataset.Set{Width: 2, Height: 2, Classes: classes, Outputs: outputs}
	for i := range n {
		for j := range 4 {
			s.Images = append(s.Images, byte(37*i+91*j*j))
		}
		if outputs == 0 {
			s.Labels = append(s.Labels, byte(i%classes))
		}
		for j := range outputs {
			s.Targets = append(s.Targets, float32(i%5)-float32(j))
		}
	}
	if outputs > 0 {
		s.Classes = 0
	}
	return s
}

func network(c mlp.Config, seed uint64) *model.Model {
	c.Hidden, c.Scale, c.Init, c.On = compute.Tanh, 1./255, mlp.Normal, 1
	m := &model.Model{Network: c, Width: 2, Height: 2, Values: c.InitialParameters(seed)}
	m.About.Data, m.About.Epochs = "pixels", 1
	return m
}

// configs are networks of every loss.
var configs = map[string]mlp.Config{
	"softmax":      {Sizes: []int{4, 3, 3}, Output: compute.Softmax, Loss: compute.CrossEntropy},
	"sigmoid":      {Sizes: []int{4, 3, 3}, Output: compute.Sigmoid, Loss: compute.CrossEntropy},
	"single":       {Sizes: []int{4, 3, 1}, Output: compute.Sigmoid, Loss: compute.CrossEntropy},
	"mse":          {Sizes: []int{4, 3, 3}, Output: compute.Sigmoid, Loss: compute.SquaredError},
	"sse":          {Sizes: []int{4, 3, 3}, Output: compute.Tanh, Loss: compute.SquaredError, Reduction: mlp.ReduceSum},
	"half-sse":     {Sizes: []int{4, 3, 3}, Output: compute.Tanh, Loss: compute.SquaredError, Reduction: mlp.ReduceHalf},
	"two targets":  {Sizes: []int{4, 3, 2}, Output: compute.Identity, Loss: compute.SquaredError, Regression: true},
	"single mse":   {Sizes: []int{4, 3, 1}, Output: compute.Sigmoid, Loss: compute.SquaredError},
	"softmax, mse": {Sizes: []int{4, 3, 3}, Output: compute.Softmax, Loss: compute.SquaredError},
}

// TestAgreesWithEvaluate compares a committee of one and of three equal networks, and the members of a committee of
// different ones, with train.Evaluate.
func TestAgreesWithEvaluate(t *testing.T) {
	b := cpu.New()
	defer b.Close()
	for name, c := range configs {
		t.Run(name, func(t *testing.T) {
			outputs := 0
			if c.Regression {
				outputs = c.Outputs()
			}
			d := pixels(50, max(c.Outputs(), 2), outputs)
			var list Committee
			var want []*train.Scores
			for seed := range uint64(3) {
				m := network(c, seed)
				w, err := train.Evaluate(b, m.Network, m.Values, d)
				if err != nil {
					t.Fatal(err)
				}
				list, want = append(list, Member{name, m}), append(want, w)
			}
			same := func(what string, got, want train.Scores) {
				t.Helper()
				if got.Samples != want.Samples || got.Acc != want.Acc || math.Abs(got.Loss-want.Loss) > 1e-5*max(1, want.Loss) {
					t.Errorf("%s: %+v, want %+v", what, got, want)
				}
			}
			one, err := list[:1].Evaluate(b, d)
			if err != nil {
				t.Fatal(err)
			}
			same("committee of one", one.Scores, *want[0])
			equal, err := Committee{list[1], list[1], list[1]}.Evaluate(b, d)
			if err != nil {
				t.Fatal(err)
			}
			same("committee of equal networks", equal.Scores, *want[1])
			all, err := list.Evaluate(b, d)
			if err != nil {
				t.Fatal(err)
			}
			for i, m := range all.Members {
				same("member", m, *want[i])
			}
			for i, row := range equal.Confusion {
				for j, n := range row {
					if n != want[1].Confusion[i][j] {
						t.Errorf("%d samples of class %d count as %d, want %d", n, i, j, want[1].Confusion[i][j])
					}
				}
			}
			mean, err := list.OutputsOf(b, d)
			if err != nil {
				t.Fatal(err)
			}
			for i := range mean {
				for j, got := range mean[i] {
					sum := 0.
					for _, m := range list {
						y, err := train.OutputsOf(b, m.Network, m.Values, d)
						if err != nil {
							t.Fatal(err)
						}
						sum += float64(y[i][j])
					}
					if math.Abs(float64(got)-sum/3) > 1e-6*max(1, math.Abs(sum)) {
						t.Fatalf("output %d of sample %d is %v, want %v", j, i, got, sum/3)
					}
				}
				if i == 5 {
					break
				}
			}
		})
	}
}

// TestLoad checks which networks can form a committee.
func TestLoad(t *testing.T) {
	dir := t.TempDir()
	softmax := configs["softmax"]
	save := func(name string, change func(*model.Model)) string {
		m := network(softmax, 1)
		change(m)
		m.Values = m.Network.InitialParameters(1)
		path := filepath.Join(dir, name)
		if err := m.Save(path); err != nil {
			t.Fatal(err)
		}
		return path
	}
	first := save("first", func(*model.Model) {})
	for _, c := range []struct {
		want   string // "" for networks that agree
		change func(*model.Model)
	}{
		{"", func(m *model.Model) { m.Network.Sizes = []int{4, 7, 5, 3} }},
		{"", func(m *model.Model) { m.Network.Hidden = compute.ReLU; m.Network.Scale, m.Network.Shift = 2./255, -1 }},
		{"", func(m *model.Model) { m.About.Form.Limit, m.About.Seed = 100, 9 }},
		{"one is for images, the other for rows of numbers", func(m *model.Model) { m.About.Numbers = true }},
		{"the input of the first is 2×2, that of the other 4×1", func(m *model.Model) { m.Width, m.Height = 4, 1 }},
		{"the first has 3 outputs, the other 4", func(m *model.Model) { m.Network.Sizes = []int{4, 3, 4} }},
		{"softmax for the loss cross-entropy, those of the other sigmoid", func(m *model.Model) { m.Network.Output = compute.Sigmoid }},
		{"the targets of the first are 0 and 1, those of the other 0.1 and 0.9", func(m *model.Model) { m.Network.Off, m.Network.On = 0.1, 0.9 }},
		{`class 1 is "" in the first and "b" in the other`, func(m *model.Model) { m.About.ClassNames = []string{"", "b"} }},
		{`input 1 is column "" in the first and "x" in the other`, func(m *model.Model) { m.About.Features = []string{"x"} }},
		{"prepared differently", func(m *model.Model) { m.About.Form.Resize = dataset.Size{Width: 2, Height: 2} }},
		{"figures of different training sets", func(m *model.Model) {
			m.About.Form.Scale = &dataset.Scale{Mean: make([]float64, 4), Deviation: []float64{1, 1, 1, 1}}
		}},
	} {
		second := save("second", c.change)
		_, err := Load([]string{first, second})
		switch {
		case c.want == "" && err != nil:
			t.Error(err)
		case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want) || !strings.HasPrefix(err.Error(), first+" and "+second+" cannot form a committee: ")):
			t.Errorf("%v, want %s", err, c.want)
		}
	}
	if _, err := Load([]string{first, filepath.Join(dir, "missing")}); err == nil {
		t.Error("a missing network was accepted")
	}
}
