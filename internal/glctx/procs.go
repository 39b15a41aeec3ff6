//go:build cgo && !nogl && !darwin

package glctx

import (
	"fmt"
	"sync"
	"unsafe"

	"github.com/go-gl/gl/v4.3-core/gl"
)

// procs holds OpenGL's function addresses, which go-gl keeps in global variables.
// The thread of an open context reads these, so a second context must not write
// them. It need not if the driver gives it the same addresses. GLX and EGL
// guarantee that, and libglvnd for all of its drivers. If the addresses differ, as
// between two drivers on Windows, loadProcs refuses the second context.
var procs struct {
	mu    sync.Mutex
	users int
	table map[string]unsafe.Pointer // by function name
}

// Intercept, if not nil, is called with the address of each function of OpenGL and
// returns the address to use. Tests replace functions by ones that fail.
var Intercept func(name string, address unsafe.Pointer) unsafe.Pointer

// loadProcs gives go-gl the functions of the current context, or checks that it has
// them. Pair each success with a call of forgetProcs.
func loadProcs(address func(string) unsafe.Pointer) error {
	procs.mu.Lock()
	defer procs.mu.Unlock()
	if procs.users > 0 {
		for name, have := range procs.table {
			// Only an extension's function may be missing in one driver, and its
			// caller checks for the extension.
			if p := address(name); p != nil && have != nil && p != have {
				return fmt.Errorf("another context is open on another OpenGL driver (%s differs); close it first", name)
			}
		}
		procs.users++
		return nil
	}
	table := make(map[string]unsafe.Pointer)
	err := gl.InitWithProcAddrFunc(func(name string) unsafe.Pointer {
		p := address(name)
		table[name] = p
		if Intercept != nil && p != nil {
			return Intercept(name, p)
		}
		return p
	})
	if err != nil {
		return fmt.Errorf("the driver lacks the function %w", err)
	}
	procs.table, procs.users = table, 1
	return nil
}

func forgetProcs() {
	procs.mu.Lock()
	defer procs.mu.Unlock()
	procs.users--
}
