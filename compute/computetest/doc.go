// Package computetest tests backends. A backend's whole test is
//
//	func TestConformance(t *testing.T) {
//		computetest.Run(t, func(testing.TB) compute.Backend {
//			return cpu.New(cpu.Options{})
//		})
//	}
//
// Package judge has what is asked, for programs that are no tests. The judge is
// judged here as well: [Faults] are mistakes that a backend could make, as
// wrappers of a backend that makes none, and each of them must fail.
package computetest
