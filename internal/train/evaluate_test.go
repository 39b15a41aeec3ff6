package train

import (
	"fmt"
	"math"
	"reflect"
	"testing"

	"shadegrad/compute"
	"shadegrad/cpu"
	"shadegrad/internal/dataset"
	"shadegrad/internal/mlp"
	"shadegrad/internal/mlp/mlptest"
)

// networks returns networks. With random weights they are often wrong.
func networks() map[string]mlp.Config {
	base := options(4).Network
	list := map[string]mlp.Config{"softmax": base}
	c := base
	c.Output, c.Loss, c.Hidden, c.On, c.Off = compute.Sigmoid, compute.SquaredError, compute.Tanh, 0.99, 0.01
	list["sigmoid, squared error"] = c
	c.Sizes = []int{16, 5, 1}
	list["one output"] = c
	c.On, c.Off = 0.01, 0.99
	list["one output, On below Off"] = c
	c = base
	c.Output, c.Loss = compute.ReLU, compute.SquaredError
	list["relu"] = c // some have no output above 0
	return list
}

func TestEvaluate(t *testing.T) {
	for name, c := range networks() {
		for _, n := range []int{1, 7, 999, 1000, 1001, 2345} {
			t.Run(fmt.Sprintf("%s/n=%d", name, n), func(t *testing.T) {
				evaluateBoth(t, c, n)
			})
		}
	}
}

func evaluateBoth(t *testing.T, c mlp.Config, n int) {
	classes := max(c.Outputs(), 2)
	set := &squares(1, n, classes).Test
	values := c.InitialParameters(3)
	b := &ledger{Backend: cpu.New()}
	defer b.Close()
	s, err := Evaluate(b, c, values, set)
	if err != nil {
		t.Fatal(err)
	}
	if b.buffers != 0 || b.programs != 0 {
		t.Errorf("%d buffers and %d programs are left", b.buffers, b.programs)
	}
	plain := mlptest.New(c, values)
	want := newConfusion(classes)
	hits := 0
	for _, x := range plainSamples(set) {
		class := plain.Class(x.Pixels)
		want[x.Label][class]++
		if class == int(x.Label) {
			hits++
		}
	}
	if s.Samples != n || s.Acc != float64(float32(hits))/float64(n) {
		t.Errorf("accuracy %v of %d samples, want %v of %d", s.Acc, s.Samples, float64(hits)/float64(n), n)
	}
	if !reflect.DeepEqual(s.Confusion, want) {
		t.Errorf("confusion %v, want %v", s.Confusion, want)
	}
	for i := range classes {
		actual, predicted := 0, 0
		for j := range classes {
			actual += want[i][j]
			predicted += want[j][i]
		}
		if s.Actual(i) != actual || s.Predicted(i) != predicted {
			t.Errorf("class %d: actual %d, predicted %d, want %d and %d", i, s.Actual(i), s.Predicted(i), actual, predicted)
		}
	}
	if loss := plain.MeanLoss(plainSamples(set)); !(math.Abs(s.Loss-loss) <= 1e-4*loss) {
		t.Errorf("loss %v, want %v", s.Loss, loss)
	}
}

func TestEvaluateRefusesLabels(t *testing.T) {
	c := options(4).Network
	set := &dataset.Set{Images: make([]byte, 32), Labels: []byte{3, 4}, Width: 4, Height: 4, Classes: 5}
	b := cpu.New()
	defer b.Close()
	const want = "sample 2: label out of range: expected 0 to 3, found 4"
	if _, err := Evaluate(b, c, c.InitialParameters(1), set); err == nil || err.Error() != want {
		t.Errorf("error %v, want %q", err, want)
	}
}

func TestPredict(t *testing.T) {
	c := options(4).Network
	values := c.InitialParameters(3)
	plain := mlptest.New(c, values)
	for _, n := range []int{1, 999, 1000, 1001, 2345} {
		b := &ledger{Backend: cpu.New()}
		set := &squares(1, n, 4).Test
		outputs, err := Predict(b, c, values, set.Images, n)
		if err != nil {
			t.Fatal(err)
		}
		if len(outputs) != n {
			t.Fatalf("%d outputs for %d images", len(outputs), n)
		}
		for i, y := range outputs {
			for j, want := range plain.Outputs(set.Image(i)) {
				if math.Abs(float64(y[j])-want) > 1e-5 {
					t.Fatalf("output %d for image %d of %d is %v, want %v", j, i, n, y[j], want)
				}
			}
		}
		if b.buffers != 0 || b.programs != 0 {
			t.Errorf("%d buffers and %d programs are left", b.buffers, b.programs)
		}
		// One program is for whole batches, and one for the rest.
		if want := min(2, 1+n/1000*(n%1000)); b.compiled != want {
			t.Errorf("%d programs were compiled for %d images, want %d", b.compiled, n, want)
		}
		if err := b.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestClass(t *testing.T) {
	one := mlp.Config{Sizes: []int{2, 1}, On: 0.9, Off: 0.1}
	reversed := mlp.Config{Sizes: []int{2, 1}, On: 0.25, Off: 0.75}
	many := mlp.Config{Sizes: []int{2, 3}}
	for _, tt := range []struct {
		c    mlp.Config
		y    []float32
		want int
	}{
		{many, []float32{0.1, 0.7, 0.2}, 1},
		{many, []float32{0.4, 0.2, 0.4}, 0}, // the first of the largest
		{many, []float32{0.1, 0.45, 0.45}, 1},
		{many, []float32{0, 0, 0}, 0},
		{many, []float32{-3, -2, -1}, 2},
		{one, []float32{0.51}, 1},
		{one, []float32{0.49}, 0},
		{mlp.Config{On: 1}, []float32{0.5}, 1}, // class 1 has the middle
		{reversed, []float32{0.5}, 1},
		{reversed, []float32{0.3}, 1},
		{reversed, []float32{0.7}, 0},
	} {
		if got := Class(tt.c, tt.y); got != tt.want {
			t.Errorf("outputs %v with On %v and Off %v are of class %d, want %d", tt.y, tt.c.On, tt.c.Off, got, tt.want)
		}
	}
}
