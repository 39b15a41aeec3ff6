package report

import (
	"fmt"
	"strings"

	"shadegrad/internal/exchange"
	"shadegrad/internal/model"
)

// Fact describes what an import has found or assumed.
func Fact(f exchange.Fact) string {
	v := append(f.Values, "", "")
	switch f.Kind {
	case exchange.Complete:
		return "exported by Shadegrad: nothing is assumed"
	case exchange.Order:
		return "layers in this order: " + v[0]
	case exchange.TransposedLayers:
		return "weights are stored as inputs×outputs"
	case exchange.AssumedSoftmax:
		return fmt.Sprintf("assumed %s classes, whose probabilities are the softmax of the outputs; -output=identity is for regression", v[0])
	case exchange.OmittedLog:
		return "the graph ends with the logarithm of a softmax; the network has the softmax"
	case exchange.ImageInput:
		return fmt.Sprintf("inputs: images of %s×%s, row by row, light ink on a ground of 0", v[0], v[1])
	case exchange.NumberInput:
		return fmt.Sprintf("inputs: rows of %s", countOf(v[0], "number"))
	case exchange.PixelRange:
		return fmt.Sprintf("black and white pixels enter as %s and %s; -pixels=FROM..TO decides otherwise", v[0], v[1])
	case exchange.Converted:
		return fmt.Sprintf("converted to float32: %s of type %s", countOf(v[1], "array"), v[0])
	case exchange.AddedBiases:
		return fmt.Sprintf("%s without biases: biases of 0 added", countOf(v[0], "layer"))
	}
	return strings.Join(f.Values, " ")
}

// countOf is Count for a number in text.
func countOf(n, noun string) string {
	if n == "1" {
		return "1 " + noun
	}
	return n + " " + noun + "s"
}

// Network describes the layers of a network: "784-256-10, relu, softmax".
func Network(m *model.Model) string {
	c := m.Network
	if c.Layers() == 1 {
		return fmt.Sprintf("%s, %s", c, c.Output)
	}
	return fmt.Sprintf("%s, %s, %s", c, c.Hidden, c.Output)
}
