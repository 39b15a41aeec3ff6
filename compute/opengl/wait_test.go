//go:build cgo && !nogl && !darwin

package opengl

import (
	"testing"
	"time"
)

// TestStopwatch checks that a stopped process does not count as a device that hangs.
func TestStopwatch(t *testing.T) {
	var s stopwatch
	s.start()
	s.last -= time.Hour // stopped for an hour
	if d := s.lap(); d != longestLap {
		t.Errorf("an hour counts as %v, want %v", d, longestLap)
	}
	s.last -= longestLap / 2
	if d := s.lap(); d < longestLap*3/2 || d > 2*longestLap {
		t.Errorf("%v after half a second more", d)
	}
}
