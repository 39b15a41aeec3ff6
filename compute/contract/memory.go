package contract

import (
	"fmt"
	"math"

	"shadegrad/compute"
)

var memoryChecks = []Check{
	on("info/says what it runs on", func(b compute.Backend) error {
		if i := b.Info(); i.Backend == "" || i.Device == "" || i.Driver == "" {
			return fmt.Errorf("info lacks a name: %+v", i)
		}
		return nil
	}),
	on("memory/shared bytes", shared),
	on("memory/is zero when allocated", zeroed),
	on("memory/is zero when allocated again", zeroedAgain),
	on("memory/sizes that make no matrix are refused", badSizes),
	on("memory/transfers of the wrong length are refused", badLengths),
	on("memory/an index refuses rows beyond its limit", badRows),
	on("memory/a view is written and read alone", views),
	on("memory/big and small transfers are whole", transfers),
}

// zeroed looks at bytes and row numbers through op Gather, since nothing else
// can read them.
func zeroed(b compute.Backend) error {
	m, err := b.Alloc(7, 9)
	if err != nil {
		return err
	}
	if err := expect(b, m, 0); err != nil {
		return fmt.Errorf("alloc: %w", err)
	}
	fresh, err := b.AllocBytes(5, 3)
	if err != nil {
		return err
	}
	written, err := b.AllocBytes(3, 1)
	if err != nil {
		return err
	}
	index, err := b.AllocIndex(4, 3)
	if err != nil {
		return err
	}
	dst, err1 := b.Alloc(5, 3)
	column, err2 := b.Alloc(4, 1)
	err3 := b.WriteBytes(written, []byte{50, 60, 70})
	if err := first(err1, err2, err3); err != nil {
		return err
	}
	e, err := compileOps(b,
		compute.Gather{Dst: dst, Src: fresh, Scale: 1, Shift: 2},
		compute.Gather{Dst: column, Src: written, Index: index, Scale: 1})
	if err != nil {
		return err
	}
	defer e.Release()
	e.Run(compute.Args{})
	if err := expect(b, dst, 2); err != nil {
		return fmt.Errorf("alloc bytes: %w", err)
	}
	if err := expect(b, column, 50); err != nil {
		return fmt.Errorf("alloc index: %w", err)
	}
	return nil
}

// shared lends bytes to the backend, which must read and never change them.
func shared(b compute.Backend) error {
	data := []byte{10, 20, 30, 40, 50, 60}
	m, err := b.ShareBytes(2, 3, data)
	if err != nil {
		return err
	}
	if err := refused("writing to shared bytes", b.WriteBytes(m, make([]byte, 6))); err != nil {
		return err
	}
	dst, err := b.Alloc(2, 3)
	if err != nil {
		return err
	}
	e, err := compileOps(b, compute.Gather{Dst: dst, Src: m, Scale: 1})
	if err != nil {
		return err
	}
	e.Run(compute.Args{})
	if err := expect(b, dst, 10, 20, 30, 40, 50, 60); err != nil {
		return err
	}
	e.Release()
	b.Free(m.Buf)
	if err := b.Sync(); err != nil {
		return err
	}
	if string(data) != string([]byte{10, 20, 30, 40, 50, 60}) {
		return fmt.Errorf("shared bytes were changed to %v", data)
	}
	for _, s := range [][2]int{{2, 2}, {3, 3}, {0, 3}, {-2, -3}, {6, 0}} {
		_, err := b.ShareBytes(s[0], s[1], data)
		if err := refused(fmt.Sprintf("sharing 6 bytes as %d×%d", s[0], s[1]), err); err != nil {
			return err
		}
	}
	return nil
}

// zeroedAgain frees memory full of numbers and asks for as much: a backend that
// keeps freed buffers for later must still clear them.
func zeroedAgain(b compute.Backend) error {
	for range 3 {
		var list []compute.Mat
		for range 4 {
			m, err := b.Alloc(33, 17)
			if err != nil {
				return err
			}
			list = append(list, m)
			if err := expect(b, m, 0); err != nil {
				return err
			}
			e, err := compileOps(b, compute.Fill{Dst: m, Value: 3})
			if err != nil {
				return err
			}
			e.Run(compute.Args{})
			e.Release()
		}
		for _, m := range list {
			b.Free(m.Buf)
		}
	}
	return b.Sync()
}

