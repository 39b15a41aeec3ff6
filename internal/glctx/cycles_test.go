//go:build cgo && !nogl && !darwin

package glctx

import (
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"shadegrad/internal/glctx/gltest"
	"shadegrad/internal/sample"
)

// usage returns the process's resident memory, open files and threads.
func usage(t *testing.T) (rss, files, threads int) {
	t.Helper()
	statm, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		t.Fatal(err)
	}
	pages, err := strconv.Atoi(strings.Fields(string(statm))[1])
	if err != nil {
		t.Fatal(err)
	}
	count := func(dir string) int {
		names, err := filepath.Glob(filepath.Join("/proc/self", dir, "*"))
		if err != nil {
			t.Fatal(err)
		}
		return len(names)
	}
	return pages * os.Getpagesize(), count("fd"), count("task")
}

func TestCycles(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("reads Linux's /proc")
	}
	cycles := func(t *testing.T, n int) {
		for i := range n {
			c, err := Open()
			gltest.Require(t, err)
			checkWorks(t, c, uint32(i))
			if err := c.Close(); err != nil {
				t.Fatalf("cycle %d: Close: %v", i, err)
			}
		}
	}
	check := func(t *testing.T) {
		n := sample.Count(50, 15)
		cycles(t, 10) // the driver has then allocated what it keeps
		runtime.GC()
		rss, files, threads := usage(t)
		cycles(t, n)
		runtime.GC()
		rssAfter, filesAfter, threadsAfter := usage(t)
		t.Logf("%d cycles: %+d KiB, %+d files, %+d threads", n, (rssAfter-rss)/1024, filesAfter-files, threadsAfter-threads)
		// A context of llvmpipe takes about 10 MB. A leak of one a cycle would be
		// 500 MB in 50 cycles, a leak of 1 MB a cycle 50 MB.
		if rssAfter-rss > 25<<20 {
			t.Errorf("%d cycles leaked %d MiB", n, (rssAfter-rss)>>20)
		}
		if filesAfter-files > 2 {
			t.Errorf("%d cycles left %d files open", n, filesAfter-files)
		}
		// The Go runtime keeps a few threads too.
		if threadsAfter-threads > 10 {
			t.Errorf("%d cycles left %d threads", n, threadsAfter-threads)
		}
	}
	t.Run("window", func(t *testing.T) {
		needDisplay(t)
		check(t)
	})
	t.Run("EGL", func(t *testing.T) {
		withoutDisplay(t)
		check(t)
	})
}
