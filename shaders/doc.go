// Package shaders holds the compute kernels of the GPU backend, as GLSL files
// embedded in the program, and the preprocessor that makes of a kernel the source
// text of one specialisation. It needs no GPU.
//
// # Kernels
//
// Each file NAME.comp is a kernel. Those named as an op of package compute are
// the plain form of this op. The others are faster forms, or do several ops in one
// piece: product and combine are MatMul; layer is Gather, MatMul, Activate and Dropout;
// head is all from the last hidden layer to the loss and back; product_delta is MatMul,
// Dropout and Delta; product_update is MatMul or ColumnSum with Update, for several layers.
// The comment at the head of each says what it computes, who reads and writes what,
// and why.
//
// Sizes, offsets and constants are in a kernel's uniform block Params, so that
// one program serves all shapes. What changes the code itself is an option, which
// the kernel declares in a comment:
//
//	// option F = IDENTITY | SIGMOID | TANH | RELU
//	// option BIAS
//
// The first kind always has one of its values, the second is there or not. With
// F = TANH and BIAS the kernel is specialised to begin with
//
//	#define F TANH
//	#define BIAS 1
//
// and the specialisation is called after both: activate_tanh_bias. A message
// about a kernel uses this name.
//
// # Rules for kernels
//
// The first line is "#version 430". Storage blocks are named as the op's
// operands and are declared layout(std430); there are at most eight. Params is
// layout(std140) and holds scalars only, or an array of structs of them. What varies from
// run to run is in the plain uniforms firstRow, learningRate, momentum, seed and stepNumber,
// and in stepValues, which the host makes of the step for the op. A grid has at most 65,535
// groups in a direction, so main steps on by the grid until all is done. Results
// must not depend on timing: sums are made in a fixed order, without atomics.
//
// # Including files
//
//	#include "activations.glsl"
//
// puts a file in the place of the line. The name is relative to the file that
// says it. A file is put in once, however often it is named; a file that includes
// itself, through others or not, is an error. The line is recognised wherever it
// stands, in a comment or in a part that #if leaves out.
//
// A driver reports mistakes by the numbers of file and line that #line directives
// gave it; [Source.Rewrite] turns the numbers back to names.
//
// # Trying other kernels
//
// With SHADEGRAD_SHADERS=DIR in the environment the kernels are read from a
// directory, which must hold all the files of this one, instead of from the
// program. So a kernel can be changed and judged without building anything.
package shaders
