// Package reference computes each op of package compute in float64, by the equation in the op's doc comment and as plainly
// as possible. Package judge compares backends with it.
//
// Each op has a function, which its file registers. To add an op, write such a file.
//
// [New] returns the reference as a backend whose matrices hold float32 values; [NewDouble] returns one that computes in float64
// from the first op to the last.
package reference

import (
	"fmt"

	"shadegrad/compute"
)

// A Matrix is a dense row-major matrix of float64.
type Matrix struct {
	Rows, Cols int
	Val        []float64
}

// NewMatrix returns a matrix of zeros.
func NewMatrix(rows, cols int) *Matrix {
	return &Matrix{rows, cols, make([]float64, rows*cols)}
}

// Row returns the elements of row i.
func (m *Matrix) Row(i int) []float64 { return m.Val[i*m.Cols : (i+1)*m.Cols] }

// A Memory holds the operands of ops.
type Memory interface {
	// Load returns a matrix, or nil for none. The caller must not change it.
	Load(compute.Mat) *Matrix
	// Store replaces the elements of a matrix.
	Store(compute.Mat, *Matrix)
	// Bytes returns a matrix of bytes row by row, or nil for none.
	Bytes(compute.Bytes) []byte
	// Index returns row numbers, or nil for the natural order.
	Index(compute.Index) []uint32
}

// equations has the function of each op by the op's name.
var equations = map[string]func(op compute.Op, args compute.Args, m Memory){}

// register makes f the equation of ops of type O.
func register[O compute.Op](f func(o O, args compute.Args, m Memory)) {
	var zero O
	equations[zero.Name()] = func(op compute.Op, args compute.Args, m Memory) { f(op.(O), args, m) }
}

// Do computes an op: it loads the operands from m and stores the results there.
func Do(op compute.Op, args compute.Args, m Memory) {
	f := equations[op.Name()]
	if f == nil {
		panic(fmt.Sprintf("reference: op %s has no equation", op.Name()))
	}
	f(op, args, m)
}

// visited returns the row of the data set at position i of an index. A nil index is the natural order.
func visited(index []uint32, i int) int {
	if index == nil {
		return i
	}
	return int(index[i])
}
