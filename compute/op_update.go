package compute

import "math"

// A Rule is the optimisation rule of op Update.
type Rule int

// The rules. Op Update gives the equations.
const (
	SGD      Rule = iota // Robbins and Monro (1951); with V, Polyak's momentum (1964)
	Nesterov             // Nesterov (1983), after Sutskever, Martens, Dahl and Hinton (ICML 2013)
	RMSProp              // Tieleman and Hinton, Coursera lecture 6.5 (2012)
	Adam                 // Kingma and Ba (ICLR 2015)
)

var ruleNames = [...]string{"sgd", "nesterov", "rmsprop", "adam"}

// Rules lists every rule.
func Rules() []Rule { return []Rule{SGD, Nesterov, RMSProp, Adam} }

// String returns the name in lower case.
func (r Rule) String() string { return enumName(ruleNames[:], int(r), "rule") }

// ParseRule is the inverse of String.
func ParseRule(name string) (Rule, error) {
	i, err := enumParse(ruleNames[:], name, "rule")
	return Rule(i), err
}

// MarshalText returns the name, so that encoders store a rule by name.
func (r Rule) MarshalText() ([]byte, error) { return enumText(ruleNames[:], int(r), "rule") }

// UnmarshalText is the inverse of MarshalText.
func (r *Rule) UnmarshalText(text []byte) (err error) {
	*r, err = ParseRule(string(text))
	return err
}

// Update changes parameters by their gradient. With η = Args.LearningRate, μ = Args.Momentum,
// ρ = Rho, ε = Epsilon, t = Args.Step + 1 and
//
//	g = c·G + L2·W + L1·sgn(W)        sgn(0) = 0
//	c = min(1, Clip/√ΣNorms) if Clip > 0, else 1; NaN if ΣNorms is beyond float32
//
// the rules, without decay, are
//
//	SGD        V = μ·V + g                    W −= η·V              W −= η·g without V
//	Nesterov   V = μ·V + g                    W −= η·(g + μ·V)
//	RMSProp    S = ρ·S + (1−ρ)·g²             W −= η·g/(√S + ε)
//	Adam       V = μ·V + (1−μ)·g              W −= η·(V/(1−μᵗ))/(√(S/(1−ρᵗ)) + ε)
//	           S = ρ·S + (1−ρ)·g²
//
// and each also subtracts η·Decay·W, with the W of before the step.
//
// SGD is Robbins and Monro's "A stochastic approximation method" (1951), with the momentum of Polyak,
// "Some methods of speeding up the convergence of iteration methods" (1964). Nesterov is "A method of
// solving a convex programming problem with convergence rate O(1/k²)" (1983), as Sutskever, Martens, Dahl
// and Hinton apply it to networks in "On the importance of initialization and momentum in deep learning"
// (ICML 2013); W is the look-ahead point. Both have PyTorch's form, in which the velocity does not contain
// the learning rate. Sutskever et al. write V = μ·V + η·g and W −= V. For a constant η the W are the same;
// after η falls, their velocity still contains the larger earlier steps.
//
// L2 is weight decay as part of the gradient, as in Krogh and Hertz, "A simple weight decay can
// improve generalization" (NIPS 1991), and L1 the gradient of the penalty of Tibshirani, "Regression
// shrinkage and selection via the lasso" (1996). Decay is the decoupled weight decay of Loshchilov and
// Hutter (ICLR 2019), which makes Adam AdamW.
//
// Clip bounds the norm of gradients: Pascanu, Mikolov and Bengio (ICML 2013). The elements of Norms
// are the sums of squares of the gradients, from op SquareSum. The sum is infinite for a norm above
// 1.8·10¹⁹. A factor of 0 would then stop training silently, so c is NaN, which shows in the next loss.
//
// W, V, S and G have the same shape. V is optional for SGD, required for Nesterov and Adam, and zero for
// RMSProp. S is required for RMSProp and Adam, and zero for the other rules. Norms is 1×p, or zero if
// Clip is 0.
type Update struct {
	W             Mat `operand:"inout"`
	V             Mat `operand:"inout,optional"`
	S             Mat `operand:"inout,optional"`
	G             Mat `operand:"in"`
	Norms         Mat `operand:"in,optional"`
	Rule          Rule
	Rho, Epsilon  float32
	L2, L1, Decay float32
	Clip          float32
}

// Plain reports whether the update is W −= η·G, or V = μ·V + G, W −= η·V, without other terms.
func (o Update) Plain() bool {
	return o.Rule == SGD && o.L2 == 0 && o.L1 == 0 && o.Decay == 0 && o.Clip == 0
}

// Corrections returns 1/(1−μᵗ) and 1/(1−ρᵗ) of rule Adam, which correct for the initial 0 of V and S.
func (o Update) Corrections(args Args) (first, second float32) {
	t := float64(args.Step) + 1
	return float32(-1 / math.Expm1(t*math.Log(float64(args.Momentum)))), float32(-1 / math.Expm1(t*math.Log(float64(o.Rho))))
}

// SquareSum sums the squares of a matrix:
//
//	Dst[0,0] = Σᵢⱼ Src[i,j]²
//
// Dst is 1×1.
type SquareSum struct {
	Dst Mat `operand:"out"`
	Src Mat `operand:"in"`
}

// MaxNorm bounds the norm of each unit's incoming weights, a row of W:
//
//	W[i,:] = W[i,:]·√(Limit/s)  if s = Σⱼ W[i,j]² > Limit
//
// as in Hinton, Srivastava, Krizhevsky, Sutskever and Salakhutdinov, "Improving neural
// networks by preventing co-adaptation of feature detectors" (2012), whose W is the transpose. If s is
// beyond float32, the row becomes NaN and not 0.
type MaxNorm struct {
	W     Mat     `operand:"inout"`
	Limit float32 // of the squared norm; above 0
}

// Average is a step of an exponential moving average:
//
//	Dst = Dst + (1−β)·(Src − Dst),   β = min(Decay, (1+t)/(10+t)),   t = Args.Step
//
// It averages weights as Polyak and Juditsky, "Acceleration of stochastic approximation by averaging"
// (1992), but with exponentially falling factors. β is small at first, as in TensorFlow's
// ExponentialMovingAverage, so that the initial weights soon lose their influence. Dst and Src have
// one shape.
type Average struct {
	Dst   Mat     `operand:"inout"`
	Src   Mat     `operand:"in"`
	Decay float32 // in [0, 1)
}

// Weight returns 1 − β.
func (o Average) Weight(args Args) float32 {
	t := float64(args.Step)
	return float32(1 - min(float64(o.Decay), (1+t)/(10+t)))
}

// Name returns "update".
func (Update) Name() string { return "update" }

// Name returns "square_sum".
func (SquareSum) Name() string { return "square_sum" }

// Name returns "max_norm".
func (MaxNorm) Name() string { return "max_norm" }

// Name returns "average".
func (Average) Name() string { return "average" }
