package mlp

import (
	"fmt"

	"shadegrad/compute"
)

// MatrixName says, for messages, what a matrix is that a program of the network works
// on: "the weights of layer 1". Layers are counted from 1.
func (n *Network) MatrixName(m compute.Mat) string {
	if m.Buf == n.input.Buf {
		return "the batch"
	}
	for i := range n.layers {
		l := &n.layers[i]
		for _, x := range []struct {
			mat  compute.Mat
			name string
		}{
			{l.w, "weights"}, {l.b, "biases"},
			{l.vw, "velocities of the weights"}, {l.vb, "velocities of the biases"},
			{l.gw, "gradient of the weights"}, {l.gb, "gradient of the biases"},
			{l.out, "outputs"}, {l.delta, "deltas"},
		} {
			if !x.mat.IsZero() && m.Buf == x.mat.Buf {
				return fmt.Sprintf("the %s of layer %d", x.name, i+1)
			}
		}
	}
	return "the losses and hits"
}
