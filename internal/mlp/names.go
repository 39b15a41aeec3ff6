package mlp

import (
	"fmt"

	"shadegrad/compute"
)

type named struct {
	mat  compute.Mat
	name string
}

// MatrixName returns the name of a matrix in messages: "the weights of layer 1". Layers count from
// 1. The matrix must be one that a program of the network uses.
func (n *Network) MatrixName(m compute.Mat) string {
	for _, x := range []named{
		{n.input, "the batch"}, {n.dropped, "the batch after dropout"}, {n.targets, "the batch's targets"},
		{n.norms, "the squared norms of the gradients"}, {n.field.noise, "the noise of the distortions"},
		{n.field.blurred, "the noise smoothed along x"}, {n.field.field, "the field of the distortions"},
		{n.field.blurX, "the Gaussian along x"}, {n.field.blurY, "the Gaussian along y"},
	} {
		if !x.mat.IsZero() && m.Buf == x.mat.Buf {
			return x.name
		}
	}
	for i := range n.layers {
		l := &n.layers[i]
		for _, x := range []named{
			{l.w, "weights"}, {l.b, "biases"},
			{l.vw, "velocities of the weights"}, {l.vb, "velocities of the biases"},
			{l.sw, "mean squared gradients of the weights"}, {l.sb, "mean squared gradients of the biases"},
			{l.gw, "gradient of the weights"}, {l.gb, "gradient of the biases"},
			{l.aw, "averages of the weights"}, {l.ab, "averages of the biases"},
			{l.out, "outputs"}, {l.dropped, "outputs after dropout"}, {l.delta, "deltas"},
		} {
			if !x.mat.IsZero() && m.Buf == x.mat.Buf {
				return fmt.Sprintf("the %s of layer %d", x.name, i+1)
			}
		}
	}
	return "the losses and hits"
}
