//go:build cgo && !nogl && !darwin

package opengl

import (
	"errors"
	"fmt"
	"sort"
	"strings"
	"unsafe"

	"github.com/go-gl/gl/v4.3-core/gl"

	"shadegrad/compute"
	"shadegrad/compute/flow"
	"shadegrad/compute/opengl/fuse"
)

// An executable is a compiled program.
type executable struct {
	owner   *Backend
	program compute.Program
	guard   *flow.Guard
	slots   []compute.Mat // memory for sums that are made in parts
	retuned bool          // some kernels are not those of the last run
	steps   []dispatch

	params uint32  // the uniform buffer with the Params of all dispatches
	work   float64 // of all dispatches, as fuse.Dispatch.Cost counts it
}

// A dispatch is a planned dispatch that is ready to run.
type dispatch struct {
	program      *program
	bindings     []binding
	paramsOffset int
	groupsX      uint32
	groupsY      uint32
	fuse.Dispatch
}

// A binding is a buffer at a binding point of storage blocks.
type binding struct{ point, buffer uint32 }

// uniforms are the part of a buffer that a binding point of uniform blocks has, from an offset on.
type uniforms struct {
	buffer uint32
	offset int
}

// Compile checks a program, plans its dispatches and compiles their kernels. The error is a
// *compute.OpError, or a *CompileError if the driver refuses a kernel.
func (b *Backend) Compile(p compute.Program) (compute.Executable, error) {
	if err := b.usable(); err != nil {
		return nil, err
	}
	p.Ops = append([]compute.Op(nil), p.Ops...)
	if err := p.Check(b.holds); err != nil {
		return nil, err
	}
	e := &executable{owner: b, program: p, guard: flow.NewGuard(p)}
	groups := fuse.JoinUpdates(fuse.Groups(p, b.planning), b.planning)
	stages := fuse.Stages(groups, b.planning)
	choices := make([]fuse.Choice, len(stages))
	for i, s := range stages {
		c, err := b.choose(s)
		if err != nil {
			return nil, e.failed(err)
		}
		if n := c.Scratch.Cols; n > 0 {
			if c.Scratch, err = b.Alloc(1, n); err != nil {
				return nil, e.failed(err)
			}
			e.slots = append(e.slots, c.Scratch)
		}
		choices[i] = c
		e.retuned = e.retuned || b.tuner.changed[s.Name]
	}
	dispatches := fuse.Bind(fuse.Kernels(fuse.Dispatches(stages, choices)))
	// A cache that cannot be written costs time and changes no result.
	_ = b.tuner.memory.save()
	var err error
	if stalled := b.call(func(w *worker) { err = w.compile(e, dispatches) }); stalled != nil {
		return nil, stalled
	}
	if err != nil {
		return nil, e.failed(err)
	}
	return e, nil
}

// failed releases the memory of a Compile that failed, and returns err.
func (e *executable) failed(err error) error {
	for _, m := range e.slots {
		e.owner.Free(m.Buf)
	}
	return err
}

// Run queues one run.
func (e *executable) Run(args compute.Args) {
	b := e.owner
	if b.usable() != nil {
		return
	}
	if err := e.guard.Check(args, live); err != nil {
		// The error goes through the queue, so that it follows the work queued before.
		b.submit(command{do: func(w *worker) { w.fault.set(err) }})
		return
	}
	b.submit(command{exec: e, args: args})
}

// live reports whether a buffer of this package was not freed.
func live(b compute.Buffer) bool { return !b.(*buffer).freed }

// Release frees the executable's buffers. Its kernels stay for other programs.
func (e *executable) Release() {
	if e.owner.closed || !e.guard.Release() {
		return
	}
	for _, m := range e.slots {
		e.owner.Free(m.Buf)
	}
	e.owner.submit(command{do: func(w *worker) { w.deleteBuffer(e.params) }})
}

// compile prepares the dispatches of an executable.
func (w *worker) compile(e *executable, list []fuse.Dispatch) error {
	if err := w.fault.get(); err != nil {
		return err
	}
	for i := range list {
		e.work += list[i].Cost()
	}
	var err error
	e.steps, e.params, err = w.assemble(list)
	if failed := (*dispatchError)(nil); errors.As(err, &failed) {
		if n := failed.op; isLimit(err) {
			return &compute.OpError{Program: e.program.Name, Index: n, Op: e.program.Ops[n].Name(), Err: failed.err}
		}
		return fmt.Errorf("program %q: %w", e.program.Name, failed.err)
	}
	return err
}

// A dispatchError is the reason why a dispatch cannot be done.
type dispatchError struct {
	op  int // the last op of its stage
	err error
}

func (e *dispatchError) Error() string { return e.err.Error() }
func (e *dispatchError) Unwrap() error { return e.err }

