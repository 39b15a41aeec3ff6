package clock

import (
	"math/bits"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/windows"
)

var (
	kernel32  = windows.NewLazySystemDLL("kernel32.dll")
	counter   = kernel32.NewProc("QueryPerformanceCounter").Addr()
	frequency = query(kernel32.NewProc("QueryPerformanceFrequency").Addr()) // per second
)

// query returns the number that a function of the performance counter stores. Since Windows XP they do not fail.
func query(f uintptr) (n uint64) {
	syscall.SyscallN(f, uintptr(unsafe.Pointer(&n)))
	return n
}

// Now returns the time since an arbitrary moment, by the performance counter. It does not allocate.
func Now() time.Duration {
	hi, lo := bits.Mul64(query(counter), uint64(time.Second))
	ns, _ := bits.Div64(hi, lo, frequency)
	return time.Duration(ns)
}
