package contract

import (
	"fmt"

	"shadegrad/compute"
)

var layoutChecks = []Check{
	{"layout/weights keep their values in every view", weightViews},
	{"layout/programs use one buffer in different shapes", weightShapes},
}

// A firstLayer is a program that gathers mostly zeros and multiplies them by weights. A backend may keep such weights in a
// layout of its choice.
type firstLayer struct {
	*program
	w, dst compute.Mat
	step   int
}

const layerSamples = 3

// column returns the column in which sample s has its only 1. So row s of dst is that column of the weights.
func (l *firstLayer) column(s int) int { return s*l.step + 1 }

func newFirstLayer(t *tester, w compute.Mat) *firstLayer {
	l := &firstLayer{w: w, dst: t.mat(layerSamples, w.Rows), step: w.Cols / layerSamples}
	data := make([]byte, layerSamples*w.Cols)
	for s := range layerSamples {
		data[s*w.Cols+l.column(s)] = 1
	}
	x := t.mat(layerSamples, w.Cols)
	l.program = t.compileProgram(compute.Program{Name: "layer", Scratch: []compute.Mat{x}, Ops: []compute.Op{
		compute.Gather{Dst: x, Src: t.bytes(layerSamples, w.Cols, data...), Scale: 1},
		compute.MatMul{Dst: l.dst, A: x, B: w, TransB: true},
	}})
	return l
}

// check runs the layer with weights that have the given values.
func (l *firstLayer) check(t *tester, what string, values []float32) {
	l.Run(compute.Args{})
	var want []float32
	for s := range layerSamples {
		for u := range l.w.Rows {
			want = append(want, values[u*l.w.Cols+l.column(s)])
		}
	}
	t.expect(what, l.dst, want...)
}

const units, inputs = 4, 15

// counted returns 1, 2, …, units·inputs.
func counted() []float32 {
	list := make([]float32, units*inputs)
	for i := range list {
		list[i] = float32(i + 1)
	}
	return list
}

// weightViews reads and writes parts of the weights between runs.
func weightViews(t *tester) {
	values := counted()
	w := t.mat(units, inputs, values...)
	l := newFirstLayer(t, w)
	l.check(t, "first run", values)
	for _, view := range []compute.Mat{
		w, w.RowRange(1, 2), {Buf: w.Buf, Off: 7, Rows: 3, Cols: 5}, {Buf: w.Buf, Rows: inputs, Cols: units},
	} {
		what := fmt.Sprintf("%s at %d", view, view.Off)
		part := values[view.Off : view.Off+view.Len()]
		t.expect("read of "+what, view, part...)
		for e := range part {
			part[e] *= -2
		}
		t.write(view, part...)
		t.expect("weights after a write of "+what, w, values...)
		l.check(t, "run after a write of "+what, values)
		t.fetch("fetch of "+what, t.Fetch(view), part...)
	}
}

// weightShapes checks programs that use one buffer as weights of different shapes, one after another.
func weightShapes(t *tester) {
	values := counted()
	w := t.mat(units, inputs, values...)
	for _, shape := range []compute.Mat{w, {Buf: w.Buf, Rows: inputs, Cols: units}, {Buf: w.Buf, Rows: 6, Cols: 10}, w} {
		newFirstLayer(t, shape).check(t, "weights as "+shape.String(), values)
	}
	t.expect("weights", w, values...)
}