func badSizes(b compute.Backend) error {
	huge := math.MaxInt/2 + 1
	for _, s := range [][2]int{{0, 4}, {4, 0}, {0, 0}, {-1, 4}, {4, -1}, {-3, -4}, {huge, 4}, {4, huge}, {math.MaxInt, math.MaxInt}, {math.MinInt, 2}} {
		_, err1 := b.Alloc(s[0], s[1])
		_, err2 := b.AllocBytes(s[0], s[1])
		if err := first(
			refused(fmt.Sprintf("a matrix of %d×%d", s[0], s[1]), err1),
			refused(fmt.Sprintf("bytes of %d×%d", s[0], s[1]), err2)); err != nil {
			return err
		}
	}
	for _, s := range [][2]int{{0, 4}, {-1, 4}, {4, 0}, {4, -1}} {
		_, err := b.AllocIndex(s[0], s[1])
		if err := refused(fmt.Sprintf("an index of %d rows below %d", s[0], s[1]), err); err != nil {
			return err
		}
	}
	return b.Sync()
}

func badLengths(b compute.Backend) error {
	m, err1 := alloc(b, 2, 3, 1, 1, 1, 1, 1, 1)
	bytes, err2 := b.AllocBytes(2, 3)
	index, err3 := b.AllocIndex(6, 9)
	if err := first(err1, err2, err3); err != nil {
		return err
	}
	for _, n := range []int{0, 1, 5, 7, 12} {
		if err := first(
			refused(fmt.Sprintf("a write of %d values to 6", n), b.Write(m, make([]float32, n))),
			refused(fmt.Sprintf("a write of %d bytes to 6", n), b.WriteBytes(bytes, make([]byte, n))),
			refused(fmt.Sprintf("a write of %d rows to 6", n), b.WriteIndex(index, make([]uint32, n))),
			refused(fmt.Sprintf("a read of 6 values to %d", n), b.Read(make([]float32, n), m)),
		); err != nil {
			return err
		}
	}
	// The caller's mistakes are told at once, and do not stick.
	if err := expect(b, m, 1); err != nil {
		return err
	}
	return b.Sync()
}

func badRows(b compute.Backend) error {
	src, err1 := b.AllocBytes(3, 1)
	index, err2 := b.AllocIndex(3, 3)
	dst, err3 := b.Alloc(3, 1)
	if err := first(err1, err2, err3); err != nil {
		return err
	}
	if err := first(b.WriteBytes(src, []byte{5, 6, 7}), b.WriteIndex(index, []uint32{2, 0, 1})); err != nil {
		return err
	}
	for _, rows := range [][]uint32{{1, 1, 3}, {3, 0, 0}, {0, math.MaxUint32, 0}} {
		if err := refused(fmt.Sprintf("the rows %v of 3", rows), b.WriteIndex(index, rows)); err != nil {
			return err
		}
	}
	e, err := compileOps(b, compute.Gather{Dst: dst, Src: src, Index: index, Scale: 1})
	if err != nil {
		return err
	}
	defer e.Release()
	e.Run(compute.Args{})
	if err := expect(b, dst, 7, 5, 6); err != nil {
		return fmt.Errorf("a refused write left its mark: %w", err)
	}
	return nil
}

func views(b compute.Backend) error {
	m, err := alloc(b, 4, 3)
	if err != nil {
		return err
	}
	all := []float32{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}
	if err := b.Write(m, all); err != nil {
		return err
	}
	middle := m.RowRange(1, 2)
	if err := expect(b, middle, 3, 4, 5, 6, 7, 8); err != nil {
		return fmt.Errorf("two rows of four: %w", err)
	}
	if err := b.Write(middle, []float32{-3, -4, -5, -6, -7, -8}); err != nil {
		return err
	}
	if err := expect(b, m, 0, 1, 2, -3, -4, -5, -6, -7, -8, 9, 10, 11); err != nil {
		return fmt.Errorf("two rows of four written: %w", err)
	}
	values, err := b.Fetch(middle).Wait()
	if err != nil {
		return err
	}
	if len(values) != 6 {
		return fmt.Errorf("a fetch of 6 values has %d", len(values))
	}
	return equal(values, []float32{-3, -4, -5, -6, -7, -8})
}

// transfers goes from one element to some megabytes, past the sizes at which a
// driver changes its way.
func transfers(b compute.Backend) error {
	for _, n := range []int{1, 2, 3, 1000, 16384, 65537, 1 << 20} {
		m, err := b.Alloc(1, n)
		if err != nil {
			return err
		}
		src := make([]float32, n)
		for i := range src {
			src[i] = float32(i) - 0.5
		}
		if err := b.Write(m, src); err != nil {
			return err
		}
		dst := make([]float32, n)
		if err := b.Read(dst, m); err != nil {
			return err
		}
		for i := range dst {
			if dst[i] != src[i] {
				return fmt.Errorf("element %d of %d is %g, want %g", i, n, dst[i], src[i])
			}
		}
		b.Free(m.Buf)
	}
	return nil
}
