package contract

import (
	"errors"

	"shadegrad/compute"
)

var closeChecks = []Check{
	{"close/twice does nothing", func(t *tester) {
		for range 3 {
			t.must("close", t.Close())
		}
	}},
	{"close/with work under way", func(t *tester) {
		m := t.mat(30, 30)
		t.compile(compute.Fill{Dst: m, Value: 1}).Run(compute.Args{})
		t.Fetch(m)
		t.must("close", t.Close())
	}},
	{"close/ends all use", func(t *tester) {
		m, bytes, index := t.mat(1, 2), t.bytes(1, 2), t.index(2, 2)
		e := t.compile(compute.Fill{Dst: m, Value: 1})
		t.must("close", t.Close())
		e.Run(compute.Args{})
		_, allocErr := t.Alloc(1, 2)
		_, bytesErr := t.AllocBytes(1, 2)
		_, indexErr := t.AllocIndex(2, 2)
		_, fetchErr := t.Fetch(m).Wait()
		_, compileErr := t.Compile(compute.Program{Ops: []compute.Op{compute.Fill{Dst: m}}})
		for _, c := range []struct {
			what string
			err  error
		}{
			{"Alloc", allocErr}, {"AllocBytes", bytesErr}, {"AllocIndex", indexErr},
			{"Write", t.Write(m, []float32{1, 2})}, {"WriteBytes", t.WriteBytes(bytes, []byte{1, 2})},
			{"WriteIndex", t.WriteIndex(index, []uint32{0, 1})}, {"Read", t.Read(make([]float32, 2), m)},
			{"Fetch", fetchErr}, {"Compile", compileErr}, {"Sync", t.Sync()},
		} {
			if !errors.Is(c.err, compute.ErrClosed) {
				t.fail("%s after Close returns %v, want ErrClosed", c.what, c.err)
			}
		}
		e.Release()
		t.Free(m.Buf)
		t.Free(nil)
	}},
}
