package fuse

import (
	"slices"

	"shadegrad/compute"
)

// A Buffer has the properties of a backend's buffer that planning needs. Several buffers may lie in
// the same OpenGL buffer.
type Buffer interface {
	// Name returns the name of the OpenGL buffer.
	Name() uint32
	// First returns the element of the OpenGL buffer at which this buffer begins.
	First() int
}

// offset returns the element of the OpenGL buffer at which a matrix begins, or 0 for none.
func offset(m compute.Mat) int {
	if m.IsZero() {
		return 0
	}
	return m.Buf.(Buffer).First() + m.Off
}

// aligned reports whether each row of a matrix begins at a multiple of four elements.
func aligned(m compute.Mat) bool { return m.Cols%4 == 0 && offset(m)%4 == 0 }

// sameBuffer reports whether others lie in the OpenGL buffer of m. A matrix that is none lies in
// every buffer.
func sameBuffer(m compute.Mat, others ...compute.Mat) bool {
	for _, o := range others {
		if !o.IsZero() && !m.IsZero() && o.Buf.(Buffer).Name() != m.Buf.(Buffer).Name() {
			return false
		}
	}
	return true
}

// present returns the matrices that are not none.
func present(mats ...compute.Mat) []compute.Mat {
	return slices.DeleteFunc(mats, compute.Mat.IsZero)
}

// without returns a copy of a list from which it has removed a matrix.
func without(list []compute.Mat, m compute.Mat) []compute.Mat {
	return slices.DeleteFunc(slices.Clone(list), func(o compute.Mat) bool { return o == m })
}

// dimensions returns the m, n and k of a product: op(A) is m×k, op(B) is k×n.
func dimensions(o compute.MatMul) (m, n, k int) {
	k = o.A.Cols
	if o.TransA {
		k = o.A.Rows
	}
	return o.Dst.Rows, o.Dst.Cols, k
}

// flops returns the number of floating-point operations of a product.
func flops(o compute.MatMul) float64 {
	m, n, k := dimensions(o)
	return 2 * float64(m) * float64(n) * float64(k)
}

// form names the form of a product as kernels do: NT where B is transposed.
func form(o compute.MatMul) string {
	letter := map[bool]string{false: "N", true: "T"}
	return letter[o.TransA] + letter[o.TransB]
}

// ruleName names the rule of an update as kernels do.
func ruleName(o compute.Update) string {
	switch {
	case o.Rule == compute.SGD && !o.V.IsZero():
		return "MOMENTUM"
	case o.Rule == compute.SGD:
		return "SGD"
	case o.Rule == compute.Nesterov:
		return "NESTEROV"
	case o.Rule == compute.RMSProp:
		return "RMSPROP"
	}
	return "ADAM"
}

// decays reports whether an update has weight decay of one kind or another.
func decays(o compute.Update) bool { return o.L2 != 0 || o.L1 != 0 || o.Decay != 0 }

// parts returns how many parts of a size n elements make, the last one maybe smaller.
func parts(n, size int) int { return (n + size - 1) / size }
