package mlp_test

import (
	"fmt"
	"slices"
	"testing"

	"shadegrad/compute"
	"shadegrad/cpu"
	"shadegrad/internal/mlp"
)

// network allocates a network and a data set of n samples on a backend.
func network(t *testing.T, b compute.Backend, c mlp.Config, rows, n int) (*mlp.Network, mlp.Set) {
	t.Helper()
	net, err := mlp.New(b, c, rows, mlp.Training{Velocity: true})
	if err != nil {
		t.Fatal(err)
	}
	images, err1 := b.AllocBytes(n, c.Sizes[0])
	labels, err2 := b.AllocBytes(n, 1)
	stats, err3 := b.Alloc(n, 2)
	totals, err4 := b.Alloc(1, 2)
	for _, err := range []error{err1, err2, err3, err4} {
		if err != nil {
			t.Fatal(err)
		}
	}
	return net, mlp.Set{Images: images, Labels: labels, Stats: stats, Totals: totals}
}

func names(p compute.Program) []string {
	var list []string
	for _, op := range p.Ops {
		list = append(list, op.Name())
	}
	return list
}

func expectNames(t *testing.T, p compute.Program, want []string) {
	t.Helper()
	if got := names(p); !slices.Equal(got, want) {
		t.Errorf("%s is %v, want %v", p.Name, got, want)
	}
}

var deep = mlp.Config{Sizes: []int{6, 5, 4, 3}, Hidden: compute.ReLU, Output: compute.Softmax, Init: mlp.He, Scale: 1, On: 1}

func TestTrainStep(t *testing.T) {
	b := cpu.New()
	defer b.Close()
	n, set := network(t, b, deep, 8, 20)
	p, err := n.TrainStep(set, 8)
	if err != nil {
		t.Fatal(err)
	}
	expectNames(t, p, []string{
		"gather",
		"matmul", "activate", "matmul", "activate", "matmul", "loss",
		"matmul", "delta", "matmul", "update", "column_sum", "update",
		"matmul", "delta", "matmul", "update", "column_sum", "update",
		"matmul", "update", "column_sum", "update", // no op uses the input's gradient
	})
	if l := p.Ops[6].(compute.Loss); l.Scale != 1./8 || l.Weight != 1 || l.On != 1 || l.Off != 0 {
		t.Errorf("the loss has scale %v, weight %v, on %v, off %v", l.Scale, l.Weight, l.On, l.Off)
	}
	for i, op := range p.Ops[6:] {
		if d, ok := op.(compute.Delta); ok && d.F != deep.Hidden {
			t.Errorf("op %d goes back through %s", 6+i, d.F)
		}
	}
	// δ goes back through the weights of the forward pass, not the next ones'.
	updated := make(map[compute.Mat]bool)
	for i, op := range p.Ops {
		for _, o := range compute.Matrices(op) {
			if o.Mode == compute.In && updated[o.Mat] {
				t.Errorf("op %d (%s) reads %s after its update", i, op.Name(), o.Name)
			}
		}
		if u, ok := op.(compute.Update); ok {
			updated[u.W] = true
		}
	}
	for i, m := range n.Parameters() {
		if !updated[m] {
			t.Errorf("%s is not updated", deep.Shapes()[i].Name)
		}
	}
	if len(updated) != len(n.Parameters()) {
		t.Errorf("%d matrices are updated, there are %d parameters", len(updated), len(n.Parameters()))
	}
}

func TestTrainStepWithoutBiases(t *testing.T) {
	b := cpu.New()
	defer b.Close()
	c := deep
	c.NoBias = true
	n, set := network(t, b, c, 8, 20)
	p, err := n.TrainStep(set, 8)
	if err != nil {
		t.Fatal(err)
	}
	expectNames(t, p, []string{
		"gather",
		"matmul", "activate", "matmul", "activate", "matmul", "loss",
		"matmul", "delta", "matmul", "update",
		"matmul", "delta", "matmul", "update",
		"matmul", "update",
	})
	for i, op := range p.Ops {
		for _, o := range compute.Matrices(op) {
			if o.Name == "Bias" {
				t.Errorf("op %d (%s) has a bias", i, op.Name())
			}
		}
	}
}

