package dataset

import "unsafe"

// allocate returns n zero bytes, in large pages if the system supports them: a data set is written once from end to
// end, and page faults would take most of the time.
func allocate(n int) []byte {
	b := make([]byte, n)
	wantLargePages(b)
	return b
}

// allocateNumbers returns n zero numbers, as allocate does.
func allocateNumbers(n int) []float32 {
	v := make([]float32, n)
	if n > 0 {
		wantLargePages(unsafe.Slice((*byte)(unsafe.Pointer(&v[0])), 4*n))
	}
	return v
}
