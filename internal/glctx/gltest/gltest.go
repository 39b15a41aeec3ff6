// Package gltest skips or fails tests on machines without OpenGL.
package gltest

import (
	"os"
	"testing"
)

// Require skips the test if err, the error of opening the GPU, is not nil. With
// SHADEGRAD_REQUIRE_GPU=1, as in continuous integration, it fails the test instead,
// so a broken backend cannot hide behind skipped tests.
func Require(t testing.TB, err error) {
	t.Helper()
	if err == nil {
		return
	}
	if os.Getenv("SHADEGRAD_REQUIRE_GPU") == "1" {
		t.Fatalf("SHADEGRAD_REQUIRE_GPU=1, but OpenGL is missing: %v", err)
	}
	t.Skipf("no OpenGL: %v", err)
}
