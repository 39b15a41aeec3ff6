// Package judge decides whether a backend computes what package compute says.
//
//   - A [Problem] is a program with its inputs. The reference of package reference computes it in float64, and the judge
//     adds a bound for each element of the results.
//   - A [Case] is a named problem. [Case.Check] has a backend compute it and compares the results. Package cases has the
//     cases that every backend must pass.
//   - A [Replay] judges a program on given values, such as a step of real training.
//
// Package contract checks the promises of a backend that are not about numbers. None of these packages uses package testing, so a
// program can judge the device it runs on. A backend's own test is one call of computetest.Run.
//
// # Guards
//
// Each matrix of a case is part of a larger buffer, in about half of the cases at an offset that prevents vector loads. A
// result is NaN before the run. The guards around a matrix must keep their bits, and so must the inputs. The guard
// around an input is NaN, which spreads to the result if a kernel reads it.
//
// # Bounds
//
// An element of a product or a sum may be off by 16·2⁻²⁴·Σ|aᵢbᵢ|. No bound relative to the result would
// hold, since sums cancel. A result of exp, log or tanh may be off by 1e-5 + 1e-4·|ref|. An update may be off by the
// rounding of its operations in any order; quotients and roots may lose a few units more. Gather, Take, Fill, Noise, Dropout
// and the masks of ReLU are exact. A hit is exact unless two outputs are closer than their bounds. A pixel of Warp may be one of two
// levels if the error of its place may move its value across a half; otherwise it is exact.
//
// A whole result must have Σerr²/Σref² ≤ 1e-10, unless its values are small compared with the terms they are sums of.
//
// The bounds follow a program from op to op.
//
// # Adding an op
//
// Write a file with the op's opRules and register them there. An op without rules is exact. Then add its cases to package cases and plant
// faults in package computetest.
package judge
