package contract

import (
	"errors"
	"fmt"
	"math"

	"shadegrad/compute"
)

var failureChecks = []Check{
	{"failure/a batch out of range sticks", stickyRows},
	{"failure/the first one stays", firstStays},
}

// A batchOp is a program that works at Args.Row, on a data set of 10 rows in
// batches of 4.
type batchOp struct {
	name string
	ops  func(b compute.Backend) ([]compute.Op, error)
}

var batchOps = []batchOp{
	{"gather", func(b compute.Backend) ([]compute.Op, error) {
		src, err1 := b.AllocBytes(10, 3)
		dst, err2 := b.Alloc(4, 3)
		return []compute.Op{compute.Gather{Dst: dst, Src: src, Scale: 1}}, first(err1, err2)
	}},
	{"gather", func(b compute.Backend) ([]compute.Op, error) { // by an index shorter than Src
		src, err1 := b.AllocBytes(100, 3)
		dst, err2 := b.Alloc(4, 3)
		index, err3 := b.AllocIndex(10, 100)
		return []compute.Op{compute.Gather{Dst: dst, Src: src, Index: index, Scale: 1}}, first(err1, err2, err3)
	}},
	{"loss", func(b compute.Backend) ([]compute.Op, error) { // with Stats shorter than Labels
		z, err1 := b.Alloc(4, 3)
		stats, err2 := b.Alloc(10, 2)
		labels, err3 := b.AllocBytes(100, 1)
		return []compute.Op{compute.Loss{Stats: stats, Z: z, Labels: labels, F: compute.Softmax, On: 1, Weight: 1, Scale: 1}}, first(err1, err2, err3)
	}},
	{"loss", func(b compute.Backend) ([]compute.Op, error) { // of targets, which belong to the batch
		z, err1 := b.Alloc(4, 3)
		stats, err2 := b.Alloc(10, 2)
		targets, err3 := b.Alloc(4, 3)
		return []compute.Op{compute.Loss{Stats: stats, Z: z, Targets: targets, Kind: compute.SquaredError, Weight: 1, Scale: 1}}, first(err1, err2, err3)
	}},
	{"take", func(b compute.Backend) ([]compute.Op, error) {
		src, err1 := b.Alloc(10, 3)
		dst, err2 := b.Alloc(4, 3)
		return []compute.Op{compute.Take{Dst: dst, Src: src}}, first(err1, err2)
	}},
	{"warp", func(b compute.Backend) ([]compute.Op, error) {
		src, err1 := b.AllocBytes(100, 6)
		dst, err2 := b.Alloc(4, 6)
		index, err3 := b.AllocIndex(10, 100)
		return []compute.Op{compute.Warp{Dst: dst, Src: src, Index: index, Width: 3, Height: 2, Scale: 1, Translation: 1}}, first(err1, err2, err3)
	}},
}

func stickyRows(o *opener) error {
	for _, c := range batchOps {
		for _, row := range []int{7, math.MaxInt, -1} {
			b, err := o.backend()
			if err != nil {
				return err
			}
			if err := stuck(b, c, row); err != nil {
				return fmt.Errorf("%s of 4 rows at row %d, of 10: %w", c.name, row, err)
			}
			if err := b.Close(); err != nil {
				return fmt.Errorf("close after a failure: %w", err)
			}
		}
	}
	return nil
}

// stuck tells whether a run out of range fails everything after it.
func stuck(b compute.Backend, c batchOp, row int) error {
	m, err1 := alloc(b, 1, 2, 3, 4)
	ops, err2 := c.ops(b)
	if err := first(err1, err2); err != nil {
		return err
	}
	e, err := compileOps(b, append(ops, compute.Fill{Dst: m, Value: 9})...)
	if err != nil {
		return err
	}
	defer e.Release()
	e.Run(compute.Args{})
	if err := b.Sync(); err != nil {
		return fmt.Errorf("a run in range: %w", err)
	}
	e.Run(compute.Args{Row: row})
	e.Run(compute.Args{})
	for range 2 {
		_, fetchErr := b.Fetch(m).Wait()
		for _, r := range []struct {
			what string
			err  error
		}{{"sync", b.Sync()}, {"read", b.Read(make([]float32, 2), m)}, {"fetch", fetchErr}} {
			var opErr *compute.OpError
			switch {
			case r.err == nil:
				return fmt.Errorf("%s returns no error", r.what)
			case !errors.As(r.err, &opErr) || opErr.Op != c.name:
				return fmt.Errorf("%s returns %q, which is no *compute.OpError of op %s", r.what, r.err, c.name)
			}
		}
	}
	return nil
}

func firstStays(o *opener) error {
	b, err := o.backend()
	if err != nil {
		return err
	}
	var list []compute.Executable
	for _, c := range batchOps {
		ops, err := c.ops(b)
		if err != nil {
			return err
		}
		e, err := compileOps(b, ops...)
		if err != nil {
			return err
		}
		defer e.Release()
		list = append(list, e)
	}
	list[2].Run(compute.Args{Row: 8})
	list[0].Run(compute.Args{Row: 9})
	one := b.Sync()
	list[1].Run(compute.Args{Row: 7})
	two := b.Sync()
	var opErr *compute.OpError
	if !errors.As(one, &opErr) || opErr.Op != "loss" {
		return fmt.Errorf("loss failed before gather, and sync returns: %v", one)
	}
	if two == nil || two.Error() != one.Error() {
		return fmt.Errorf("sync returned %q, and later %v", one, two)
	}
	return nil
}
