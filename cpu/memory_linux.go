package cpu

import "golang.org/x/sys/unix"

// availableMemory returns the most memory that the system could hand out, swap
// included, in bytes, or −1 if it does not say. Asking first turns what would be a
// kill by the kernel into a message.
func availableMemory() int64 {
	var info unix.Sysinfo_t
	if err := unix.Sysinfo(&info); err != nil {
		return -1
	}
	// Free memory leaves out the page cache, which the kernel gives back when
	// asked, so the whole of memory is the honest upper bound.
	return int64((uint64(info.Totalram) + uint64(info.Totalswap)) * uint64(info.Unit))
}
