package memory

import (
	"math"
	"sync"
	"testing"
)

func TestBudget(t *testing.T) {
	b := NewBudget(100)
	for _, c := range []struct {
		n    int64
		want string
	}{{60, ""}, {41, "41 bytes asked for, 40 bytes of memory available"}, {40, ""}, {0, ""}, {1, "1 bytes asked for, 0 bytes of memory available"}} {
		if err := b.Take(c.n); c.want == "" && err != nil || c.want != "" && (err == nil || err.Error() != c.want) {
			t.Errorf("Take(%d): error %v, want %q", c.n, err, c.want)
		}
	}
	if err := NewBudget(-1).Take(math.MaxInt64); err != nil {
		t.Error("a budget without end has one")
	}
}

// TestBudgetShared takes from several goroutines, together no more than there is.
func TestBudgetShared(t *testing.T) {
	b := NewBudget(1000)
	var wg sync.WaitGroup
	taken := make([]int, 8)
	for i := range taken {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for {
				if b.Take(1) != nil {
					return
				}
				taken[i]++
			}
		}()
	}
	wg.Wait()
	sum := 0
	for _, n := range taken {
		sum += n
	}
	if sum != 1000 {
		t.Errorf("%d were taken of 1000", sum)
	}
}
