package naming

import (
	"slices"
	"testing"
)

func TestNaturalOrder(t *testing.T) {
	want := []string{"0", "01", "1", "2", "3a", "3b", "10", "a", "a1", "a2b", "a10", "a10b2", "a10b10", "b"}
	got := slices.Clone(want)
	slices.Reverse(got)
	slices.SortFunc(got, Natural)
	if !slices.Equal(got, want) {
		t.Errorf("got %q", got)
	}
	for _, a := range want {
		for _, b := range want {
			if x, y := Natural(a, b), Natural(b, a); (x == 0) != (a == b) || x > 0 && y >= 0 || x < 0 && y <= 0 {
				t.Errorf("Natural(%q, %q) = %d, the other way round %d", a, b, x, y)
			}
		}
	}
}
