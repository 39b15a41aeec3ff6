package contract

import (
	"shadegrad/compute"
	"shadegrad/compute/reference"
)

var ownershipChecks = []Check{
	{"ownership/a write copies its source", sources},
	{"ownership/a fetch returns a copy", fetchedValues},
	{"ownership/a compiled program is a copy", programCopied},
	{"ownership/freeing nil does nothing", func(t *tester) {
		t.Free(nil)
		t.sync()
	}},
	{"ownership/memory is freed after the work before", freeQueued},
	{"ownership/transfers need a live matrix of the backend", strangers},
}

// sources overwrites the sources of writes after they return.
func sources(t *tester) {
	m, bytes, index, dst := t.mat(1, 3), t.bytes(3, 1), t.index(3, 3), t.mat(3, 1)
	values, octets, rows := []float32{1, 2, 3}, []byte{10, 20, 30}, []uint32{2, 1, 0}
	t.must("write", t.Write(m, values))
	t.must("write bytes", t.WriteBytes(bytes, octets))
	t.must("write index", t.WriteIndex(index, rows))
	clear(values)
	clear(octets)
	clear(rows)
	t.compile(compute.Gather{Dst: dst, Src: bytes, Index: index, Scale: 1}).Run(compute.Args{})
	t.expect("write", m, 1, 2, 3)
	t.expect("write bytes, write index", dst, 30, 20, 10)
}

func fetchedValues(t *tester) {
	m := t.mat(1, 3, 1, 2, 3)
	one, two := t.Fetch(m), t.Fetch(m)
	clear(t.fetch("fetch", one, 1, 2, 3))
	t.fetch("second fetch after a change to the values of the first", two, 1, 2, 3)
	t.expect("read", m, 1, 2, 3)
}

func programCopied(t *tester) {
	m := t.mat(1, 2)
	p := compute.Program{Name: "copied", Ops: []compute.Op{compute.Fill{Dst: m, Value: 1}}}
	e := t.compileProgram(p)
	p.Ops[0] = compute.Fill{Dst: m, Value: 2}
	e.Run(compute.Args{})
	t.expect("fill", m, 1)
}

func freeQueued(t *tester) {
	dst, x, y := t.mat(40, 30), t.mat(40, 50), t.mat(50, 30)
	e := t.compile(compute.Fill{Dst: x, Value: 2}, compute.Fill{Dst: y, Value: 3}, compute.MatMul{Dst: dst, A: x, B: y})
	e.Run(compute.Args{})
	e.Release()
	t.Free(x.Buf)
	t.Free(y.Buf)
	// New memory may be at the place of the freed memory.
	t.expect("new memory", t.mat(40, 50), 0)
	t.expect("product", dst, 300)
}

// A stranger is a buffer that does not belong to any backend.
type stranger int

func (s stranger) Elems() int { return int(s) }

func strangers(t *tester) {
	m, gone, octets := t.mat(1, 4), t.mat(1, 4), t.bytes(1, 4)
	other := &tester{t.session, reference.New()}
	foreign := other.mat(1, 4)
	t.Free(gone.Buf)
	outside := m
	outside.Off = 1
	for _, c := range []struct {
		what string
		m    compute.Mat
	}{
		{"no matrix", compute.Mat{}},
		{"a matrix that does not belong to a backend", compute.Mat{Buf: stranger(4), Rows: 1, Cols: 4}},
		{"another backend's matrix", foreign},
		{"a freed matrix", gone},
		{"a view that ends outside its buffer", outside},
		{"a view that begins outside its buffer", compute.Mat{Buf: m.Buf, Off: -1, Rows: 1, Cols: 4}},
		{"a matrix made of bytes", compute.Mat{Buf: octets.Buf, Rows: 1, Cols: 4}},
		{"a view with a negative number of rows", compute.Mat{Buf: m.Buf, Rows: -1, Cols: 4}},
	} {
		_, fetchErr := t.Fetch(c.m).Wait()
		values := make([]float32, max(0, c.m.Len()))
		t.refused(t.Write(c.m, values), "a write to %s", c.what)
		t.refused(t.Read(values, c.m), "a read of %s", c.what)
		t.refused(fetchErr, "a fetch of %s", c.what)
	}
	t.refused(t.WriteBytes(compute.Bytes{Buf: m.Buf, Rows: 1, Cols: 4}, make([]byte, 4)), "a write of bytes to a matrix")
	t.refused(t.WriteBytes(other.bytes(1, 4), make([]byte, 4)), "a write to another backend's bytes")
	t.refused(t.WriteIndex(other.index(4, 4), make([]uint32, 4)), "a write to another backend's index")
	t.sync()
}
