//go:build cgo && !nogl && !darwin && linux && (amd64 || arm64)

package glctx

/*
// The linker omits a library from which nothing is needed.
#cgo LDFLAGS: -Wl,--as-needed -ldl
#include <stdlib.h>
const char *x11Load(const char *library);
*/
import "C"

import "unsafe"

// x11Library is the library to load. A test replaces it.
var x11Library = "libX11.so.6"

// loadX11 loads the library that GLFW's functions call. Call it before any of them.
func loadX11() error {
	name := C.CString(x11Library)
	defer C.free(unsafe.Pointer(name))
	if why := C.x11Load(name); why != nil {
		return notInstalled(x11Library, "libx11-6", oneLine(C.GoString(why)))
	}
	return nil
}
