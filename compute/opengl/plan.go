//go:build cgo && !nogl

package opengl

import (
	"fmt"
	"math"

	"shadegrad/compute"
	"shadegrad/shaders"
)

// A plan is how one op is done: the kernel, and what its blocks and parameters
// are, by the names that the kernel gives them.
type plan struct {
	kernel  string
	defines shaders.Defines
	params  map[string]uint32 // of block Params; floats by their bits
	blocks  map[string]compute.Buffer
	// x and y are how many invocations have something to do. Kernels step on by
	// the grid, so a smaller grid is right too, and only slower.
	x, y  int
	loops int     // how often an invocation's loops go round, but for those by the grid
	work  float64 // operations, roughly
}

// planOp plans an op whose shapes have been checked. A product of long sums takes
// several plans, done one after another.
func planOp(op compute.Op, matmul MatMulKernel, slice int) []plan {
	switch o := op.(type) {
	case compute.Gather:
		return []plan{planGather(o)}
	case compute.MatMul:
		return planMatMul(o, matmul, slice)
	case compute.Activate:
		return []plan{planActivate(o)}
	case compute.Delta:
		return []plan{planDelta(o)}
	case compute.Loss:
		return []plan{planLoss(o)}
	case compute.ColumnSum:
		return []plan{planColumnSum(o)}
	case compute.Update:
		return []plan{planUpdate(o)}
	case compute.Fill:
		return []plan{planFill(o)}
	}
	panic(fmt.Sprintf("opengl: no kernel does op %T", op)) // an op was added to compute and not here
}

func planGather(o compute.Gather) plan {
	p := newPlan("gather", o.Dst.Cols, o.Dst.Rows)
	p.mat("Dst", o.Dst)
	p.blocks["Src"] = o.Src.Buf
	p.index(o.Index)
	p.shape(o.Dst)
	p.float("scale", o.Scale)
	p.float("shift", o.Shift)
	return p
}

func planMatMul(o compute.MatMul, kernel MatMulKernel, slice int) []plan {
	k := o.A.Cols
	if o.TransA {
		k = o.A.Rows
	}
	var plans []plan
	for begin := 0; begin < k; begin += slice {
		plans = append(plans, planProduct(o, kernel, k, begin, min(begin+slice, k)))
	}
	return plans
}

// planProduct plans the terms from begin to end of a product whose sums have k.
func planProduct(o compute.MatMul, kernel MatMulKernel, k, begin, end int) plan {
	m, n := o.Dst.Rows, o.Dst.Cols
	var p plan
	if kernel == Naive {
		p = newPlan("matmul", n, m)
	} else {
		const rows, cols = 8, 8 // of Dst that an invocation makes
		p = newPlan("matmul_blocked", (n+cols-1)/cols, (m+rows-1)/rows)
	}
	const piece = 128 // terms
	p.loops = (end - begin) + (end-begin)/piece + 1
	p.work = 2 * float64(m) * float64(n) * float64(end-begin)
	letter := map[bool]string{false: "N", true: "T"}
	p.defines["FORM"] = letter[o.TransA] + letter[o.TransB]
	if begin > 0 {
		p.defines["ADD"] = "1"
	}
	p.mat("Dst", o.Dst)
	p.mat("A", o.A)
	p.mat("B", o.B)
	p.count("m", m)
	p.count("n", n)
	p.count("k", k)
	p.count("kBegin", begin)
	p.count("kEnd", end)
	return p
}

func planActivate(o compute.Activate) plan {
	p := newPlan("activate", o.Dst.Cols, o.Dst.Rows)
	if o.F == compute.Softmax {
		p.x, p.y = o.Dst.Rows, 1
		p.loops = 3 * o.Dst.Cols
	}
	p.defines["F"] = activationNames[o.F]
	p.mat("Dst", o.Dst)
	p.mat("Src", o.Src)
	p.option("BIAS", "Bias", o.Bias)
	p.shape(o.Dst)
	return p
}

