// Package gltest decides what a test does where there is no OpenGL.
package gltest

import (
	"os"
	"testing"
)

// Require returns if err, the error of opening the GPU, is nil. Otherwise it
// skips the test, saying why; with SHADEGRAD_REQUIRE_GPU=1 in the environment,
// as in continuous integration, it fails the test instead, so that a broken
// backend cannot hide behind skipped tests.
func Require(t testing.TB, err error) {
	t.Helper()
	if err == nil {
		return
	}
	if os.Getenv("SHADEGRAD_REQUIRE_GPU") == "1" {
		t.Fatalf("SHADEGRAD_REQUIRE_GPU=1, but there is no OpenGL: %v", err)
	}
	t.Skipf("no OpenGL: %v", err)
}
