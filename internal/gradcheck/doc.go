// Package gradcheck compares the gradients that a backend's training step uses with finite differences of the loss, which do not
// use back-propagation. For a parameter w and a small h
//
//	∂E/∂w ≈ (E(w+h) − E(w−h)) / 2h
//
// E is the objective of a step, in float64: the mean or the sum of the losses of a batch, plus L2/2·Σw² + L1·Σ|w| over
// the weights. Dropout masks and image distortions stay fixed. The same program computes the loss in float64
// ([reference.Double]) and the gradient on the backend.
//
// A ReLU has a kink. If one lies between w−h and w+h the loss has no derivative to compare with: the differences
// to either side disagree, by an amount that does not shrink with h. These parameters are counted and not compared.
package gradcheck
