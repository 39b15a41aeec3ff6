package contract

import (
	"fmt"

	"shadegrad/compute"
)

var layoutChecks = []Check{
	on("layout/weights keep their values in every view", weightViews),
	on("layout/programs see one buffer in shapes of their own", weightShapes),
}

// A firstLayer is a program that gathers mostly zeros and multiplies them with
// weights, for which a backend may keep the weights as it likes.
type firstLayer struct {
	run  compute.Executable
	dst  compute.Mat
	step int
}

// column returns where sample s has a 1 among zeros; so row s of dst is that
// column of the weights.
func (l *firstLayer) column(s int) int { return s*l.step + 1 }

const layerSamples = 3

func newFirstLayer(b compute.Backend, w compute.Mat) (*firstLayer, error) {
	pixels, err1 := b.AllocBytes(layerSamples, w.Cols)
	x, err2 := alloc(b, layerSamples, w.Cols)
	dst, err3 := alloc(b, layerSamples, w.Rows)
	if err := first(err1, err2, err3); err != nil {
		return nil, err
	}
	l := &firstLayer{dst: dst, step: w.Cols / layerSamples}
	data := make([]byte, layerSamples*w.Cols)
	for s := range layerSamples {
		data[s*w.Cols+l.column(s)] = 1
	}
	if err := b.WriteBytes(pixels, data); err != nil {
		return nil, err
	}
	e, err := b.Compile(compute.Program{Name: "layer", Scratch: []compute.Mat{x}, Ops: []compute.Op{
		compute.Gather{Dst: x, Src: pixels, Scale: 1},
		compute.MatMul{Dst: dst, A: x, B: w, TransB: true},
	}})
	l.run = e
	return l, err
}

// check runs the layer with weights that are values.
func (l *firstLayer) check(b compute.Backend, w compute.Mat, values []float32) error {
	l.run.Run(compute.Args{})
	var want []float32
	for s := range layerSamples {
		for u := range w.Rows {
			want = append(want, values[u*w.Cols+l.column(s)])
		}
	}
	return expect(b, l.dst, want...)
}

// counted returns 1, 2, …, n.
func counted(n int) []float32 {
	list := make([]float32, n)
	for i := range list {
		list[i] = float32(i + 1)
	}
	return list
}

// weightViews reads and writes parts of the weights between runs.
func weightViews(b compute.Backend) error {
	const units, inputs = 4, 15
	values := counted(units * inputs)
	w, err := alloc(b, units, inputs, values...)
	if err != nil {
		return err
	}
	l, err := newFirstLayer(b, w)
	if err != nil {
		return err
	}
	defer l.run.Release()
	if err := l.check(b, w, values); err != nil {
		return fmt.Errorf("the first run: %w", err)
	}
	for _, view := range []compute.Mat{
		w, w.RowRange(1, 2), {Buf: w.Buf, Off: 7, Rows: 3, Cols: 5}, {Buf: w.Buf, Rows: inputs, Cols: units},
	} {
		if err := expect(b, view, values[view.Off:view.Off+view.Len()]...); err != nil {
			return fmt.Errorf("reading %s at %d: %w", view, view.Off, err)
		}
		for e := range view.Len() {
			values[view.Off+e] *= -2
		}
		if err := b.Write(view, values[view.Off:view.Off+view.Len()]); err != nil {
			return err
		}
		if err := expect(b, w, values...); err != nil {
			return fmt.Errorf("after writing %s at %d: %w", view, view.Off, err)
		}
		if err := l.check(b, w, values); err != nil {
			return fmt.Errorf("a run after writing %s at %d: %w", view, view.Off, err)
		}
		got, err := b.Fetch(view).Wait()
		if err != nil {
			return err
		}
		if err := equal(got, values[view.Off:view.Off+view.Len()]); err != nil {
			return fmt.Errorf("fetching %s at %d: %w", view, view.Off, err)
		}
	}
	return nil
}

// weightShapes has two programs take one buffer for weights of different shapes,
// in turn.
func weightShapes(b compute.Backend) error {
	const units, inputs = 4, 15
	values := counted(units * inputs)
	w, err := alloc(b, units, inputs, values...)
	if err != nil {
		return err
	}
	for _, shape := range []compute.Mat{w, {Buf: w.Buf, Rows: inputs, Cols: units}, {Buf: w.Buf, Rows: 6, Cols: 10}, w} {
		l, err := newFirstLayer(b, shape)
		if err != nil {
			return err
		}
		defer l.run.Release()
		if err := l.check(b, shape, values); err != nil {
			return fmt.Errorf("weights as %s: %w", shape, err)
		}
	}
	return expect(b, w, values...)
}
