//go:build cgo && !nogl

package opengl

import (
	"testing"

	"shadegrad/compute"
	"shadegrad/compute/computetest"
)

func TestConformance(t *testing.T) {
	computetest.Run(t, func(t testing.TB) compute.Backend { return openTest(t, Options{}, seams{}) })
}
