// Package judge tells whether a backend computes what package compute says.
//
// It has three parts, none of which needs package testing, so that a program can
// ask them of the device it runs on:
//
//   - [Cases] are ops and programs with inputs. [Case.Check] has a backend compute
//     one and compares the result with a reference in float64.
//   - [SelfTest] is a small choice of them, for a program's start.
//   - [Contract] is the rest of what a backend promises: the order of its queue,
//     failures that stick, what Compile refuses, who owns which memory.
//
// [First] and [All] ask everything. A backend's own test is one call of
// computetest.Run, which does the same with a subtest for each.
//
// # The reference
//
// Each op has a file with its name: the equation in float64, straightforward,
// with products by gonum's mat, and the bound on the error of a float32 result.
// [Reference] is the same as a backend.
//
// # Guards
//
// Each matrix of a case lies inside a larger buffer, half of the time where no
// vector load would like it. A result is NaN before the run, and what lies around
// a matrix must keep its bits, as must the inputs. Around an input lies NaN,
// which gets into the result if it is read.
//
// # Bounds
//
// An element of a product or a sum may be off by 16·2⁻²⁴·Σ|aᵢbᵢ|: beside the
// result itself no bound would hold, since sums cancel. What comes from exp, log
// or tanh may be off by 1e-5 + 1e-4·|ref|. An update may be off by the rounding of its
// operations, in whatever order, of which quotients and roots have a few digits more. Gather, Take, Fill,
// Dropout, Noise and the masks of ReLU are exact, and so is a hit unless two outputs are closer than
// their bounds. A pixel of Warp is one of two levels where the place it comes from may be off by
// so much that its value crosses a half, and else exact. A whole result must have
// Σerr²/Σref² ≤ 1e-10, unless its values are small beside the terms they were made of. Through a
// program of several ops the bounds are carried from op to op.
//
// # To add an op
//
// Write its file: the reference, its bound, its cases; name it in evaluate, in bind, in operations and in
// Cases, and plant faults of it in package computetest. The suite then tells which backends lack it.
package judge
