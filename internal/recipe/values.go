package recipe

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"shadegrad/compute"
	"shadegrad/internal/flags"
	"shadegrad/internal/mlp"
)

// An optimizerName is a value of -optimizer: the name of an update rule, or AdamW, which is Adam with weight decay.
type optimizerName string

const (
	optimizerSGD   optimizerName = "sgd"
	optimizerAdamW optimizerName = "adamw"
)

func optimizers() []optimizerName {
	var list []optimizerName
	for _, r := range compute.Rules() {
		list = append(list, optimizerOf(r, 0))
	}
	return append(list, optimizerAdamW)
}

// rule returns the update rule of an optimiser.
func (n optimizerName) rule() compute.Rule {
	for _, r := range compute.Rules() {
		if r.String() == string(n) {
			return r
		}
	}
	return compute.Adam
}

// optimizerOf is the inverse of rule for a weight decay.
func optimizerOf(r compute.Rule, decay float32) optimizerName {
	if r == compute.Adam && decay > 0 {
		return optimizerAdamW
	}
	return optimizerName(r.String())
}

// A gradientName is a value of -gradient.
type gradientName string

const (
	gradientMean gradientName = "mean"
	gradientSum  gradientName = "sum"
)

// A lossName is a value of -loss.
type lossName string

// The losses. The last three are the squared error with different reductions over the outputs.
const (
	lossCrossEntropy lossName = "cross-entropy"
	lossMSE          lossName = "mse"
	lossSSE          lossName = "sse"
	lossHalfSSE      lossName = "half-sse"
)

func losses() []lossName { return []lossName{lossCrossEntropy, lossMSE, lossSSE, lossHalfSSE} }

// kind returns the kind of a loss and its reduction over the outputs. An empty reduction is the mean.
func (n lossName) kind() (compute.LossKind, mlp.Reduction) {
	switch n {
	case lossCrossEntropy:
		return compute.CrossEntropy, ""
	case lossSSE:
		return compute.SquaredError, mlp.ReduceSum
	case lossHalfSSE:
		return compute.SquaredError, mlp.ReduceHalf
	}
	return compute.SquaredError, ""
}

// lossOf is the inverse of kind.
func lossOf(c mlp.Config) lossName {
	for _, n := range losses() {
		if kind, reduction := n.kind(); kind == c.Loss && (reduction == c.Reduction || c.Loss == compute.CrossEntropy) {
			return n
		}
	}
	return lossMSE
}

// A span has the two ends of a range of numbers.
type span struct{ from, to float64 }

// String returns a span as flags have it: "0.01..0.99".
func (s span) String() string { return plain(s.from) + ".." + plain(s.to) }

// plain formats a number with the digits of a float32.
func plain(v float64) string {
	return strconv.FormatFloat(float64(float32(v)), 'g', 7, 64)
}

// spanOf parses a span of two finite numbers.
func spanOf(s string) (span, error) {
	from, to, found := strings.Cut(s, "..")
	a, err1 := Number(from)
	b, err2 := Number(to)
	if !found || err1 != nil || err2 != nil {
		return span{}, flags.Want("two numbers with .. between them, as -1..1")
	}
	return span{a, b}, nil
}

// pixelSpan parses the inputs for black and white pixels, which must differ.
func pixelSpan(s string) (span, error) {
	p, err := spanOf(s)
	if err == nil && float32(p.from) == float32(p.to) {
		err = flags.Want("two numbers that differ")
	}
	return p, err
}

// weights describe the distribution of the initial weights.
type weights struct {
	init  mlp.Init
	scale float32 // 0 is the default one
}

// String returns weights as -init has them: "uniform:0.05".
func (w weights) String() string {
	if w.scale == 0 {
		return string(w.init)
	}
	return fmt.Sprintf("%s:%v", w.init, w.scale)
}

// parseWeights parses the name of an initialisation and its scale.
func parseWeights(s string) (weights, error) {
	name, scale, scaled := strings.Cut(s, ":")
	init, err := flags.OneOf(mlp.Inits()...)(name)
	switch {
	case err != nil:
		return weights{}, err
	case !scaled:
		return weights{init: init}, nil
	case init != mlp.Uniform && init != mlp.Normal:
		return weights{}, flags.Want(name + " without a number; only uniform:A and normal:S have one")
	}
	v, err := strconv.ParseFloat(scale, 32)
	if err != nil || !(v > 0) || math.IsInf(v, 0) {
		return weights{}, flags.Want(fmt.Sprintf("a number above 0 after %s:, as %s:0.05", name, name))
	}
	return weights{init, float32(v)}, nil
}
