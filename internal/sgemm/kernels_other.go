//go:build !amd64

package sgemm

import "shadegrad/internal/simd"

// kernelsFor returns nil: gonum's code serves this architecture.
func kernelsFor(simd.Level) *kernels { return nil }
