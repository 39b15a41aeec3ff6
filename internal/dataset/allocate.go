package dataset

// allocate returns n bytes of zeros, in large pages where the system has them for the asking: a data set is written
// once from end to end, and of the time that takes the page faults would be the larger part.
func allocate(n int) []byte {
	b := make([]byte, n)
	wantLargePages(b)
	return b
}
