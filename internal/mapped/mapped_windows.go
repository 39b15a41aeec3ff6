package mapped

import (
	"os"
	"unsafe"

	"golang.org/x/sys/windows"
)

func mapFile(f *os.File, size int) ([]byte, bool) {
	mapping, err := windows.CreateFileMapping(windows.Handle(f.Fd()), nil, windows.PAGE_READONLY, 0, 0, nil)
	if err != nil {
		return nil, false
	}
	defer windows.CloseHandle(mapping) // the view keeps it open
	at, err := windows.MapViewOfFile(mapping, windows.FILE_MAP_READ, 0, 0, uintptr(size))
	if err != nil {
		return nil, false
	}
	// The address is not that of a Go object, so the garbage collector ignores it.
	return unsafe.Slice(*(**byte)(unsafe.Pointer(&at)), size), true
}

func unmap(data []byte) error {
	return windows.UnmapViewOfFile(uintptr(unsafe.Pointer(unsafe.SliceData(data))))
}

// Prefetch does nothing: Windows reads ahead of page faults itself.
func Prefetch([]byte) {}
