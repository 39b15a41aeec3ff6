package cpu_test

import (
	"math"
	"testing"

	"shadegrad/compute"
	"shadegrad/internal/mlp"
)

// TestAveragesWithinSteps updates the averages within each step. The first layer must still use
// bitmaps, and the results must not change.
func TestAveragesWithinSteps(t *testing.T) {
	eachSparse(t, func(t *testing.T, s sparseStep) {
		if s.training.Average == 0 {
			s.training.Average = 0.9
		}
		want := s.run(t, false)
		s.within = true
		sameBits(t, "averages within", s.run(t, false), want)
	})
}

// TestAveragesFollowWeights averages weights that a step keeps transposed, into a separate matrix
// and into a part of a larger one. It reads and writes them in between.
func TestAveragesFollowWeights(t *testing.T) {
	s := sparseStep{[]int{65, 448, 10}, [2]int{65, 7}, false, mlp.Training{Rule: compute.Adam, Rho: 0.99, Epsilon: 0.1, MaxNorm: 3}, false}
	b, n, list := s.compile(t, false)
	defer b.Close()
	w := n.Parameters()[0]
	zeros := make([]float32, 2*w.Len())
	dst, room := matrix(t, b, w.Rows, w.Cols, false, zeros[:w.Len()]), matrix(t, b, 2*w.Rows, w.Cols, false, zeros)
	part := room.RowRange(w.Rows, w.Rows)
	var averages []compute.Executable
	for _, d := range []compute.Mat{dst, part} {
		x, err := b.Compile(compute.Program{Ops: []compute.Op{compute.Average{Dst: d, Src: w, Decay: 0.9}}})
		if err != nil {
			t.Fatal(err)
		}
		averages = append(averages, x)
	}
	want := [2][]float64{make([]float64, w.Len()), make([]float64, w.Len())}
	for step := range 6 {
		args := compute.Args{LearningRate: 0.1, Momentum: 0.9, Step: uint32(step)}
		list[step%2].Run(args)
		k := float64(compute.Average{Decay: 0.9}.Weight(args))
		for a, x := range averages {
			if a == 1 && step%2 == 1 {
				continue // this average makes the weights row-major, and the step transposes them again
			}
			x.Run(args)
			for i, v := range values(t, b, w) {
				want[a][i] += k * (float64(v) - want[a][i])
			}
		}
		closeTo(t, "the average", values(t, b, dst), want[0])
		closeTo(t, "the average in a part", values(t, b, part), want[1])
		if step == 3 { // Write must work in any layout
			written := make([]float32, w.Len())
			for i := range written {
				written[i] = float32(i%5) / 8
				want[0][i] = float64(written[i])
			}
			if err := b.Write(dst, written); err != nil {
				t.Fatal(err)
			}
		}
	}
	closeTo(t, "the rows before the part", values(t, b, room.RowRange(0, w.Rows)), make([]float64, w.Len()))
}

func values(t *testing.T, b compute.Backend, m compute.Mat) []float32 {
	t.Helper()
	x := make([]float32, m.Len())
	if err := b.Read(x, m); err != nil {
		t.Fatal(err)
	}
	return x
}

// closeTo compares averages of a few steps, of numbers below 4, with their equation.
func closeTo(t *testing.T, what string, got []float32, want []float64) {
	t.Helper()
	for i, v := range got {
		if !(math.Abs(float64(v)-want[i]) <= 6*4*0x1p-23) {
			t.Fatalf("%s: element %d is %g, want %g", what, i, v, want[i])
		}
	}
}
