package dataset

import "unsafe"

// allocate returns n bytes of zeros, in large pages where the system has them for the asking: a data set is written
// once from end to end, and of the time that takes the page faults would be the larger part.
func allocate(n int) []byte {
	b := make([]byte, n)
	wantLargePages(b)
	return b
}

// allocateNumbers is allocate for n numbers.
func allocateNumbers(n int) []float32 {
	v := make([]float32, n)
	if n > 0 {
		wantLargePages(unsafe.Slice((*byte)(unsafe.Pointer(&v[0])), 4*n))
	}
	return v
}