func planDelta(o compute.Delta) plan {
	p := newPlan("delta", o.Dst.Len(), 1)
	p.defines["F"] = activationNames[o.F]
	p.mat("Dst", o.Dst)
	p.mat("Back", o.Back)
	p.mat("Y", o.Y)
	p.count("count", o.Dst.Len())
	return p
}

func planLoss(o compute.Loss) plan {
	p := newPlan("loss", o.Z.Rows, 1)
	p.loops = 5 * o.Z.Cols
	p.defines["F"] = activationNames[o.F]
	p.defines["KIND"] = lossNames[o.Kind]
	p.mat("Stats", o.Stats)
	p.mat("Z", o.Z)
	p.blocks["Labels"] = o.Labels.Buf
	p.option("DELTA", "Delta", o.Delta)
	p.option("BIAS", "Bias", o.Bias)
	p.index(o.Index)
	p.shape(o.Z)
	p.float("targetOn", o.On)
	p.float("targetOff", o.Off)
	p.float("weight", o.Weight)
	p.float("scale", o.Scale)
	return p
}

func planColumnSum(o compute.ColumnSum) plan {
	p := newPlan("column_sum", o.Src.Cols, 1)
	const lanes, tree = 32, 5
	p.loops = o.Src.Rows/lanes*(lanes+1)/lanes + tree + 2
	p.mat("Dst", o.Dst)
	p.mat("Src", o.Src)
	p.shape(o.Src)
	return p
}

func planUpdate(o compute.Update) plan {
	p := newPlan("update", o.W.Len(), 1)
	p.mat("W", o.W)
	p.mat("G", o.G)
	p.option("MOMENTUM", "V", o.V)
	p.count("count", o.W.Len())
	return p
}

func planFill(o compute.Fill) plan {
	p := newPlan("fill", o.Dst.Len(), 1)
	p.mat("Dst", o.Dst)
	p.count("count", o.Dst.Len())
	p.float("value", o.Value)
	return p
}

var activationNames = map[compute.Activation]string{
	compute.Identity: "IDENTITY",
	compute.Sigmoid:  "SIGMOID",
	compute.Tanh:     "TANH",
	compute.ReLU:     "RELU",
	compute.Softmax:  "SOFTMAX",
}

var lossNames = map[compute.LossKind]string{
	compute.CrossEntropy: "CROSS_ENTROPY",
	compute.SquaredError: "SQUARED_ERROR",
}

func newPlan(kernel string, x, y int) plan {
	return plan{
		kernel:  kernel,
		defines: shaders.Defines{},
		params:  map[string]uint32{},
		blocks:  map[string]compute.Buffer{},
		x:       x, y: y,
		work: float64(x) * float64(y),
	}
}

// mat binds a matrix to the block of its name; where it begins is a parameter,
// since OpenGL restricts where a binding may begin.
func (p *plan) mat(name string, m compute.Mat) {
	p.blocks[name] = m.Buf
	p.count(offsetName(name), m.Off)
}

// offsetName returns the parameter that says where an operand begins: dstOffset
// for Dst.
func offsetName(operand string) string {
	return string(operand[0]|0x20) + operand[1:] + "Offset"
}

// option binds a matrix that may be none, and tells the kernel whether it is.
func (p *plan) option(define, name string, m compute.Mat) {
	if m.IsZero() {
		p.count(offsetName(name), 0)
		return
	}
	p.defines[define] = "1"
	p.mat(name, m)
}

func (p *plan) index(x compute.Index) {
	if !x.IsZero() {
		p.defines["INDEX"] = "1"
		p.blocks["Index"] = x.Buf
	}
}

func (p *plan) shape(m compute.Mat) {
	p.count("rows", m.Rows)
	p.count("cols", m.Cols)
}

func (p *plan) count(name string, n int)         { p.params[name] = uint32(n) }
func (p *plan) float(name string, value float32) { p.params[name] = math.Float32bits(value) }
