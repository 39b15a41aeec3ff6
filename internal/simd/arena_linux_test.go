package simd

import "syscall"

// newRegion returns memory between two pages that may not be read or written: to
// touch them ends the test.
func newRegion(size int) []byte {
	page := syscall.Getpagesize()
	m, err := syscall.Mmap(-1, 0, size+2*page, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
	if err != nil {
		panic("mmap: " + err.Error())
	}
	for _, guard := range [][]byte{m[:page], m[page+size:]} {
		if err := syscall.Mprotect(guard, syscall.PROT_NONE); err != nil {
			panic("mprotect: " + err.Error())
		}
	}
	return m[page : page+size]
}
