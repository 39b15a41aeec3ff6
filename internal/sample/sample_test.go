package sample

import (
	"flag"
	"slices"
	"testing"
)

// TestSample compares the whole and the sample of a list.
func TestSample(t *testing.T) {
	before := flag.Lookup("test.short").Value.String()
	t.Cleanup(func() { flag.Set("test.short", before) })
	list := []int{0, 1, 2, 3, 4, 5, 6}
	for _, c := range []struct {
		short string
		want  []int
		count int
	}{{"false", list, 9}, {"true", []int{0, 3, 6}, 2}} {
		flag.Set("test.short", c.short)
		if got := Of(list, 3); !slices.Equal(got, c.want) {
			t.Errorf("-short=%s: every third element is %v, want %v", c.short, got, c.want)
		}
		var ran []int
		for i := range list {
			if !Skip(i, 3) {
				ran = append(ran, i)
			}
		}
		if !slices.Equal(ran, c.want) {
			t.Errorf("-short=%s: every third case is %v, want %v", c.short, ran, c.want)
		}
		if got := Count(9, 2); got != c.count {
			t.Errorf("-short=%s: %d rounds, want %d", c.short, got, c.count)
		}
	}
}
