package contract

import (
	"errors"
	"fmt"

	"shadegrad/compute"
	"shadegrad/compute/reference"
)

var ownershipChecks = []Check{
	on("ownership/a write takes its source", sources),
	on("ownership/a fetch gives its values away", fetchedValues),
	on("ownership/a compiled program is a copy", programCopied),
	on("ownership/freeing nil does nothing", func(b compute.Backend) error {
		b.Free(nil)
		return b.Sync()
	}),
	on("ownership/memory is freed after the work before", freeQueued),
	{"ownership/transfers need a live matrix of the backend", strangers},
}

// sources overwrites what it has just handed over.
func sources(b compute.Backend) error {
	m, err1 := alloc(b, 1, 3)
	bytes, err2 := b.AllocBytes(3, 1)
	index, err3 := b.AllocIndex(3, 3)
	dst, err4 := alloc(b, 3, 1)
	if err := first(err1, err2, err3, err4); err != nil {
		return err
	}
	values, octets, rows := []float32{1, 2, 3}, []byte{10, 20, 30}, []uint32{2, 1, 0}
	if err := first(b.Write(m, values), b.WriteBytes(bytes, octets), b.WriteIndex(index, rows)); err != nil {
		return err
	}
	clear(values)
	clear(octets)
	clear(rows)
	e, err := compileOps(b, compute.Gather{Dst: dst, Src: bytes, Index: index, Scale: 1})
	if err != nil {
		return err
	}
	defer e.Release()
	e.Run(compute.Args{})
	if err := expect(b, m, 1, 2, 3); err != nil {
		return fmt.Errorf("write: %w", err)
	}
	if err := expect(b, dst, 30, 20, 10); err != nil {
		return fmt.Errorf("write bytes, write index: %w", err)
	}
	return nil
}

func fetchedValues(b compute.Backend) error {
	m, err := alloc(b, 1, 3, 1, 2, 3)
	if err != nil {
		return err
	}
	one, two := b.Fetch(m), b.Fetch(m)
	mine, err := one.Wait()
	if err != nil {
		return err
	}
	clear(mine)
	yours, err := two.Wait()
	if err != nil {
		return err
	}
	if err := equal(yours, []float32{1, 2, 3}); err != nil {
		return fmt.Errorf("a change to one fetch's values shows in another's: %w", err)
	}
	return expect(b, m, 1, 2, 3)
}

func programCopied(b compute.Backend) error {
	m, err := alloc(b, 1, 2)
	if err != nil {
		return err
	}
	p := compute.Program{Name: "copied", Ops: []compute.Op{compute.Fill{Dst: m, Value: 1}}}
	e, err := b.Compile(p)
	if err != nil {
		return err
	}
	defer e.Release()
	p.Ops[0] = compute.Fill{Dst: m, Value: 2}
	e.Run(compute.Args{})
	return expect(b, m, 1)
}

func freeQueued(b compute.Backend) error {
	dst, err1 := alloc(b, 40, 30)
	x, err2 := alloc(b, 40, 50)
	y, err3 := alloc(b, 50, 30)
	if err := first(err1, err2, err3); err != nil {
		return err
	}
	e, err := compileOps(b, compute.Fill{Dst: x, Value: 2}, compute.Fill{Dst: y, Value: 3}, compute.MatMul{Dst: dst, A: x, B: y})
	if err != nil {
		return err
	}
	e.Run(compute.Args{})
	e.Release()
	b.Free(x.Buf)
	b.Free(y.Buf)
	// New memory may lie where the old was.
	z, err := alloc(b, 40, 50)
	if err != nil {
		return err
	}
	if err := expect(b, z, 0); err != nil {
		return fmt.Errorf("new memory: %w", err)
	}
	return expect(b, dst, 300)
}

// A stranger is a buffer of no backend.
type stranger int

func (s stranger) Elems() int { return int(s) }

func strangers(o *opener) error {
	b, err := o.backend()
	if err != nil {
		return err
	}
	m, err1 := alloc(b, 1, 4)
	gone, err2 := alloc(b, 1, 4)
	foreign, err3 := reference.New().Alloc(1, 4)
	octets, err4 := b.AllocBytes(1, 4)
	if err := first(err1, err2, err3, err4); err != nil {
		return err
	}
	b.Free(gone.Buf)
	outside := m
	outside.Off = 1
	for _, c := range []struct {
		what string
		m    compute.Mat
	}{
		{"no matrix", compute.Mat{}},
		{"a stranger's matrix", compute.Mat{Buf: stranger(4), Rows: 1, Cols: 4}},
		{"another backend's matrix", foreign},
		{"a freed matrix", gone},
		{"a view that ends outside its buffer", outside},
		{"a view that begins outside its buffer", compute.Mat{Buf: m.Buf, Off: -1, Rows: 1, Cols: 4}},
		{"a matrix made of bytes", compute.Mat{Buf: octets.Buf, Rows: 1, Cols: 4}},
		{"a view of fewer than no rows", compute.Mat{Buf: m.Buf, Rows: -1, Cols: 4}},
	} {
		_, fetchErr := b.Fetch(c.m).Wait()
		values := make([]float32, max(0, c.m.Len()))
		if err := first(
			refused("writing "+c.what, b.Write(c.m, values)),
			refused("reading "+c.what, b.Read(values, c.m)),
			refused("fetching "+c.what, fetchErr),
		); err != nil {
			return err
		}
	}
	foreignBytes, err1 := reference.New().AllocBytes(1, 4)
	foreignIndex, err2 := reference.New().AllocIndex(4, 4)
	return errors.Join(err1, err2,
		refused("writing bytes to a matrix", b.WriteBytes(compute.Bytes{Buf: m.Buf, Rows: 1, Cols: 4}, make([]byte, 4))),
		refused("writing another backend's bytes", b.WriteBytes(foreignBytes, make([]byte, 4))),
		refused("writing another backend's index", b.WriteIndex(foreignIndex, make([]uint32, 4))),
		b.Sync())
}
