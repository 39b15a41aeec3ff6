// Package computetest tests backends. A backend's whole test is
//
//	func TestConformance(t *testing.T) {
//		computetest.Run(t, func(testing.TB) compute.Backend { return cpu.New() })
//	}
//
// Each case is a subtest with its parameters in its name, so that a failed case can be
// run alone:
//
//	go test -run 'TestConformance/matmul/matmul_tn/m=33,n=67,k=33' ./cpu
//
// [Compare] compares a backend with another one, such as the GPU's with the CPU's.
//
// The cases are in package cases and the promises in package contract, for programs that are not tests. This package also
// tests the judge: [Faults] wrap a correct backend and plant a mistake in it, and each of them
// must fail. A backend that rounds as inaccurately as OpenGL allows must pass.
package computetest
