package exchange

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"shadegrad/compute"
	"shadegrad/internal/bounded"
	"shadegrad/internal/onnx"
)

// TestRepeatedNames follows labels whose names the nodes repeat: the work must not be the product of the two counts.
func TestRepeatedNames(t *testing.T) {
	const many = 5000
	names := slices.Repeat([]string{"l"}, many)
	same := twoLayers()
	same.Graph.Nodes = append(same.Graph.Nodes, onnx.Node{Op: "ArgMax", Inputs: []string{"y"}, Outputs: names}, onnx.Node{Op: "Cast", Inputs: names, Outputs: []string{"c"}})
	each := twoLayers()
	each.Graph.Nodes = append(each.Graph.Nodes, onnx.Node{Op: "ArgMax", Inputs: []string{"y"}, Outputs: names})
	for range many {
		each.Graph.Nodes = append(each.Graph.Nodes, onnx.Node{Op: "Cast", Inputs: []string{"l"}, Outputs: []string{"c"}})
	}
	for _, f := range []*onnx.Model{same, each} {
		bounded.Check(t, func() {
			if _, err := onnxDescription(f, 100); err != nil {
				t.Error(err)
			}
		})
	}
}

// prepared returns a graph with nodes that prepare an input of unknown size, each with a constant.
func prepared(op string, constants ...onnx.Tensor) *onnx.Model {
	f := twoLayers()
	f.Graph.Inputs[0].Dims = nil
	at := "x"
	for i, c := range constants {
		c.Name = fmt.Sprint("c", i)
		f.Graph.Initializers = append(f.Graph.Initializers, c)
		n := onnx.Node{Op: op, Inputs: []string{at, c.Name}, Outputs: []string{fmt.Sprint("p", i)}}
		f.Graph.Nodes, at = slices.Insert(f.Graph.Nodes, i, n), n.Outputs[0]
	}
	f.Graph.Nodes[len(constants)].Inputs[0] = at
	return f
}

// TestPreparationRefuses checks the errors of preparations that do not suit the inputs.
func TestPreparationRefuses(t *testing.T) {
	images, numbers := Choices{}, Choices{Numbers: true}
	images.Images.Width, images.Images.Height = 2, 1
	half := floats("", nil, 0.5)
	for _, c := range []struct {
		name    string
		file    *onnx.Model
		choices Choices
		want    string // empty: no error
	}{
		{"16 nodes", prepared("Mul", slices.Repeat([]onnx.Tensor{half}, 16)...), numbers, ""},
		{"17 nodes", prepared("Mul", slices.Repeat([]onnx.Tensor{half}, 17)...), numbers, "more than 16 nodes"},
		{"3 shifts", prepared("Add", floats("", []int64{3}, 1, 2, 3)), numbers, "prepares 3 numbers, the network has 2 inputs"},
		{"3 scales", prepared("Mul", floats("", []int64{3}, 1, 2, 3)), numbers, "prepares 3 numbers, the network has 2 inputs"},
		{"no scales", prepared("Mul", floats("", []int64{0})), numbers, "0 numbers"},
		{"division", prepared("Div", half), images, ""},
		{"division by 0", prepared("Div", floats("", nil, 0)), images, "scale +Inf"},
		{"shift of NaN", prepared("Add", floats("", nil, float32(math.NaN()))), images, "shift NaN"},
		{"infinite shift", prepared("Sub", floats("", nil, float32(math.Inf(1)))), images, "shift -Inf"},
		{"overflow", prepared("Mul", floats("", nil, 1e30), floats("", nil, 1e30)), images, "scale +Inf"},
	} {
		identity := compute.Identity
		c.choices.Output = &identity
		d, err := onnxDescription(c.file, 100)
		if err == nil {
			_, err = d.model(c.choices)
		}
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s: error %v, want %q", c.name, err, c.want)
		}
	}
}
