//go:build cgo && !nogl && !darwin && !windows

// Package glfault makes OpenGL fail in a test process, as a broken GPU or driver does.
package glfault

/*
#include <stdlib.h>
#include "fault.h"
*/
import "C"

import (
	"slices"
	"unsafe"

	"shadegrad/internal/glctx"
)

// Faults are the names of the faults.
var Faults = []string{
	"none",
	"reset",         // glGetGraphicsResetStatus reports that the GPU was reset
	"hang",          // glDispatchCompute does not return
	"out of memory", // glGetError reports GL_OUT_OF_MEMORY
	"lost fence",    // glClientWaitSync times out
}

// Install makes contexts that are opened later fail once a fault is set.
func Install() {
	glctx.Intercept = func(name string, address unsafe.Pointer) unsafe.Pointer {
		text := C.CString(name)
		defer C.free(unsafe.Pointer(text))
		return C.faultWrap(text, address)
	}
}

// Set makes OpenGL fail from now on. It panics if there is no such fault.
func Set(fault string) {
	i := slices.Index(Faults, fault)
	if i < 0 {
		panic("glfault: unknown fault " + fault)
	}
	C.faultSet(C.int(i))
}
