package cpu_test

import (
	"errors"
	"testing"

	"shadegrad/compute"
	"shadegrad/cpu"
)

// TestPeakFlops expects a plausible rate, and an error from a closed backend.
func TestPeakFlops(t *testing.T) {
	b := cpu.New()
	rate, err := b.PeakFlops()
	if err != nil || rate < 1e6 || rate > 1e17 {
		t.Errorf("%g operations a second, error %v", rate, err)
	}
	b.Close()
	if _, err := b.PeakFlops(); !errors.Is(err, compute.ErrClosed) {
		t.Errorf("closed: error %v", err)
	}
}