// TestEvalAndPredictStep runs both programs and checks that the parameters do not change.
func TestEvalAndPredictStep(t *testing.T) {
	b := cpu.New()
	defer b.Close()
	n, set := network(t, b, deep, 8, 8)
	first := deep.InitialParameters(3)
	if err := n.Load(n.Parameters(), first); err != nil {
		t.Fatal(err)
	}
	eval, err := n.EvalStep(set, 8)
	if err != nil {
		t.Fatal(err)
	}
	expectNames(t, eval, []string{"gather", "matmul", "activate", "matmul", "activate", "matmul", "loss"})
	if d := eval.Ops[6].(compute.Loss).Delta; !d.IsZero() {
		t.Errorf("an evaluation makes a gradient of %s", d)
	}
	predict, y, err := n.PredictStep(mlp.Set{Images: set.Images}, 5)
	if err != nil {
		t.Fatal(err)
	}
	expectNames(t, predict, []string{"gather", "matmul", "activate", "matmul", "activate", "matmul", "activate"})
	if y.Rows != 5 || y.Cols != 3 {
		t.Errorf("outputs are %s, want 5×3", y)
	}
	if f := predict.Ops[6].(compute.Activate).F; f != deep.Output {
		t.Errorf("the last activation is %s", f)
	}
	for _, p := range []compute.Program{eval, predict, mlp.Sums(set)} {
		x, err := b.Compile(p)
		if err != nil {
			t.Fatal(err)
		}
		x.Run(compute.Args{})
	}
	values, err := n.Values(n.Parameters())
	if err != nil {
		t.Fatal(err)
	}
	for i := range values {
		if !slices.Equal(values[i], first[i]) {
			t.Errorf("%s has changed", deep.Shapes()[i].Name)
		}
	}
}

func TestStatistics(t *testing.T) {
	b := cpu.New()
	defer b.Close()
	_, set := network(t, b, deep, 8, 4)
	if err := b.Write(set.Stats, []float32{0.5, 1, 1.5, 0, 2, 1, 4, 1}); err != nil {
		t.Fatal(err)
	}
	read := func() []float32 {
		x, err := b.Compile(mlp.Sums(set))
		if err != nil {
			t.Fatal(err)
		}
		x.Run(compute.Args{})
		sums := make([]float32, 2)
		if err := b.Read(sums, set.Totals); err != nil {
			t.Fatal(err)
		}
		return sums
	}
	if got := read(); got[0] != 8 || got[1] != 3 {
		t.Errorf("sums are %v, want 8 and 3", got)
	}
	x, err := b.Compile(mlp.ClearStats(set))
	if err != nil {
		t.Fatal(err)
	}
	x.Run(compute.Args{})
	if got := read(); got[0] != 0 || got[1] != 0 {
		t.Errorf("cleared sums are %v", got)
	}
}

func TestRowsRefused(t *testing.T) {
	b := cpu.New()
	defer b.Close()
	n, set := network(t, b, deep, 8, 20)
	for _, rows := range []int{-1, 0, 9} {
		want := fmt.Sprintf("a batch of %d rows; the network has memory for at most 8", rows)
		_, err1 := n.TrainStep(set, rows)
		_, err2 := n.EvalStep(set, rows)
		_, _, err3 := n.PredictStep(mlp.Set{Images: set.Images}, rows)
		for i, err := range []error{err1, err2, err3} {
			if err == nil || err.Error() != want {
				t.Errorf("program %d: error %v, want %q", i, err, want)
			}
		}
	}
}

func TestLoadRefused(t *testing.T) {
	b := cpu.New()
	defer b.Close()
	n, _ := network(t, b, deep, 8, 20)
	values := deep.InitialParameters(1)
	if err := n.Load(n.Parameters(), values[:5]); err == nil || err.Error() != "the number of values differs from that of the parameters" {
		t.Errorf("one tensor short: error %v", err)
	}
	values[3] = values[3][1:]
	if err := n.Load(n.Parameters(), values); err == nil || err.Error() != "2.bias: write: 3 values given for 4 elements" {
		t.Errorf("one value short: error %v", err)
	}
}

// frugal is a backend that refuses its last allocation, and counts.
type frugal struct {
	compute.Backend
	left, held int
}

func (f *frugal) Alloc(rows, cols int) (compute.Mat, error) {
	if f.left == 0 {
		return compute.Mat{}, &compute.MemoryError{Bytes: int64(4 * rows * cols), Available: -1}
	}
	f.left--
	f.held++
	return f.Backend.Alloc(rows, cols)
}

func (f *frugal) Free(b compute.Buffer) {
	f.held--
	f.Backend.Free(b)
}

func TestOutOfMemory(t *testing.T) {
	for left := range 25 {
		b := &frugal{Backend: cpu.New(), left: left}
		_, err := mlp.New(b, deep, 8, mlp.Training{Velocity: true})
		if err == nil {
			t.Fatalf("%d allocations are enough", left)
		}
		if b.held != 0 {
			t.Errorf("after %d allocations %d are still held", left, b.held)
		}
		if left == 24 {
			const want = "network 6-5-4-3 with batches of 8: out of memory: 96 bytes asked for; try a smaller batch or network"
			if err.Error() != want {
				t.Errorf("error %q, want %q", err, want)
			}
		}
		if err := b.Close(); err != nil {
			t.Error(err)
		}
	}
	b := &frugal{Backend: cpu.New(), left: 25}
	n, err := mlp.New(b, deep, 8, mlp.Training{Velocity: true})
	if err != nil {
		t.Fatal(err)
	}
	n.Free()
	n.Free()
	if b.held != 0 {
		t.Errorf("a freed network holds %d buffers", b.held)
	}
}
