package contract

import (
	"fmt"

	"shadegrad/compute"
	"shadegrad/compute/judge/cases"
)

var queueChecks = []Check{
	on("queue/work is done in order", inOrder),
	on("queue/a fetch sees its place", fetchPlace),
	on("queue/each run has its own args", ownArgs),
	on("queue/100 dependent runs without a sync", cases.CheckQueuedSteps),
	on("queue/executables take turns", takeTurns),
	on("queue/an empty program does nothing", emptyProgram),
	on("queue/the last batch may end where the data does", lastBatch),
}

func inOrder(b compute.Backend) error {
	src, err1 := alloc(b, 1, 2, 1, 2)
	dst, err2 := alloc(b, 1, 2)
	if err := first(err1, err2); err != nil {
		return err
	}
	e, err := compileOps(b, compute.Activate{Dst: dst, Src: src})
	if err != nil {
		return err
	}
	defer e.Release()
	e.Run(compute.Args{})
	// The run read src before this.
	if err := b.Write(src, []float32{8, 9}); err != nil {
		return err
	}
	if err := expect(b, dst, 1, 2); err != nil {
		return fmt.Errorf("write, run, write, read: %w", err)
	}
	e.Run(compute.Args{})
	if err := b.Write(dst, []float32{5, 6}); err != nil {
		return err
	}
	if err := expect(b, dst, 5, 6); err != nil {
		return fmt.Errorf("run, write to its result, read: %w", err)
	}
	e.Run(compute.Args{})
	return expect(b, dst, 8, 9)
}

func fetchPlace(b compute.Backend) error {
	w, err1 := alloc(b, 1, 3)
	g, err2 := alloc(b, 1, 3, 1, 1, 1)
	if err := first(err1, err2); err != nil {
		return err
	}
	e, err := compileOps(b, compute.Update{W: w, G: g})
	if err != nil {
		return err
	}
	defer e.Release()
	var list []compute.Fetch
	for range 40 {
		list = append(list, b.Fetch(w))
		e.Run(compute.Args{LearningRate: -1})
	}
	if err := b.Sync(); err != nil {
		return err
	}
	// Asked in another order than queued.
	for i := len(list) - 1; i >= 0; i-- {
		if !list[i].Ready() {
			return fmt.Errorf("after a sync, fetch %d is not ready", i)
		}
		values, err := list[i].Wait()
		if err != nil {
			return fmt.Errorf("fetch %d: %w", i, err)
		}
		if err := equal(values, []float32{float32(i)}); err != nil {
			return fmt.Errorf("a fetch after %d runs: %w", i, err)
		}
	}
	return expect(b, w, 40)
}

func ownArgs(b compute.Backend) error {
	w, err1 := alloc(b, 1, 2)
	v, err2 := alloc(b, 1, 2)
	g, err3 := alloc(b, 1, 2, 1, 1)
	src, err4 := b.AllocBytes(8, 1)
	row, err5 := alloc(b, 1, 1)
	if err := first(err1, err2, err3, err4, err5); err != nil {
		return err
	}
	if err := b.WriteBytes(src, []byte{3, 1, 4, 1, 5, 9, 2, 6}); err != nil {
		return err
	}
	e, err := compileOps(b, compute.Update{W: w, V: v, G: g}, compute.Gather{Dst: row, Src: src, Scale: 1})
	if err != nil {
		return err
	}
	defer e.Release()
	velocity, weight := float32(0), float32(0)
	for i := range 8 {
		// Powers of two, so that every sum is exact.
		args := compute.Args{Row: i, LearningRate: float32(i + 1), Momentum: []float32{0.5, 1, 2}[i%3]}
		e.Run(args)
		velocity = args.Momentum*velocity + 1
		weight -= args.LearningRate * velocity
	}
	return first(expect(b, v, velocity), expect(b, w, weight), expect(b, row, 6))
}

func takeTurns(b compute.Backend) error {
	x, err1 := alloc(b, 2, 2, 1, 2, 3, 4)
	y, err2 := alloc(b, 2, 2)
	one, err3 := alloc(b, 2, 2, 0, 1, 1, 0)
	if err := first(err1, err2, err3); err != nil {
		return err
	}
	there, err1 := compileOps(b, compute.MatMul{Dst: y, A: x, B: one})
	back, err2 := compileOps(b, compute.MatMul{Dst: x, A: one, B: y})
	if err := first(err1, err2); err != nil {
		return err
	}
	defer there.Release()
	defer back.Release()
	// Each pair of runs swaps columns, then rows.
	for range 21 {
		there.Run(compute.Args{})
		back.Run(compute.Args{})
	}
	return expect(b, x, 4, 3, 2, 1)
}

func emptyProgram(b compute.Backend) error {
	e, err := compileOps(b)
	if err != nil {
		return err
	}
	e.Run(compute.Args{Row: 5})
	e.Release()
	return b.Sync()
}

func lastBatch(b compute.Backend) error {
	src, err1 := b.AllocBytes(5, 1)
	dst, err2 := alloc(b, 2, 1)
	if err := first(err1, err2); err != nil {
		return err
	}
	if err := b.WriteBytes(src, []byte{1, 2, 3, 4, 5}); err != nil {
		return err
	}
	e, err := compileOps(b, compute.Gather{Dst: dst, Src: src, Scale: 1})
	if err != nil {
		return err
	}
	defer e.Release()
	e.Run(compute.Args{Row: 3})
	return expect(b, dst, 4, 5)
}
