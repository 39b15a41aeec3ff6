package bounded

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// A recorder records the errors that a test reports.
type recorder struct {
	testing.TB
	errors []string
}

func (r *recorder) Helper() {}

func (r *recorder) Errorf(format string, args ...any) {
	r.errors = append(r.errors, fmt.Sprintf(format, args...))
}

var sink []byte

// TestCheck exceeds neither limit, and each one.
func TestCheck(t *testing.T) {
	for _, c := range []struct {
		name string
		f    func()
		want []string // how the errors begin
	}{
		{"nothing", func() {}, nil},
		{"memory in pieces", func() {
			for range MaxMemory>>20 + 1 {
				sink = make([]byte, 1<<20)
			}
		}, []string{"allocated"}},
		{"time", func() {
			for begin := used(); used()-begin <= MaxTime; {
			}
		}, []string{"took"}},
	} {
		r := &recorder{TB: t}
		Check(r, c.f)
		got := slices.Clone(r.errors)
		for i, text := range got {
			got[i], _, _ = strings.Cut(text, " ")
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: errors %q, want %q", c.name, r.errors, c.want)
		}
	}
}
