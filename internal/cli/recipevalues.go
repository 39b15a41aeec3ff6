package cli

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"

	"shadegrad/compute"
	"shadegrad/internal/mlp"
)

// An optimizerName is what -optimizer calls a rule.
type optimizerName string

// The optimisers. AdamW is Adam with a weight decay.
const (
	optimizerSGD      optimizerName = "sgd"
	optimizerNesterov optimizerName = "nesterov"
	optimizerRMSProp  optimizerName = "rmsprop"
	optimizerAdam     optimizerName = "adam"
	optimizerAdamW    optimizerName = "adamw"
)

func optimizers() []optimizerName {
	return []optimizerName{optimizerSGD, optimizerNesterov, optimizerRMSProp, optimizerAdam, optimizerAdamW}
}

// rule returns the rule of an optimiser.
func (n optimizerName) rule() compute.Rule {
	switch n {
	case optimizerNesterov:
		return compute.Nesterov
	case optimizerRMSProp:
		return compute.RMSProp
	case optimizerAdam, optimizerAdamW:
		return compute.Adam
	}
	return compute.SGD
}

// optimizerOf is the inverse of rule; decay is the weight decay.
func optimizerOf(r compute.Rule, decay float32) optimizerName {
	if r == compute.Adam && decay > 0 {
		return optimizerAdamW
	}
	return optimizerName(r.String())
}

// A gradientName is what -gradient calls what becomes of the gradients of a batch's samples.
type gradientName string

const (
	gradientMean gradientName = "mean"
	gradientSum  gradientName = "sum"
)

// A lossName is what -loss calls a loss.
type lossName string

// The losses. The squared errors differ in what becomes of those of the outputs.
const (
	lossCrossEntropy lossName = "cross-entropy"
	lossMSE          lossName = "mse"
	lossSSE          lossName = "sse"
	lossHalfSSE      lossName = "half-sse"
)

func losses() []lossName { return []lossName{lossCrossEntropy, lossMSE, lossSSE, lossHalfSSE} }

// kind returns the kind of a loss.
func (n lossName) kind() compute.LossKind {
	if n == lossCrossEntropy {
		return compute.CrossEntropy
	}
	return compute.SquaredError
}

// reduction returns what a loss makes of the outputs' errors.
func (n lossName) reduction() mlp.Reduction {
	switch n {
	case lossSSE:
		return mlp.ReduceSum
	case lossHalfSSE:
		return mlp.ReduceHalf
	}
	return "" // the mean, and what cross-entropy has
}

// lossOf is the inverse of kind and reduction.
func lossOf(c mlp.Config) lossName {
	switch {
	case c.Loss == compute.CrossEntropy:
		return lossCrossEntropy
	case c.Reduction == mlp.ReduceSum:
		return lossSSE
	case c.Reduction == mlp.ReduceHalf:
		return lossHalfSSE
	}
	return lossMSE
}

// A span is from what to what a range of numbers goes.
type span struct{ from, to float64 }

// String writes a span as flags have it: "0.01..0.99".
func (s span) String() string { return plain(s.from) + ".." + plain(s.to) }

// plain writes a number with the digits that a float32 has.
func plain(v float64) string {
	return strconv.FormatFloat(float64(float32(v)), 'g', 7, 64)
}

// spanOf reads a span of two finite numbers.
func spanOf(s string) (span, error) {
	from, to, found := strings.Cut(s, "..")
	a, err1 := finiteNumber(from)
	b, err2 := finiteNumber(to)
	if !found || err1 != nil || err2 != nil {
		return span{}, errors.New("must be two numbers with .. between them, as -1..1")
	}
	return span{a, b}, nil
}

// pixelSpan reads what pixels become, which must not all be the same.
func pixelSpan(s string) (span, error) {
	p, err := spanOf(s)
	if err == nil && float32(p.from) == float32(p.to) {
		err = errors.New("the two must differ")
	}
	return p, err
}

// finiteNumber reads a number that is one as a float32, too.
func finiteNumber(s string) (float64, error) {
	v, err := strconv.ParseFloat(strings.TrimSpace(s), 64)
	if err != nil || math.IsNaN(v) || math.Abs(v) > math.MaxFloat32 {
		return 0, errors.New("must be a finite number")
	}
	return v, nil
}

// weights say how the first weights are drawn.
type weights struct {
	init  mlp.Init
	scale float32 // 0 is the usual one
}

// String writes weights as -init has them: "uniform:0.05".
func (w weights) String() string {
	if w.scale == 0 {
		return string(w.init)
	}
	return fmt.Sprintf("%s:%v", w.init, w.scale)
}

// parseWeights reads the name of an initialisation, and what may follow it.
func parseWeights(s string) (weights, error) {
	name, scale, scaled := strings.Cut(s, ":")
	init, err := oneOf(mlp.Inits()...)(name)
	switch {
	case err != nil:
		return weights{}, err
	case !scaled:
		return weights{init: init}, nil
	case init != mlp.Uniform && init != mlp.Normal:
		return weights{}, fmt.Errorf("%s takes no number; uniform:A and normal:S do", name)
	}
	v, err := strconv.ParseFloat(scale, 32)
	if err != nil || !(v > 0) || math.IsInf(v, 0) {
		return weights{}, fmt.Errorf("what follows %s: must be a number above 0, as %s:0.05", name, name)
	}
	return weights{init, float32(v)}, nil
}
