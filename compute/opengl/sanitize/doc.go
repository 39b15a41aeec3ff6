// Package sanitize runs the kernels of the GPU backend as C++ programs under ThreadSanitizer and AddressSanitizer. Its
// tests have package judge's cases compute by them.
//
// glslang translates a kernel to SPIR-V, spirv-cross translates that to C++, and runtime.hpp makes it a program in which
// each invocation is a thread. ThreadSanitizer then reports two invocations that use the same memory without a barrier
// between them, also where the order of the invocations on a device happens to give the right results.
// AddressSanitizer reports each access outside of what the plan declares that a dispatch reads or writes. Memory that
// nothing has written is NaN, so that the judge finds what reads it.
package sanitize
