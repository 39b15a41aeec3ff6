package exchange

import (
	"fmt"
	"math"

	"shadegrad/internal/onnx"
)

// constants are the tensors of a graph that do not depend on the samples.
type constants struct {
	tensors map[string]*onnx.Tensor
	nodes   map[string]*onnx.Node // that compute a constant of another one, by output
	limit   int                   // of the values that may still be read
}

// newConstants finds the constants of a graph. Their values are not read yet.
func newConstants(g *onnx.Graph, limit int) *constants {
	c := &constants{map[string]*onnx.Tensor{}, map[string]*onnx.Node{}, limit}
	for i := range g.Initializers {
		c.tensors[g.Initializers[i].Name] = &g.Initializers[i]
	}
	for i := range g.Nodes {
		n := &g.Nodes[i]
		if len(n.Outputs) == 0 {
			continue
		}
		switch n.Op {
		case "Constant":
			if a := n.Attr("value"); a != nil && a.Tensor != nil {
				c.tensors[n.Outputs[0]] = a.Tensor
			} else if a := n.Attr("value_float"); a != nil {
				t := onnx.NewFloats(n.Outputs[0], nil, []float32{a.Float})
				c.tensors[n.Outputs[0]] = &t
			}
		case "Identity", "Transpose", "Cast":
			if len(n.Inputs) > 0 {
				c.nodes[n.Outputs[0]] = n
			}
		}
	}
	return c
}

// has reports whether a tensor is an initializer. Old models list these among their inputs.
func (c *constants) has(name string) bool { return c.tensors[name] != nil }

// tensor returns the tensor with a name, or nil.
func (c *constants) tensor(name string) *onnx.Tensor { return c.tensors[name] }

// find returns the tensor of a constant, and whether it is transposed on the way.
func (c *constants) find(name string) (t *onnx.Tensor, transposed bool, err error) {
	const depth = 10 // nodes between an initializer and its use
	first := name
	for range depth {
		if t := c.tensors[name]; t != nil {
			return t, transposed, nil
		}
		n := c.nodes[name]
		if n == nil {
			break
		}
		if n.Op == "Transpose" {
			if a := n.Attr("perm"); a != nil && (len(a.Ints) != 2 || a.Ints[0] != 1) {
				return nil, false, fmt.Errorf("%s: only the transpose of a matrix is supported", n)
			}
			transposed = !transposed
		}
		name = n.Inputs[0]
	}
	return nil, false, fmt.Errorf("%q is not a constant", first)
}

// reserved returns the tensor of a constant of which the values are about to be read.
func (c *constants) reserved(name string) (*onnx.Tensor, error) {
	t, _, err := c.find(name)
	if err != nil {
		return nil, err
	}
	return t, c.take(t)
}

// doubles returns the values of a constant of numbers.
func (c *constants) doubles(name string) ([]float64, error) {
	t, err := c.reserved(name)
	if err != nil {
		return nil, err
	}
	return t.Doubles()
}

// floats returns the values of a constant as float32. They must be finite.
func (c *constants) floats(name string) ([]float32, error) {
	t, err := c.reserved(name)
	if err != nil {
		return nil, err
	}
	list, err := t.Floats()
	for i, v := range list {
		if f := float64(v); math.IsInf(f, 0) || math.IsNaN(f) {
			return nil, fmt.Errorf("initializer %q: value %d is %v", name, i, v)
		}
	}
	return list, err
}

// take reserves the values of a tensor. A graph that uses few bytes of a file as many weights would fill the memory.
func (c *constants) take(t *onnx.Tensor) error {
	n, err := t.Len()
	if err != nil {
		return err
	}
	if c.limit -= n; c.limit < 0 {
		return fmt.Errorf("initializer %q: the layers have more values than the file", t.Name)
	}
	return nil
}

// matrix returns the values of a constant matrix and its sizes, transposed if asked.
func (c *constants) matrix(name string, transpose bool) (values []float32, dims [2]int, err error) {
	t, transposed, err := c.find(name)
	if err != nil {
		return nil, dims, err
	}
	if len(t.Dims) != 2 || t.Dims[0] < 1 || t.Dims[1] < 1 {
		return nil, dims, fmt.Errorf("initializer %q has shape %v, expected a matrix of weights", t.Name, t.Dims)
	}
	if values, err = c.floats(name); err != nil {
		return nil, dims, err
	}
	rows, cols := int(t.Dims[0]), int(t.Dims[1])
	if transpose != transposed {
		return transposedOf(values, rows, cols), [2]int{cols, rows}, nil
	}
	return values, [2]int{rows, cols}, nil
}

// transposedOf returns the transpose of a matrix.
func transposedOf(values []float32, rows, cols int) []float32 {
	list := make([]float32, len(values))
	for i := range rows {
		for j := range cols {
			list[j*rows+i] = values[i*cols+j]
		}
	}
	return list
}
