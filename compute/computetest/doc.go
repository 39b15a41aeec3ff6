// Package computetest tests backends. A backend's whole test is
//
//	func TestConformance(t *testing.T) {
//		computetest.Run(t, func(testing.TB) compute.Backend { return cpu.New() })
//	}
//
// Each case is a subtest with its parameters in its name, so that one that fails
// can be run alone:
//
//	go test -run 'TestConformance/matmul/matmul_tn/m=33,n=67,k=33' ./cpu
//
// [Compare] judges a backend by another one, as the GPU's by the CPU's.
//
// What is asked is in package judge, for programs that are no tests. The judge is
// judged here as well: [Faults] are mistakes that a backend could make, as
// wrappers of a backend that makes none, and each of them must fail. A backend
// that rounds as carelessly as OpenGL lets it must pass.
package computetest
