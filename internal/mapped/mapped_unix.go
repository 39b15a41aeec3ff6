//go:build unix

package mapped

import (
	"os"
	"unsafe"

	"golang.org/x/sys/unix"
)

func mapFile(f *os.File, size int) ([]byte, bool) {
	data, err := unix.Mmap(int(f.Fd()), 0, size, unix.PROT_READ, unix.MAP_SHARED)
	return data, err == nil
}

func unmap(data []byte) error { return unix.Munmap(data) }

// Prefetch asks the system to read mapped bytes now, in order: samples are used in random order, which is slow on a disk.
// It returns when the system has taken the request, which can take as long as reading.
func Prefetch(data []byte) {
	if len(data) == 0 {
		return
	}
	before := uintptr(unsafe.Pointer(&data[0])) % uintptr(unix.Getpagesize()) // the page begins there; the file is mapped from its beginning
	first := (*byte)(unsafe.Add(unsafe.Pointer(&data[0]), -int(before)))
	_ = unix.Madvise(unsafe.Slice(first, len(data)+int(before)), unix.MADV_WILLNEED) // a hint
}
