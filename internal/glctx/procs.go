//go:build cgo && !nogl

package glctx

import (
	"errors"
	"fmt"
	"sync"
	"unsafe"

	"github.com/go-gl/gl/v4.3-core/gl"
)

// go-gl keeps OpenGL's function addresses in global variables. While a context
// is open its thread reads them, so a second context must not write them again;
// it need not, where the driver gives it the same addresses, as GLX and EGL do
// by their specifications (an address does not depend on the context) and as
// libglvnd does for all drivers behind it. Where the addresses differ (two
// drivers on Windows), the second context is refused.
var procs struct {
	mu    sync.Mutex
	users int
	table map[string]unsafe.Pointer // what go-gl was told, by function
}

// loadProcs gives go-gl the functions of the context that is current, or
// checks that it has them. Each success needs a call of forgetProcs.
func loadProcs(address func(string) unsafe.Pointer) error {
	procs.mu.Lock()
	defer procs.mu.Unlock()
	if procs.users > 0 {
		for name, have := range procs.table {
			// One that only one of the two drivers has is an extension's: its
			// caller asks for the extension first.
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
		return p
	})
	if err != nil {
		return errors.New("the driver lacks the function " + err.Error())
	}
	procs.table, procs.users = table, 1
	return nil
}

func forgetProcs() {
	procs.mu.Lock()
	defer procs.mu.Unlock()
	procs.users--
}
