package memory

import (
	"math"
	"sync"
	"testing"
)

func TestBudget(t *testing.T) {
	b := NewBudget(100)
	for _, c := range []struct {
		n, left int64
		ok      bool
	}{{60, 100, true}, {41, 40, false}, {40, 40, true}, {0, 0, true}, {1, 0, false}} {
		if left, ok := b.Take(c.n); left != c.left || ok != c.ok {
			t.Errorf("Take(%d) = %d, %t; want %d, %t", c.n, left, ok, c.left, c.ok)
		}
	}
	if _, ok := NewBudget(-1).Take(math.MaxInt64); !ok {
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
				if _, ok := b.Take(1); !ok {
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
