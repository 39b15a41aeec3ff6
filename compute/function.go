package compute

import "fmt"

// An Activation is the function that a layer applies to its weighted sums. The derivatives are
// written in terms of the output y, because op Delta reads y.
type Activation int

// The activations.
const (
	// Identity: F(z) = z, F′ = 1, for a linear layer.
	Identity Activation = iota
	// Sigmoid, the logistic function: F(z) = 1/(1+e^−z), F′ = y·(1−y). Rumelhart, Hinton and Williams,
	// "Learning representations by back-propagating errors" (1986).
	Sigmoid
	// Tanh: F(z) = tanh z, F′ = 1−y². LeCun, Bottou, Orr and Müller, "Efficient BackProp" (1998), explain why
	// it trains faster than Sigmoid.
	Tanh
	// ReLU: F(z) = max(0, z), F′ = 1 where y > 0, else 0. Nair and Hinton, "Rectified linear units improve
	// restricted Boltzmann machines" (ICML 2010); Glorot, Bordes and Bengio, "Deep sparse rectifier neural
	// networks" (AISTATS 2011).
	ReLU
	// Softmax: F(z)[j] = e^z[j] / Σₖ e^z[k], over a row. Bridle, "Probabilistic interpretation of feedforward
	// classification network outputs, with relationships to statistical pattern recognition" (1990).
	Softmax
	// ScaledTanh: F(z) = A·tanh(B·z), F′ = (A−y)·(A+y)·B/A, A = 1.7159, B = 0.6666.
	ScaledTanh
	// LeakyReLU: F(z) = z where z > 0, else z/100; F′ = 1 where y > 0, else 1/100.
	LeakyReLU
)

// The constants of ScaledTanh, as in Cireşan, Meier, Gambardella and Schmidhuber,
// "Deep, big, simple neural nets for handwritten digit recognition" (2010), after LeCun
// et al., "Efficient BackProp" (1998), where B is 2/3.
const (
	TanhAmplitude = 1.7159 // A
	TanhSlope     = 0.6666 // B
)

// Leak is the slope of LeakyReLU for negative z: Maas, Hannun and Ng, "Rectifier
// nonlinearities improve neural network acoustic models" (2013).
const Leak = 0.01

var activationNames = [...]string{"identity", "sigmoid", "tanh", "relu", "softmax", "scaled-tanh", "leaky-relu"}

// Activations lists every activation.
func Activations() []Activation {
	return []Activation{Identity, Sigmoid, Tanh, ReLU, Softmax, ScaledTanh, LeakyReLU}
}

// String returns the name in lower case, as the command's flags spell it.
func (f Activation) String() string { return enumName(activationNames[:], int(f), "activation") }

// ParseActivation is the inverse of String.
func ParseActivation(name string) (Activation, error) {
	i, err := enumParse(activationNames[:], name, "activation")
	return Activation(i), err
}

// A LossKind is a loss function. Op Loss gives the equations.
type LossKind int

// The kinds of loss.
const (
	CrossEntropy LossKind = iota
	SquaredError
)

var lossNames = [...]string{"cross-entropy", "mse"}

// String returns the name as the command's flags spell it.
func (k LossKind) String() string { return enumName(lossNames[:], int(k), "loss") }

// ParseLossKind is the inverse of String.
func ParseLossKind(name string) (LossKind, error) {
	i, err := enumParse(lossNames[:], name, "loss")
	return LossKind(i), err
}

func enumName(names []string, i int, what string) string {
	if i < 0 || i >= len(names) {
		return fmt.Sprintf("%s(%d)", what, i)
	}
	return names[i]
}

func enumParse(names []string, name, what string) (int, error) {
	for i, n := range names {
		if n == name {
			return i, nil
		}
	}
	return 0, fmt.Errorf("unknown %s %q (available: %q)", what, name, names)
}

// MarshalText returns the name, so that encoders store an activation by name.
func (f Activation) MarshalText() ([]byte, error) {
	return enumText(activationNames[:], int(f), "activation")
}

// UnmarshalText is the inverse of MarshalText.
func (f *Activation) UnmarshalText(text []byte) (err error) {
	*f, err = ParseActivation(string(text))
	return err
}

// MarshalText returns the name, so that encoders store a loss by name.
func (k LossKind) MarshalText() ([]byte, error) { return enumText(lossNames[:], int(k), "loss") }

// UnmarshalText is the inverse of MarshalText.
func (k *LossKind) UnmarshalText(text []byte) (err error) {
	*k, err = ParseLossKind(string(text))
	return err
}

func enumText(names []string, i int, what string) ([]byte, error) {
	if i < 0 || i >= len(names) {
		return nil, fmt.Errorf("unknown %s %d", what, i)
	}
	return []byte(names[i]), nil
}
