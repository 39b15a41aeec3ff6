package memory

import (
	"math"
	"unsafe"

	"golang.org/x/sys/windows"
)

// memoryStatus is MEMORYSTATUSEX of the Windows API. All sizes are bytes.
type memoryStatus struct {
	length                                    uint32
	load                                      uint32
	physical, freePhysical                    uint64
	commitLimit, freeCommit                   uint64 // physical memory and page files
	virtual, freeVirtual, freeExtendedVirtual uint64
}

var globalMemoryStatusEx = windows.NewLazySystemDLL("kernel32.dll").NewProc("GlobalMemoryStatusEx")

func available() int64 {
	s := memoryStatus{length: uint32(unsafe.Sizeof(memoryStatus{}))}
	if globalMemoryStatusEx.Find() != nil {
		return -1
	}
	if ok, _, _ := globalMemoryStatusEx.Call(uintptr(unsafe.Pointer(&s))); ok == 0 {
		return -1
	}
	return int64(min(s.freeCommit, s.freeVirtual, math.MaxInt64))
}
