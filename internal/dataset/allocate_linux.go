package dataset

import (
	"os"
	"unsafe"

	"golang.org/x/sys/unix"
)

// largePage is how large one is at least, and smaller memory can have none.
const largePage = 2 << 20

// wantLargePages asks for b's memory in large pages, without changing what is in it. It is a wish: a kernel that has
// none to give says so, or does nothing, and the pages are small.
func wantLargePages(b []byte) {
	if len(b) < largePage {
		return
	}
	page := os.Getpagesize()
	skip := -int(uintptr(unsafe.Pointer(&b[0]))) & (page - 1) // to the first whole page
	whole := (len(b) - skip) &^ (page - 1)
	_ = unix.Madvise(b[skip:skip+whole], unix.MADV_HUGEPAGE)
}