// assemble makes planned dispatches ready to run, and a uniform buffer of their parameters. The error
// is a *dispatchError if one of them is at fault.
func (w *worker) assemble(list []fuse.Dispatch) (steps []dispatch, uniforms uint32, err error) {
	w.compiling.Store(true)
	defer w.compiling.Store(false)
	w.startAll(list)
	var params []uint32
	for _, planned := range list {
		d, err := w.prepare(planned)
		w.pulse.Add(1)
		if err != nil {
			return nil, 0, &dispatchError{planned.Op, err}
		}
		for len(params)*4%w.limits.uniformAlignment != 0 {
			params = append(params, 0)
		}
		d.paramsOffset = 4 * len(params)
		params = append(params, d.program.block(d.Params)...)
		steps = append(steps, d)
	}
	if len(params) == 0 {
		return nil, 0, nil
	}
	id := w.newBuffer()
	gl.BindBuffer(gl.COPY_WRITE_BUFFER, id)
	gl.BufferData(gl.COPY_WRITE_BUFFER, 4*len(params), unsafe.Pointer(&params[0]), gl.STATIC_DRAW)
	if err := w.check("compiling a program"); err != nil {
		w.deleteBuffer(id)
		return nil, 0, err
	}
	return steps, id, nil
}

// prepare makes a planned dispatch ready to run.
func (w *worker) prepare(p fuse.Dispatch) (dispatch, error) {
	prog, err := w.program(p.Kernel, p.Defines)
	if err != nil {
		return dispatch{}, err
	}
	if p.Groups > 0 {
		p.X, p.Y = p.Groups*prog.groupX, 1
	}
	d := dispatch{program: prog, groupsX: w.groups(p.X, prog.groupX), groupsY: w.groups(p.Y, prog.groupY), Dispatch: p}
	for name, point := range prog.blocks {
		buf, ok := p.Blocks[name].(*buffer)
		if !ok {
			return dispatch{}, fmt.Errorf("kernel %s has an unknown storage block %s", prog.name, name)
		}
		if int(point) >= len(w.bound) {
			return dispatch{}, fmt.Errorf("kernel %s binds block %s at %d, beyond the last binding %d", prog.name, name, point, len(w.bound)-1)
		}
		d.bindings = append(d.bindings, binding{point, buf.id})
	}
	sort.Slice(d.bindings, func(i, j int) bool { return d.bindings[i].point < d.bindings[j].point })
	for name := range prog.params {
		if _, ok := p.Params[name]; !ok && !strings.HasPrefix(name, "jobs[") { // jobs beyond the last are not set
			return dispatch{}, fmt.Errorf("kernel %s has an unknown parameter %s", prog.name, name)
		}
	}
	if prog.args.stepValues >= 0 && p.StepValues == nil {
		return dispatch{}, fmt.Errorf("kernel %s has the uniform stepValues, which its op does not set", prog.name)
	}
	if prog.paramsSize == 0 {
		return dispatch{}, fmt.Errorf("kernel %s has no uniform block Params", prog.name)
	}
	stepsX := (p.X + int(d.groupsX)*prog.groupX - 1) / (int(d.groupsX) * prog.groupX)
	stepsY := (p.Y + int(d.groupsY)*prog.groupY - 1) / (int(d.groupsY) * prog.groupY)
	if need := int64(stepsX) * int64(stepsY) * int64(p.Loops+1); w.limits.loops > 0 && need > int64(w.limits.loops) {
		return dispatch{}, &compute.LimitError{What: "kernel " + prog.name,
			Limit: "LP_MAX_TGSI_LOOP_ITERATIONS", Need: need, Have: int64(w.limits.loops)}
	}
	return d, nil
}

// groups returns the number of groups of a size that n invocations need, at most the largest
// grid.
func (w *worker) groups(n, size int) uint32 {
	return uint32(min((n+size-1)/size, w.limits.groups))
}

// run dispatches an executable.
func (w *worker) run(e *executable, args compute.Args) {
	if w.fault.get() != nil {
		return
	}
	for i := range e.steps {
		d := &e.steps[i]
		if w.hazards.Add(d.Accesses) {
			w.barrier(gl.SHADER_STORAGE_BARRIER_BIT)
		}
		if w.profiler != nil {
			w.profiler.around(e, d, func() { w.dispatch(d, e.params, args) })
			continue
		}
		w.dispatch(d, e.params, args)
	}
	w.counts.runs.Add(1)
	w.counts.dispatches.Add(uint64(len(e.steps)))
	w.runs++
	w.work += e.work
	if w.runs >= batchRuns || w.work >= batchWork {
		w.flush()
	}
}

// start binds the buffers and parameters of a dispatch and starts it. Bindings persist, so it omits
// those that did not change.
func (w *worker) start(d *dispatch, params uint32, args compute.Args) {
	if w.current != d.program.id {
		gl.UseProgram(d.program.id)
		w.current = d.program.id
	}
	for _, b := range d.bindings {
		if w.bound[b.point] != b.buffer {
			gl.BindBufferBase(gl.SHADER_STORAGE_BUFFER, b.point, b.buffer)
			w.bound[b.point] = b.buffer
		}
	}
	if own := (uniforms{params, d.paramsOffset}); w.uniforms[d.program.paramsPoint] != own {
		gl.BindBufferRange(gl.UNIFORM_BUFFER, d.program.paramsPoint, params, d.paramsOffset, d.program.paramsSize)
		w.uniforms[d.program.paramsPoint] = own
	}
	d.program.setArgs(args, d.StepValues)
	gl.DispatchCompute(d.groupsX, d.groupsY, 1)
}
