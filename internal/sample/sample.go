// Package sample divides the tests into make test, which runs go test -short, and make
// test-long. A test has the same cases in both; with -short it runs a part of them.
package sample

import "testing"

// Of returns list, or with -short every n-th element of it, the first included.
func Of[T any](list []T, n int) []T {
	if !testing.Short() {
		return list
	}
	var some []T
	for i := 0; i < len(list); i += n {
		some = append(some, list[i])
	}
	return some
}

// Skip reports whether a loop omits its i-th case: with -short it runs every n-th, the first
// included.
func Skip(i, n int) bool { return testing.Short() && i%n != 0 }

// Count returns all, or with -short some: the number of rounds, steps or random inputs.
func Count(all, some int) int {
	if testing.Short() {
		return some
	}
	return all
}
