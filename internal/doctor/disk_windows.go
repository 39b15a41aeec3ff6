package doctor

import "golang.org/x/sys/windows"

// freeSpace returns the bytes available to the user in a directory.
func freeSpace(dir string) (free int64, known bool) {
	path, err := windows.UTF16PtrFromString(dir)
	if err != nil {
		return 0, false
	}
	var n uint64
	err = windows.GetDiskFreeSpaceEx(path, &n, nil, nil)
	return int64(n), err == nil
}
