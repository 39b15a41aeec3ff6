// Package simd holds the float32 vector kernels of a training step on the CPU.
//
// Each kernel exists in Go, which runs on every processor, and in assembly for AVX2
// with FMA and for AVX-512, most also for NEON. The functions whose names end with Go
// define what the kernels compute. The level is selected once, at start, from what the
// processor and the operating system support. The environment variable SHADEGRAD_SIMD
// (off, avx2, avx512 or neon) overrides it. Module internal/gen generates the assembly
// and the functions that select a kernel for the level. go generate runs it.
//
// # Results
//
// The levels may differ in rounding: the assembly fuses multiplications with
// additions, and adds in an order that suits its registers. At one level a result
// depends on the operands only, and not on their alignment. The result of an
// elementwise function does not depend on how a caller divides an array among calls.
//
// # Lengths
//
// Slices may have any length, including zero. The kernels do not read or write
// outside them. A function panics with its name if lengths do not match. Unless its
// documentation states otherwise, its operands are the same slice or do not overlap.
//
// No function allocates or starts a goroutine.
package simd

//go:generate go run -C ../gen . simd
