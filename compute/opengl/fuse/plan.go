package fuse

import (
	"fmt"
	"math"

	"shadegrad/compute"
	"shadegrad/shaders"
)

// A Plan is one dispatch: the kernel, and what its blocks and parameters are, by the
// names that the kernel gives them.
type Plan struct {
	Kernel  string
	Defines shaders.Defines
	Params  map[string]uint32 // of block Params; floats by their bits
	Blocks  map[string]compute.Buffer
	// x and y are how many invocations have something to do, or else groups is how
	// many groups. Kernels step on by the grid, so a smaller grid is right too, and
	// only slower.
	X, Y   int
	Groups int
	Loops  int     // how often an invocation's loops go round, but for those by the grid
	Work   float64 // operations, roughly
	// someRows tells that it reads rows of a data set, and of them as many elements as it writes.
	SomeRows bool
	Pixels   int // how many bytes it gathers for itself
	Reads    []compute.Mat
	Writes   []compute.Mat
	Ops      []string // the names of the ops that it does, or helps to do
	// stepValues makes of a run's arguments the numbers of the uniform of this name, for
	// kernels that have it.
	StepValues func(compute.Args) (x, y float32)
	Squares    []compute.Mat // matrices that never have negative elements
}

// perElement is how many operations a device does in the time that it takes to read an element
// of memory, or to write one: 20 with 5 operations for each byte, as GPUs have them.
const perElement = 20

// cost returns the operations that could be done in the time that the plan takes: those that it
// does, or where that takes longer, as when each weight is read for one product, those that
// moving its matrices stands for.
func (p *Plan) Cost() float64 {
	moved := 0
	for _, m := range p.Writes {
		moved += m.Len()
	}
	if p.SomeRows {
		moved *= 2
	} else {
		for _, m := range p.Reads {
			moved += m.Len()
		}
	}
	return max(p.Work, perElement*float64(moved))
}

// planOp plans an op by itself, with its plain kernel. A product of long sums takes
// several plans, done one after another.
func planOp(op compute.Op, slice int) []Plan {
	plans := planKernel(op, slice)
	for i := range plans {
		p := &plans[i]
		p.Ops = []string{op.Name()}
		for _, o := range compute.Matrices(op) {
			if o.Mode == compute.In {
				p.Reads = append(p.Reads, o.Mat)
			} else {
				p.Writes = append(p.Writes, o.Mat)
			}
		}
	}
	return plans
}

func planKernel(op compute.Op, slice int) []Plan {
	switch o := op.(type) {
	case compute.Gather:
		return []Plan{planGather(o)}
	case compute.Take:
		return []Plan{planTake(o)}
	case compute.Warp:
		return []Plan{planWarp(o)}
	case compute.MatMul:
		return planMatMul(o, slice)
	case compute.Activate:
		return []Plan{planActivate(o)}
	case compute.Delta:
		return []Plan{planDelta(o)}
	case compute.Loss:
		return []Plan{planLoss(o)}
	case compute.ColumnSum:
		return []Plan{planColumnSum(o)}
	case compute.Update:
		return []Plan{planUpdate(o)}
	case compute.MaxNorm:
		return []Plan{planMaxNorm(o)}
	case compute.Average:
		return []Plan{planAverage(o)}
	case compute.Dropout:
		return []Plan{planDropout(o)}
	case compute.Noise:
		return []Plan{planNoise(o)}
	case compute.Fill:
		return []Plan{planFill(o)}
	}
	panic(fmt.Sprintf("opengl: no kernel does op %T", op)) // an op was added to compute and not here
}

func planGather(o compute.Gather) Plan {
	p := NewPlan("gather", o.Dst.Cols, o.Dst.Rows)
	p.Mat("Dst", o.Dst)
	p.Blocks["Src"] = o.Src.Buf
	p.index(o.Index)
	p.shape(o.Dst)
	p.Float("scale", o.Scale)
	p.Float("shift", o.Shift)
	p.dropout(nil)
	return p
}

func planTake(o compute.Take) Plan {
	p := NewPlan("take", o.Dst.Cols, o.Dst.Rows)
	p.SomeRows = true
	p.Mat("Dst", o.Dst)
	p.Mat("Src", o.Src)
	p.index(o.Index)
	p.shape(o.Dst)
	return p
}

