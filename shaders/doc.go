// Package shaders holds the compute kernels of the GPU backend, GLSL files that are
// embedded in the program, and a preprocessor. The preprocessor makes the source text
// of a specialised kernel and works without a GPU.
//
// # Kernels
//
// Each file NAME.comp is a kernel. A kernel that has the name of an op of package
// compute is the plain form of that op. The others are faster, or do several ops in one
// dispatch: product does MatMul; layer does Gather, MatMul, Activate and Dropout; head does
// everything from the last hidden layer to the loss and back; product_delta does MatMul,
// Dropout and Delta; combine adds up sums that product or layer made in parts, and does the
// ops that use them; product_update does MatMul or ColumnSum with Update, for several
// layers. The comment at the top of a kernel says what it computes, which invocation reads
// and writes what, and why.
//
// Sizes, offsets and constants are in a kernel's uniform block Params, so that one
// program serves all shapes. An option changes the code itself. The kernel declares it
// in a comment:
//
//	// option F = IDENTITY | SIGMOID | TANH | RELU
//	// option BIAS
//
// An option of the first kind always has one of its values; one of the second kind is
// set or not. With F = TANH and BIAS the specialised kernel begins with
//
//	#define F TANH
//	#define BIAS 1
//
// and its name is activate_tanh_bias. Messages use this name.
//
// # Rules for kernels
//
// The first line is "#version 430". Storage blocks have the names of the op's operands and
// are declared layout(std430); a kernel has at most eight. Blocks that have a buffer of their
// own keep the same binding in all kernels, so that a step need not bind them again: Index has
// 7, the bytes or rows of a data set have 6, Labels or Targets have 3. Other blocks usually
// share one buffer. Params is layout(std140) and
// holds only scalars, or an array of structs of scalars. Values that vary from run to run
// are in the plain uniforms firstRow, learningRate, momentum, seed and stepNumber, and in
// stepValues, which the host computes for the op from the step. A grid has at most 65,535
// groups in a direction, so main steps by the grid until everything is done. Results must
// not depend on timing: kernels make sums in a fixed order, without atomics.
//
// # Including files
//
//	#include "activations.glsl"
//
// is replaced by the contents of a file. The name is relative to the including file. A file
// is included once, even if several lines name it. A file that includes itself, directly or
// not, is an error. The preprocessor recognises the line everywhere, also in comments and in
// parts that #if excludes.
//
// A driver reports errors by the numbers of file and line that #line directives gave it;
// [Source.Rewrite] replaces the numbers by names.
//
// # Trying other kernels
//
// If the environment has SHADEGRAD_SHADERS=DIR, the kernels are read from that directory,
// which must hold all files of this one. So a kernel can be changed and judged without
// building the program.
package shaders
