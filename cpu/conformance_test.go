package cpu_test

import (
	"testing"

	"shadegrad/compute"
	"shadegrad/compute/computetest"
	"shadegrad/cpu"
)

func TestConformance(t *testing.T) {
	computetest.Run(t, func(testing.TB) compute.Backend { return cpu.New() })
}
