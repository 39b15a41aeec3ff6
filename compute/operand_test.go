package compute

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// everyOp returns one op of each type, with all operands that it can have.
func everyOp() []Op {
	m := func() Mat { return mat(2, 2) }
	return []Op{
		Gather{Dst: m(), Src: octets(2, 2), Index: index(2, 2)},
		Take{Dst: m(), Src: m(), Index: index(2, 2)},
		MatMul{Dst: m(), A: m(), B: m()},
		Activate{Dst: m(), Src: m(), Bias: m()},
		Delta{Dst: m(), Back: m(), Y: m()},
		Loss{Delta: m(), Stats: m(), Z: m(), Bias: m(), Targets: m(), Labels: octets(2, 1), Index: index(2, 2)},
		ColumnSum{Dst: m(), Src: m()},
		Fill{Dst: m()},
		Dropout{Dst: m(), Src: m()},
		Noise{Dst: m()},
		Warp{Dst: m(), Src: octets(2, 2), Index: index(2, 2), Labels: octets(2, 1), Field: m()},
		Update{W: m(), V: m(), S: m(), G: m(), Norms: m()},
		SquareSum{Dst: m(), Src: m()},
		MaxNorm{W: m()},
		Average{Dst: m(), Src: m()},
	}
}

// describe formats an operand: "Dst out in place of Src".
func describe(o Operand) string {
	s := o.Name + " " + []string{"in", "out", "inout"}[o.Mode]
	if o.Element != Float32 {
		s += " " + o.Element.String()
	}
	if o.Optional {
		s += " optional"
	}
	if o.InPlace != "" {
		s += " in place of " + o.InPlace
	}
	return s + []string{"", " batch", " indexed"}[o.Rows]
}

// TestOperands checks the operands of every op. Backends use them to allocate, bind and order.
func TestOperands(t *testing.T) {
	want := map[string]string{
		"gather":     "Dst out, Src in bytes indexed, Index in row numbers optional",
		"take":       "Dst out, Src in indexed, Index in row numbers optional",
		"matmul":     "Dst out, A in, B in",
		"activate":   "Dst out in place of Src, Src in, Bias in optional",
		"delta":      "Dst out in place of Back, Back in, Y in",
		"loss":       "Delta out optional in place of Z, Stats inout batch, Z in, Bias in optional, Targets in optional, Labels in bytes optional indexed, Index in row numbers optional",
		"column_sum": "Dst out, Src in",
		"fill":       "Dst out",
		"dropout":    "Dst out in place of Src, Src in",
		"noise":      "Dst out",
		"warp":       "Dst out, Src in bytes indexed, Index in row numbers optional, Labels in bytes optional indexed, Field in optional",
		"update":     "W inout, V inout optional, S inout optional, G in, Norms in optional",
		"square_sum": "Dst out, Src in",
		"max_norm":   "W inout",
		"average":    "Dst inout, Src in",
	}
	for _, op := range everyOp() {
		var got []string
		for _, o := range Operands(op) {
			got = append(got, describe(o))
		}
		if s := strings.Join(got, ", "); s != want[op.Name()] {
			t.Errorf("%s has the operands\n%s\nwant\n%s", op.Name(), s, want[op.Name()])
		}
		delete(want, op.Name())
	}
	for name := range want {
		t.Errorf("no op %s was tested", name)
	}
}

// TestOperandsPresent checks that an absent operand is not listed, and that Matrices lists only
// float32 operands.
func TestOperandsPresent(t *testing.T) {
	a, b, c, d := mat(2, 2), mat(2, 2), mat(1, 2), mat(2, 2)
	for _, v := range []struct {
		op       Op
		all      string
		matrices []Mat
	}{
		{Gather{Dst: a, Src: octets(2, 2)}, "Dst Src", []Mat{a}},
		{MatMul{Dst: a, A: b, B: d}, "Dst A B", []Mat{a, b, d}},
		{Activate{Dst: a, Src: b}, "Dst Src", []Mat{a, b}},
		{Activate{Dst: a, Src: b, Bias: c}, "Dst Src Bias", []Mat{a, b, c}},
		{Delta{Dst: a, Back: b, Y: d}, "Dst Back Y", []Mat{a, b, d}},
		{Loss{Stats: a, Z: b}, "Stats Z", []Mat{a, b}},
		{Loss{Delta: d, Stats: a, Z: b, Bias: c, Labels: octets(2, 1)}, "Delta Stats Z Bias Labels", []Mat{d, a, b, c}},
		{ColumnSum{Dst: c, Src: a}, "Dst Src", []Mat{c, a}},
		{Update{W: a, G: b}, "W G", []Mat{a, b}},
		{Update{W: a, V: d, G: b}, "W V G", []Mat{a, d, b}},
		{Fill{Dst: a}, "Dst", []Mat{a}},
	} {
		var names []string
		for _, o := range Operands(v.op) {
			names = append(names, o.Name)
		}
		if got := strings.Join(names, " "); got != v.all {
			t.Errorf("%s has the operands %s, want %s", v.op.Name(), got, v.all)
		}
		var mats []Mat
		for _, o := range Matrices(v.op) {
			mats = append(mats, o.Mat)
		}
		if !slices.Equal(mats, v.matrices) {
			t.Errorf("%s has the matrices %v, want %v", v.op.Name(), mats, v.matrices)
		}
	}
}

func TestRebind(t *testing.T) {
	for _, op := range everyOp() {
		renamed := map[Buffer]Buffer{}
		before := fmt.Sprint(op)
		got := Rebind(op, func(b Buffer) Buffer {
			renamed[b] = &memoryBuffer{"new", b.Elems()}
			return renamed[b]
		})
		if fmt.Sprint(op) != before {
			t.Errorf("%s: Rebind changes the op", op.Name())
		}
		old, list := Operands(op), Operands(got)
		if len(list) != len(old) || got.Name() != op.Name() {
			t.Fatalf("%s becomes %s with %d operands", op.Name(), got.Name(), len(list))
		}
		for i, o := range list {
			if o.Buf() != renamed[old[i].Buf()] {
				t.Errorf("%s: %s keeps its buffer", op.Name(), o.Name)
			}
		}
		if back := Rebind(got, func(b Buffer) Buffer { return oldOf(renamed, b) }); back != op {
			t.Errorf("%s: Rebind changes more than buffers: %v, was %v", op.Name(), back, op)
		}
	}
	if got := Rebind(Fill{Value: 3}, func(Buffer) Buffer { panic("an absent operand has a buffer") }); got != Op(Fill{Value: 3}) {
		t.Errorf("Rebind of an op without operands returns %v", got)
	}
}

// oldOf returns the buffer that b replaced.
func oldOf(renamed map[Buffer]Buffer, b Buffer) Buffer {
	for old, r := range renamed {
		if r == b {
			return old
		}
	}
	return nil
}

type untagged struct {
	Fill
	Src Mat
}

type misspelt struct {
	Fill
	Src Mat `operand:"in,optinal"`
}

func TestOperandTags(t *testing.T) {
	for _, op := range []Op{untagged{}, misspelt{}} {
		func() {
			defer func() {
				if r := recover(); r == nil || !strings.Contains(fmt.Sprint(r), "field Src") {
					t.Errorf("%T: Operands panics with %v", op, r)
				}
			}()
			Operands(op)
		}()
	}
}
