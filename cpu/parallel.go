package cpu

import (
	"runtime"
	"sync"
)

// grain is how many elements a goroutine must have to be worth starting: some
// ten microseconds of work.
const grain = 16384

// parallel calls f on consecutive ranges that cover [0, n), on as many goroutines
// as there are threads, where an item costs about cost elements of work. What f
// does to one item must not depend on the range it comes in.
func parallel(n, cost int, f func(lo, hi int)) {
	parts := min(runtime.GOMAXPROCS(0), n, 1+n*cost/grain)
	if parts <= 1 {
		f(0, n)
		return
	}
	var wg sync.WaitGroup
	for p := range parts {
		lo, hi := p*n/parts, (p+1)*n/parts
		wg.Add(1)
		go func() {
			defer wg.Done()
			f(lo, hi)
		}()
	}
	wg.Wait()
}
