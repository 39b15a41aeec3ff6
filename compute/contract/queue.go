package contract

import (
	"fmt"

	"shadegrad/compute"
	"shadegrad/compute/judge/cases"
)

var queueChecks = []Check{
	{"queue/work is done in order", inOrder},
	{"queue/a fetch reads at its place in the queue", fetchPlace},
	{"queue/each run uses its own args", ownArgs},
	{"queue/100 dependent runs without a sync", func(t *tester) { t.must("", cases.CheckQueuedSteps(t.Backend)) }},
	{"queue/executables take turns", takeTurns},
	{"queue/an empty program does nothing", func(t *tester) {
		e := t.compile()
		e.Run(compute.Args{Row: 5})
		e.Release()
		t.sync()
	}},
	{"queue/the last batch may end where the data does", func(t *tester) {
		dst := t.mat(2, 1)
		t.compile(compute.Gather{Dst: dst, Src: t.bytes(5, 1, 1, 2, 3, 4, 5), Scale: 1}).Run(compute.Args{Row: 3})
		t.expect("gather", dst, 4, 5)
	}},
}

func inOrder(t *tester) {
	src, dst := t.mat(1, 2, 1, 2), t.mat(1, 2)
	e := t.compile(compute.Activate{Dst: dst, Src: src})
	e.Run(compute.Args{})
	t.write(src, 8, 9) // after the run has read src
	t.expect("write, run, write, read", dst, 1, 2)
	e.Run(compute.Args{})
	t.write(dst, 5, 6)
	t.expect("run, write to its result, read", dst, 5, 6)
	e.Run(compute.Args{})
	t.expect("run, read", dst, 8, 9)
}

func fetchPlace(t *tester) {
	w := t.mat(1, 3)
	e := t.compile(compute.Update{W: w, G: t.mat(1, 3, 1, 1, 1)})
	var list []compute.Fetch
	for range 40 {
		list = append(list, t.Fetch(w))
		e.Run(compute.Args{LearningRate: -1})
	}
	t.sync()
	// Waited for in another order than queued.
	for i := len(list) - 1; i >= 0; i-- {
		if !list[i].Ready() {
			t.fail("after a sync, fetch %d is not ready", i)
		}
		t.fetch(fmt.Sprintf("fetch after %d runs", i), list[i], float32(i))
	}
	t.expect("read after 40 runs", w, 40)
}

func ownArgs(t *tester) {
	w, v, g, row := t.mat(1, 2), t.mat(1, 2), t.mat(1, 2, 1, 1), t.mat(1, 1)
	src := t.bytes(8, 1, 3, 1, 4, 1, 5, 9, 2, 6)
	e := t.compile(compute.Update{W: w, V: v, G: g}, compute.Gather{Dst: row, Src: src, Scale: 1})
	velocity, weight := float32(0), float32(0)
	for i := range 8 {
		// With these numbers every sum is exact.
		args := compute.Args{Row: i, LearningRate: float32(i + 1), Momentum: []float32{0.5, 1, 2}[i%3]}
		e.Run(args)
		velocity = args.Momentum*velocity + 1
		weight -= args.LearningRate * velocity
	}
	t.expect("velocity", v, velocity)
	t.expect("weight", w, weight)
	t.expect("row", row, 6)
}

func takeTurns(t *tester) {
	x, y, swap := t.mat(2, 2, 1, 2, 3, 4), t.mat(2, 2), t.mat(2, 2, 0, 1, 1, 0)
	there, back := t.compile(compute.MatMul{Dst: y, A: x, B: swap}), t.compile(compute.MatMul{Dst: x, A: swap, B: y})
	for range 21 { // each pair of runs swaps columns, then rows
		there.Run(compute.Args{})
		back.Run(compute.Args{})
	}
	t.expect("product", x, 4, 3, 2, 1)
}
