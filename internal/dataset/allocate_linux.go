package dataset

import (
	"os"
	"unsafe"

	"golang.org/x/sys/unix"
)

// largePage is the least size of a large page. Smaller memory cannot have one.
const largePage = 2 << 20

// wantLargePages asks the kernel to use large pages for b. The kernel may decline.
func wantLargePages(b []byte) {
	if len(b) < largePage {
		return
	}
	page := os.Getpagesize()
	skip := -int(uintptr(unsafe.Pointer(&b[0]))) & (page - 1) // to the first whole page
	whole := (len(b) - skip) &^ (page - 1)
	_ = unix.Madvise(b[skip:skip+whole], unix.MADV_HUGEPAGE)
}
