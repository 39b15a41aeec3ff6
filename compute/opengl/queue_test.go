//go:build cgo && !nogl && !darwin

package opengl

import (
	"testing"

	"shadegrad/compute"
)

// TestManyRuns checks that a caller that never waits does not fill the memory.
func TestManyRuns(t *testing.T) {
	b := openTest(t, Options{}, seams{})
	m, err := b.Alloc(1, 1)
	if err != nil {
		t.Fatal(err)
	}
	fill := mustCompile(t, b, "fill", compute.Fill{Dst: m, Value: 1})
	const runs = 100_000
	waits := b.Counts().Waits
	for range runs {
		fill.Run(compute.Args{})
		if fences := b.Counts().Fences; fences > maxBatches {
			t.Fatalf("%d batches are on their way, want at most %d", fences, maxBatches)
		}
	}
	if c := b.Counts(); c.Waits != waits {
		t.Errorf("runs waited %d times", c.Waits-waits)
	}
	if err := b.Sync(); err != nil {
		t.Fatal(err)
	}
	if c := b.Counts(); c.Runs != runs || c.Dispatches != runs || c.Fences != 0 || c.Batches < runs/batchRuns {
		t.Errorf("after %d runs the counts are %+v", runs, c)
	}
}

// TestRunAllocatesNothing checks that a step does not allocate on either thread.
func TestRunAllocatesNothing(t *testing.T) {
	b := openTest(t, Options{}, seams{})
	n := newNet(t, b)
	n.epoch()
	if err := b.Sync(); err != nil {
		t.Fatal(err)
	}
	if allocs := testing.AllocsPerRun(100, n.epoch); allocs != 0 {
		t.Errorf("an epoch of four steps allocates %v times", allocs)
	}
	if err := b.Sync(); err != nil {
		t.Fatal(err)
	}
}

// TestFetchArrivesWithoutWait checks that a fetch arrives without Wait and does not stop other
// work.
func TestFetchArrivesWithoutWait(t *testing.T) {
	b := openTest(t, Options{}, seams{})
	m, err := b.Alloc(1, 3)
	if err != nil {
		t.Fatal(err)
	}
	one := mustCompile(t, b, "one", compute.Fill{Dst: m, Value: 1})
	two := mustCompile(t, b, "two", compute.Fill{Dst: m, Value: 2})
	one.Run(compute.Args{})
	f := b.Fetch(m)
	two.Run(compute.Args{})
	<-f.(*fetch).done // closed by the context's thread alone
	if !f.Ready() {
		t.Error("a fetch that has arrived is not ready")
	}
	got, err := f.Wait()
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range got {
		if v != 1 {
			t.Fatalf("fetched %v, want the values at the time of the fetch, 1", got)
		}
	}
}

// TestFetchesReuseBuffers checks that staging buffers of fetches are reused, and that only a
// few are kept.
func TestFetchesReuseBuffers(t *testing.T) {
	b := openTest(t, Options{}, seams{})
	n := newNet(t, b)
	before := b.Counts().Buffers
	for range 100 {
		var list []compute.Fetch
		for range 20 {
			list = append(list, b.Fetch(n.total))
		}
		for _, f := range list {
			if _, err := f.Wait(); err != nil {
				t.Fatal(err)
			}
		}
	}
	if more := b.Counts().Buffers - before; more > maxSpare {
		t.Errorf("2,000 fetches left %d buffers, want at most %d", more, maxSpare)
	}
}
