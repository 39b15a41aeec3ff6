// Package gradcheck compares the gradients that a backend's training step uses with differences of
// losses, which need no back-propagation: for a parameter w and a small h
//
//	∂E/∂w ≈ (E(w+h) − E(w−h)) / 2h
//
// where E, in float64, is what a step is to make smaller: the mean loss of a batch's samples, or their
// sum, with the masks of its dropout and the distortions of its images as they are, and L2/2·Σw² +
// L1·Σ|w| of the weights. The loss is computed by the very program of the step, in the judge's reference
// ([reference.Double]); the gradient by the step as the backend compiles it.
//
// A ReLU has a kink. Where one lies between w−h and w+h, there is no derivative to compare with: the
// differences to either side then disagree, by an amount that does not shrink with h. Such parameters
// are counted and not compared.
package gradcheck