func planMatMul(o compute.MatMul, slice int) []Plan {
	m, n, k := sizes(o)
	var plans []Plan
	for begin := 0; begin < k; begin += slice {
		end := min(begin+slice, k)
		p := NewPlan("matmul", n, m)
		p.Loops = (end - begin) + (end-begin)/piece + 1
		p.Work = 2 * float64(m) * float64(n) * float64(end-begin)
		p.product(o, m, n, k)
		p.Count("kBegin", begin)
		p.Count("kEnd", end)
		if begin > 0 {
			p.Defines["ADD"] = "1"
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
func (p *Plan) product(o compute.MatMul, m, n, k int) {
	p.Defines["FORM"] = form(o)
	p.Mat("Dst", o.Dst)
	p.Mat("A", o.A)
	p.Mat("B", o.B)
	p.Count("m", m)
	p.Count("n", n)
	p.Count("k", k)
}

func planActivate(o compute.Activate) Plan {
	p := NewPlan("activate", o.Dst.Cols, o.Dst.Rows)
	if o.F == compute.Softmax {
		p.X, p.Y = o.Dst.Rows, 1
		p.Loops = 3 * o.Dst.Cols
	}
	p.Defines["F"] = activationNames[o.F]
	p.Mat("Dst", o.Dst)
	p.Mat("Src", o.Src)
	p.option("BIAS", "Bias", o.Bias)
	p.shape(o.Dst)
	return p
}

func planDelta(o compute.Delta) Plan {
	p := NewPlan("delta", o.Dst.Len(), 1)
	p.Defines["F"] = activationNames[o.F]
	p.Mat("Dst", o.Dst)
	p.Mat("Back", o.Back)
	p.Mat("Y", o.Y)
	p.Count("count", o.Dst.Len())
	return p
}

func planLoss(o compute.Loss) Plan {
	p := NewPlan("loss", o.Z.Rows, 1)
	p.Loops = 5 * o.Z.Cols
	p.Defines["F"] = activationNames[o.F]
	p.Defines["KIND"] = lossNames[o.Kind]
	p.Mat("Stats", o.Stats)
	p.Mat("Z", o.Z)
	p.targets(o)
	p.option("DELTA", "Delta", o.Delta)
	p.option("BIAS", "Bias", o.Bias)
	p.shape(o.Z)
	p.Float("targetOn", o.On)
	p.Float("targetOff", o.Off)
	p.Float("weight", o.Weight)
	p.Float("scale", o.Scale)
	return p
}

// targets says what outputs are compared with: the labels of a batch, or numbers.
func (p *Plan) targets(o compute.Loss) {
	p.option("TARGETS", "Targets", o.Targets)
	if o.Targets.IsZero() {
		p.Blocks["Labels"] = o.Labels.Buf
		p.index(o.Index)
	}
}

func planColumnSum(o compute.ColumnSum) Plan {
	p := NewPlan("column_sum", o.Src.Cols, 1)
	const lanes, tree = 32, 5
	p.Loops = o.Src.Rows/lanes*(lanes+1)/lanes + tree + 2
	p.Mat("Dst", o.Dst)
	p.Mat("Src", o.Src)
	p.shape(o.Src)
	return p
}

func planFill(o compute.Fill) Plan {
	p := NewPlan("fill", o.Dst.Len(), 1)
	p.Mat("Dst", o.Dst)
	p.Count("count", o.Dst.Len())
	p.Float("value", o.Value)
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

func NewPlan(kernel string, x, y int) Plan {
	return Plan{
		Kernel:  kernel,
		Defines: shaders.Defines{},
		Params:  map[string]uint32{},
		Blocks:  map[string]compute.Buffer{},
		X:       x, Y: y,
		Work: float64(x) * float64(y),
	}
}

// mat binds a matrix to the block of its name; where it begins is a parameter,
// since OpenGL restricts where a binding may begin.
func (p *Plan) Mat(name string, m compute.Mat) {
	p.Blocks[name] = m.Buf
	p.Count(offsetName(name), Offset(m))
}

// A Buffer is what planning needs to know of a compute.Buffer.
type Buffer interface {
	Name() uint32 // of the OpenGL buffer that it lies in, maybe with others
	First() int   // the element of the OpenGL buffer that it begins with
}

// Offset returns where a matrix begins in the buffer that OpenGL knows, in elements.
func Offset(m compute.Mat) int { return m.Buf.(Buffer).First() + m.Off }

// offsetName returns the parameter that says where an operand begins: dstOffset
// for Dst.
func offsetName(operand string) string {
	return string(operand[0]|0x20) + operand[1:] + "Offset"
}

// option binds a matrix that may be none, and tells the kernel whether it is.
func (p *Plan) option(define, name string, m compute.Mat) {
	if m.IsZero() {
		p.Count(offsetName(name), 0)
		return
	}
	p.Defines[define] = "1"
	p.Mat(name, m)
}

func (p *Plan) index(x compute.Index) {
	if !x.IsZero() {
		p.Defines["INDEX"] = "1"
		p.Blocks["Index"] = x.Buf
	}
}

func (p *Plan) shape(m compute.Mat) {
	p.Count("rows", m.Rows)
	p.Count("cols", m.Cols)
}

func (p *Plan) Count(name string, n int)         { p.Params[name] = uint32(n) }
func (p *Plan) Float(name string, value float32) { p.Params[name] = math.Float32bits(value) }

// flag defines an option that is there or not.
func (p *Plan) flag(name string, on bool) {
	if on {
		p.Defines[name] = "1"
	}
}
