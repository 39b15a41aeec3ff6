package contract

import (
	"math"

	"shadegrad/compute"
)

var memoryChecks = []Check{
	{"info/names backend, device and driver", func(t *tester) {
		if i := t.Info(); i.Backend == "" || i.Device == "" || i.Driver == "" {
			t.fail("info lacks a name: %+v", i)
		}
	}},
	{"memory/shared bytes", shared},
	{"memory/is zero when allocated", zeroed},
	{"memory/is zero when allocated again", zeroedAgain},
	{"memory/invalid sizes are refused", badSizes},
	{"memory/transfers of the wrong length are refused", badLengths},
	{"memory/an index refuses rows beyond its limit", badRows},
	{"memory/a view is written and read alone", views},
	{"memory/big and small transfers are whole", transfers},
}

// zeroed reads bytes and row numbers through op Gather, because nothing else can read them.
func zeroed(t *tester) {
	t.expect("alloc", t.mat(7, 9), 0)
	dst, column := t.mat(5, 3), t.mat(4, 1)
	t.compile(
		compute.Gather{Dst: dst, Src: t.bytes(5, 3), Scale: 1, Shift: 2},
		compute.Gather{Dst: column, Src: t.bytes(3, 1, 50, 60, 70), Index: t.index(4, 3), Scale: 1}).Run(compute.Args{})
	t.expect("alloc bytes", dst, 2)
	t.expect("alloc index", column, 50)
}

// shared lends bytes to the backend, which must read and never change them.
func shared(t *tester) {
	data := []byte{10, 20, 30, 40, 50, 60}
	m, err := t.ShareBytes(2, 3, data)
	t.must("share bytes", err)
	t.refused(t.WriteBytes(m, make([]byte, 6)), "a write to shared bytes")
	dst := t.mat(2, 3)
	e := t.compile(compute.Gather{Dst: dst, Src: m, Scale: 1})
	e.Run(compute.Args{})
	t.expect("gather", dst, 10, 20, 30, 40, 50, 60)
	e.Release()
	t.Free(m.Buf)
	t.sync()
	if string(data) != string([]byte{10, 20, 30, 40, 50, 60}) {
		t.fail("shared bytes were changed to %v", data)
	}
	for _, s := range [][2]int{{2, 2}, {3, 3}, {0, 3}, {-2, -3}, {6, 0}} {
		_, err := t.ShareBytes(s[0], s[1], data)
		t.refused(err, "sharing 6 bytes as %d×%d", s[0], s[1])
	}
}

// zeroedAgain frees memory full of numbers and allocates as much. A backend that reuses freed buffers
// must clear them.
func zeroedAgain(t *tester) {
	for range 3 {
		var list []compute.Mat
		for range 4 {
			m := t.mat(33, 17)
			list = append(list, m)
			t.expect("alloc", m, 0)
			e := t.compile(compute.Fill{Dst: m, Value: 3})
			e.Run(compute.Args{})
			e.Release()
		}
		for _, m := range list {
			t.Free(m.Buf)
		}
	}
	t.sync()
}

func badSizes(t *tester) {
	const huge = math.MaxInt/2 + 1
	for _, s := range [][2]int{{0, 4}, {4, 0}, {0, 0}, {-1, 4}, {4, -1}, {-3, -4}, {huge, 4}, {4, huge}, {math.MaxInt, math.MaxInt}, {math.MinInt, 2}} {
		_, err := t.Alloc(s[0], s[1])
		t.refused(err, "a matrix of %d×%d", s[0], s[1])
		_, err = t.AllocBytes(s[0], s[1])
		t.refused(err, "bytes of %d×%d", s[0], s[1])
	}
	for _, s := range [][2]int{{0, 4}, {-1, 4}, {4, 0}, {4, -1}} {
		_, err := t.AllocIndex(s[0], s[1])
		t.refused(err, "an index of %d rows below %d", s[0], s[1])
	}
	t.sync()
}

func badLengths(t *tester) {
	m, bytes, index := t.mat(2, 3, 1, 1, 1, 1, 1, 1), t.bytes(2, 3), t.index(6, 9)
	for _, n := range []int{0, 1, 5, 7, 12} {
		t.refused(t.Write(m, make([]float32, n)), "a write of %d values to 6", n)
		t.refused(t.WriteBytes(bytes, make([]byte, n)), "a write of %d bytes to 6", n)
		t.refused(t.WriteIndex(index, make([]uint32, n)), "a write of %d rows to 6", n)
		t.refused(t.Read(make([]float32, n), m), "a read of 6 values to %d", n)
	}
	// Mistakes of the caller return an error immediately and do not persist.
	t.expect("read after refused transfers", m, 1)
	t.sync()
}

func badRows(t *tester) {
	src, index, dst := t.bytes(3, 1, 5, 6, 7), t.index(3, 3, 2, 0, 1), t.mat(3, 1)
	for _, rows := range [][]uint32{{1, 1, 3}, {3, 0, 0}, {0, math.MaxUint32, 0}} {
		t.refused(t.WriteIndex(index, rows), "an index of the rows %v of 3", rows)
	}
	t.compile(compute.Gather{Dst: dst, Src: src, Index: index, Scale: 1}).Run(compute.Args{})
	t.expect("gather after refused writes", dst, 7, 5, 6)
}

func views(t *tester) {
	m := t.mat(4, 3, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11)
	middle := m.RowRange(1, 2)
	t.expect("read of two rows of four", middle, 3, 4, 5, 6, 7, 8)
	t.write(middle, -3, -4, -5, -6, -7, -8)
	t.expect("write of two rows of four", m, 0, 1, 2, -3, -4, -5, -6, -7, -8, 9, 10, 11)
	t.fetch("fetch of two rows of four", t.Fetch(middle), -3, -4, -5, -6, -7, -8)
}

// transfers moves from one element to some megabytes, since drivers change their method with the size.
func transfers(t *tester) {
	for _, n := range []int{1, 2, 3, 1000, 16384, 65537, 1 << 20} {
		src := make([]float32, n)
		for i := range src {
			src[i] = float32(i) - 0.5
		}
		m, dst := t.mat(1, n, src...), make([]float32, n)
		t.must("read", t.Read(dst, m))
		for i := range dst {
			if dst[i] != src[i] {
				t.fail("element %d of %d is %g, want %g", i, n, dst[i], src[i])
			}
		}
		t.Free(m.Buf)
	}
}
