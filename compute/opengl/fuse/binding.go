package fuse

import (
	"fmt"
	"math"
	"strings"

	"shadegrad/compute"
	"shadegrad/shaders"
)

// Values are the inputs of a kernel by their names in it: options are in capitals, storage blocks
// begin with a capital letter, and members of block Params with a small one. An op stands for all of
// its values that kernels use.
type Values map[string]any

// An optional matrix may be absent. The kernel has an option of the same name if it is present.
type optional compute.Mat

// Bindings are the values of a dispatch in the form that OpenGL takes.
type Bindings struct {
	Defines  shaders.Defines           // options of the kernel
	Params   map[string]uint32         // of block Params; floats by their bits
	Blocks   map[string]compute.Buffer // storage blocks
	Accesses []Access                  // reads and writes of the dispatch
}

// Bind sets the bindings of dispatches.
func Bind(list []Dispatch) []Dispatch {
	for i := range list {
		d := &list[i]
		d.Bindings = Bindings{shaders.Defines{}, map[string]uint32{}, map[string]compute.Buffer{}, nil}
		for name, value := range d.Values {
			d.bind(name, value)
		}
		for _, m := range d.Reads {
			d.access(m, false)
		}
		for _, m := range d.Writes {
			d.access(m, true)
		}
	}
	return list
}

// bind sets one value.
func (b *Bindings) bind(name string, value any) {
	switch v := value.(type) {
	case nil: // a buffer that is none
	case string:
		b.Defines[name] = v
	case bool:
		if v {
			b.Defines[name] = "1"
		}
	case compute.Activation:
		b.Defines[name] = activationNames[v]
	case int:
		b.Params[name] = uint32(v)
	case uint32:
		b.Params[name] = v
	case float32:
		b.Params[name] = math.Float32bits(v)
	case compute.Mat:
		// The offset is a parameter, since OpenGL restricts where a binding may begin.
		b.Params[strings.ToLower(name[:1])+name[1:]+"Offset"] = uint32(offset(v))
		b.bind(name, v.Buf)
	case optional:
		b.bind(strings.ToUpper(name), v.Buf != nil)
		b.bind(name, compute.Mat(v))
	case compute.Bytes:
		b.bind(name, v.Buf)
	case compute.Index:
		b.bind("INDEX", !v.IsZero())
		b.bind(name, v.Buf)
	case compute.Buffer:
		b.Blocks[name] = v
	case *compute.Gather:
		b.bind(name, v != nil)
		if v == nil {
			v = &compute.Gather{}
		}
		b.bind("Src", v.Src)
		b.bind("Index", v.Index)
		b.bind("scale", v.Scale)
		b.bind("shift", v.Shift)
	case *compute.Dropout:
		b.bind(name, v != nil)
		stream, threshold, keep := uint32(0), uint32(0), float32(0)
		if v != nil {
			stream = v.Stream
			threshold, keep = v.Threshold()
		}
		b.bind("dropStream", stream)
		b.bind("threshold", threshold)
		b.bind("keep", keep)
	case compute.Update:
		b.bind(name, ruleName(v))
		b.bind("rho", v.Rho)
		b.bind("epsilon", v.Epsilon)
	case compute.Loss:
		b.bind("F", v.F)
		b.bind("KIND", lossNames[v.Kind])
		b.bind("Stats", v.Stats)
		b.bind("Delta", optional(v.Delta))
		b.bind("Targets", optional(v.Targets))
		if v.Targets.IsZero() {
			b.bind("Labels", v.Labels)
			b.bind("Index", v.Index)
		}
		b.bind("targetOn", v.On)
		b.bind("targetOff", v.Off)
		b.bind("weight", v.Weight)
		b.bind("scale", v.Scale)
	default:
		panic(fmt.Sprintf("fuse: value %s of a kernel is a %T", name, value))
	}
}

// access notes what the dispatch reads or writes.
func (b *Bindings) access(m compute.Mat, write bool) {
	a := Access{Buffer: m.Buf.(Buffer).Name(), Lo: offset(m), Hi: offset(m) + m.Len(), Write: write}
	for _, other := range b.Accesses {
		if other == a {
			return
		}
	}
	b.Accesses = append(b.Accesses, a)
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
