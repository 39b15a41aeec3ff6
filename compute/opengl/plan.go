//go:build cgo && !nogl

package opengl

import (
	"fmt"
	"math"

	"shadegrad/compute"
	"shadegrad/shaders"
)

// A plan is one dispatch: the kernel, and what its blocks and parameters are, by the
// names that the kernel gives them.
type plan struct {
	kernel  string
	defines shaders.Defines
	params  map[string]uint32 // of block Params; floats by their bits
	blocks  map[string]compute.Buffer
	// x and y are how many invocations have something to do, or else groups is how
	// many groups. Kernels step on by the grid, so a smaller grid is right too, and
	// only slower.
	x, y   int
	groups int
	loops  int     // how often an invocation's loops go round, but for those by the grid
	work   float64 // operations, roughly
	// someRows tells that it reads rows of a data set, and of them as many elements as it writes.
	someRows bool
	pixels   int // how many bytes it gathers for itself
	reads    []compute.Mat
	writes   []compute.Mat
	ops      []string // the names of the ops that it does, or helps to do
	// stepValues makes of a run's arguments the numbers of the uniform of this name, for
	// kernels that have it.
	stepValues func(compute.Args) (x, y float32)
	squares    []compute.Mat // matrices that never have negative elements
}

// perElement is how many operations a device does in the time that it takes to read an element
// of memory, or to write one: 20 with 5 operations for each byte, as GPUs have them.
const perElement = 20

// cost returns the operations that could be done in the time that the plan takes: those that it
// does, or where that takes longer, as when each weight is read for one product, those that
// moving its matrices stands for.
func (p *plan) cost() float64 {
	moved := 0
	for _, m := range p.writes {
		moved += m.Len()
	}
	if p.someRows {
		moved *= 2
	} else {
		for _, m := range p.reads {
			moved += m.Len()
		}
	}
	return max(p.work, perElement*float64(moved))
}

// planOp plans an op by itself, with its plain kernel. A product of long sums takes
// several plans, done one after another.
func planOp(op compute.Op, slice int) []plan {
	plans := planKernel(op, slice)
	for i := range plans {
		p := &plans[i]
		p.ops = []string{op.Name()}
		for _, o := range op.Operands() {
			if o.Mode == compute.In {
				p.reads = append(p.reads, o.Mat)
			} else {
				p.writes = append(p.writes, o.Mat)
			}
		}
	}
	return plans
}

func planKernel(op compute.Op, slice int) []plan {
	switch o := op.(type) {
	case compute.Gather:
		return []plan{planGather(o)}
	case compute.Take:
		return []plan{planTake(o)}
	case compute.Warp:
		return []plan{planWarp(o)}
	case compute.MatMul:
		return planMatMul(o, slice)
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
	case compute.MaxNorm:
		return []plan{planMaxNorm(o)}
	case compute.Average:
		return []plan{planAverage(o)}
	case compute.Dropout:
		return []plan{planDropout(o)}
	case compute.Noise:
		return []plan{planNoise(o)}
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
	p.dropout(nil)
	return p
}

func planTake(o compute.Take) plan {
	p := newPlan("take", o.Dst.Cols, o.Dst.Rows)
	p.someRows = true
	p.mat("Dst", o.Dst)
	p.mat("Src", o.Src)
	p.index(o.Index)
	p.shape(o.Dst)
	return p
}

func planMatMul(o compute.MatMul, slice int) []plan {
	m, n, k := sizes(o)
	var plans []plan
	for begin := 0; begin < k; begin += slice {
		end := min(begin+slice, k)
		p := newPlan("matmul", n, m)
		p.loops = (end - begin) + (end-begin)/piece + 1
		p.work = 2 * float64(m) * float64(n) * float64(end-begin)
		p.product(o, m, n, k)
		p.count("kBegin", begin)
		p.count("kEnd", end)
		if begin > 0 {
			p.defines["ADD"] = "1"
		}
		plans = append(plans, p)
	}
	return plans
}

// sizes returns the m, n and k of a product: op(A) is m×k, op(B) is k×n.
func sizes(o compute.MatMul) (m, n, k int) {
	k = o.A.Cols
	if o.TransA {
		k = o.A.Rows
	}
	return o.Dst.Rows, o.Dst.Cols, k
}

// form names the form of a product as kernels do: NT where B is transposed.
func form(o compute.MatMul) string {
	letter := map[bool]string{false: "N", true: "T"}
	return letter[o.TransA] + letter[o.TransB]
}

// product binds the matrices of a product.
func (p *plan) product(o compute.MatMul, m, n, k int) {
	p.defines["FORM"] = form(o)
	p.mat("Dst", o.Dst)
	p.mat("A", o.A)
	p.mat("B", o.B)
	p.count("m", m)
	p.count("n", n)
	p.count("k", k)
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
	p.targets(o)
	p.option("DELTA", "Delta", o.Delta)
	p.option("BIAS", "Bias", o.Bias)
	p.shape(o.Z)
	p.float("targetOn", o.On)
	p.float("targetOff", o.Off)
	p.float("weight", o.Weight)
	p.float("scale", o.Scale)
	return p
}

// targets says what outputs are compared with: the labels of a batch, or numbers.
func (p *plan) targets(o compute.Loss) {
	p.option("TARGETS", "Targets", o.Targets)
	if o.Targets.IsZero() {
		p.blocks["Labels"] = o.Labels.Buf
		p.index(o.Index)
	}
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

func planFill(o compute.Fill) plan {
	p := newPlan("fill", o.Dst.Len(), 1)
	p.mat("Dst", o.Dst)
	p.count("count", o.Dst.Len())
	p.float("value", o.Value)
	return p
}

var activationNames = map[compute.Activation]string{
	compute.Identity:   "IDENTITY",
	compute.Sigmoid:    "SIGMOID",
	compute.Tanh:       "TANH",
	compute.ReLU:       "RELU",
	compute.Softmax:    "SOFTMAX",
	compute.ScaledTanh: "SCALED_TANH",
	compute.LeakyReLU:  "LEAKY_RELU",
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
	p.count(offsetName(name), offset(m))
}

// offset returns where a matrix begins in the buffer that OpenGL knows, in elements.
func offset(m compute.Mat) int { return m.Buf.(*buffer).first() + m.Off }

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

// flag defines an option that is there or not.
func (p *plan) flag(name string, on bool) {
	if on {
		p.defines[name] = "1"
	}
}
