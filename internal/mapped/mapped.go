// Package mapped maps large files into memory instead of reading them. The system reads a page of the file when the
// program first uses it, and can take the memory back at any time, since the file still has the bytes.
package mapped

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"sync"
	"unsafe"
)

var (
	mu    sync.Mutex
	files []file
)

// A file is a mapped file.
type file struct {
	name string
	data []byte
}

// Map maps the first size bytes of a file, size > 0, for reading; writing to them ends the program. They stay mapped until
// the program ends, or UnmapAll. Map reports whether the system could map the file: it cannot map one within an archive.
//
// If the file becomes shorter afterwards, using the lost bytes is a fault. Goroutines that use the bytes call
// debug.SetPanicOnFault, and the function that recovers the panic calls AsError.
func Map(f fs.File, size int64) (data []byte, ok bool) {
	of, ok := f.(*os.File)
	if !ok || size != int64(int(size)) {
		return nil, false
	}
	if data, ok = mapFile(of, int(size)); ok {
		mu.Lock()
		files = append(files, file{of.Name(), data})
		mu.Unlock()
	}
	return data, ok
}

// UnmapAll unmaps all files, whose bytes must not be used afterwards. It is for tests: Windows does not delete a mapped file.
func UnmapAll() error {
	mu.Lock()
	defer mu.Unlock()
	var errs []error
	for _, f := range files {
		errs = append(errs, unmap(f.data))
	}
	files = nil
	return errors.Join(errs...)
}

// A FaultError reports a mapped file whose bytes could not be read.
type FaultError struct{ Name string }

func (e *FaultError) Error() string {
	return fmt.Sprintf("%s: the file became shorter or unreadable during the run", e.Name)
}

// AsError returns a *FaultError if a recovered panic is a fault in a mapped file, otherwise nil.
func AsError(recovered any) error {
	fault, ok := recovered.(interface{ Addr() uintptr }) // as debug.SetPanicOnFault documents
	if !ok {
		return nil
	}
	mu.Lock()
	defer mu.Unlock()
	for _, f := range files {
		first := uintptr(unsafe.Pointer(unsafe.SliceData(f.data)))
		if a := fault.Addr(); a >= first && a-first < uintptr(len(f.data)) {
			return &FaultError{f.name}
		}
	}
	return nil
}
