//go:build !cgo || nogl || darwin

package opengl

import (
	"runtime"

	"shadegrad/compute"
	"shadegrad/internal/glctx"
)

// A Backend cannot be opened in this build.
type Backend struct{ compute.Backend }

// Open returns ErrNoSupport, or on macOS a *VersionError.
func Open(Options) (*Backend, error) { return nil, glctx.NoSupport(runtime.GOOS) }

// Counts returns the zero Counts.
func (b *Backend) Counts() Counts { return Counts{} }

// Kernels returns no choices.
func (b *Backend) Kernels() (chosen map[string]string, final bool) { return nil, true }

// Chooses returns false.
func (b *Backend) Chooses(map[string]string) bool { return false }

// Interrupt does nothing.
func (b *Backend) Interrupt() {}

// Prefetch does nothing.
func (b *Backend) Prefetch([]compute.Program) {}

// StartProfile returns ErrNoSupport.
func (b *Backend) StartProfile() error { return ErrNoSupport }

// StopProfile returns ErrNoSupport.
func (b *Backend) StopProfile() (compute.Profile, error) { return compute.Profile{}, ErrNoSupport }

// PeakFlops returns ErrNoSupport.
func (b *Backend) PeakFlops() (float64, error) { return 0, ErrNoSupport }
