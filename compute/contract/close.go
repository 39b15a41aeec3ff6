package contract

import (
	"errors"
	"fmt"

	"shadegrad/compute"
)

var closeChecks = []Check{
	on("close/twice does nothing", func(b compute.Backend) error {
		for range 3 {
			if err := b.Close(); err != nil {
				return err
			}
		}
		return nil
	}),
	on("close/with work under way", func(b compute.Backend) error {
		m, err := alloc(b, 30, 30)
		if err != nil {
			return err
		}
		e, err := compileOps(b, compute.Fill{Dst: m, Value: 1})
		if err != nil {
			return err
		}
		e.Run(compute.Args{})
		b.Fetch(m)
		return b.Close()
	}),
	on("close/ends all use", closed),
}

func closed(b compute.Backend) error {
	m, err1 := alloc(b, 1, 2)
	bytes, err2 := b.AllocBytes(1, 2)
	index, err3 := b.AllocIndex(2, 2)
	e, err4 := compileOps(b, compute.Fill{Dst: m, Value: 1})
	if err := first(err1, err2, err3, err4, b.Close()); err != nil {
		return err
	}
	e.Run(compute.Args{})
	_, allocErr := b.Alloc(1, 2)
	_, bytesErr := b.AllocBytes(1, 2)
	_, indexErr := b.AllocIndex(2, 2)
	_, fetchErr := b.Fetch(m).Wait()
	_, compileErr := b.Compile(compute.Program{Ops: []compute.Op{compute.Fill{Dst: m}}})
	for _, c := range []struct {
		what string
		err  error
	}{
		{"Alloc", allocErr}, {"AllocBytes", bytesErr}, {"AllocIndex", indexErr},
		{"Write", b.Write(m, []float32{1, 2})}, {"WriteBytes", b.WriteBytes(bytes, []byte{1, 2})},
		{"WriteIndex", b.WriteIndex(index, []uint32{0, 1})}, {"Read", b.Read(make([]float32, 2), m)},
		{"Fetch", fetchErr}, {"Compile", compileErr}, {"Sync", b.Sync()},
	} {
		if !errors.Is(c.err, compute.ErrClosed) {
			return fmt.Errorf("%s after Close returns %v, want ErrClosed", c.what, c.err)
		}
	}
	e.Release()
	b.Free(m.Buf)
	b.Free(nil)
	return nil
}
