//go:build !linux

package dataset

func wantLargePages([]byte) {} // not supported
