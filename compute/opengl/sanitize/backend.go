package sanitize

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"os"
	"os/exec"
	"slices"
	"time"

	"shadegrad/compute"
	"shadegrad/compute/opengl/fuse"
	"shadegrad/compute/reference"
	"shadegrad/shaders"
)

// A Backend runs kernels as C++ programs, one process for each dispatch. Its memory is the reference backend's.
type Backend struct {
	compute.Backend
	kit      *Kit
	planning fuse.Options
	set      *shaders.Set
	places   map[compute.Buffer]*buffer
	end      int // of the matrices
	err      error
}

// A buffer is a buffer of the reference backend with its place. All matrices lie in one block of memory, as on
// OpenGL, since kernels that do several ops expect it. Bytes and row numbers have a block each.
type buffer struct {
	compute.Buffer
	name  uint32
	first int
}

func (b *buffer) Name() uint32 { return b.name }
func (b *buffer) First() int   { return b.first }

// matrices is the name of the block of all matrices.
const matrices = 1

// gap is the number of elements between two matrices, at least.
const gap = 16

// A Kit compiles each kernel once.
type Kit struct {
	Dir       string // for programs
	Sanitizer Sanitizer
	// Runs are the numbers of dispatches by kernel.
	Runs     map[string]int
	programs map[string]*program
}

// NewKit returns a kit that writes programs to a directory.
func NewKit(dir string, s Sanitizer) *Kit {
	return &Kit{dir, s, map[string]int{}, map[string]*program{}}
}

// New returns a backend that plans by the given options and specialises the kernels of set.
func (k *Kit) New(set *shaders.Set, planning fuse.Options) *Backend {
	planning.MaxTerms = 16384
	return &Backend{reference.New(), k, planning, set, map[compute.Buffer]*buffer{}, 0, nil}
}

// program returns the program of a kernel.
func (k *Kit) program(source shaders.Source) (*program, error) {
	// The kernels of different sets may have one name.
	key := source.Name + "\x00" + source.Text
	if p := k.programs[key]; p != nil {
		return p, nil
	}
	if len(k.programs) == 0 {
		if err := writeRuntime(k.Dir, k.Sanitizer); err != nil {
			return nil, err
		}
	}
	dir, err := os.MkdirTemp(k.Dir, "")
	if err != nil {
		return nil, err
	}
	p, err := compile(dir, k.Dir, source, k.Sanitizer)
	if err == nil {
		k.programs[key] = p
	}
	return p, err
}

// place returns a buffer with its place.
func (b *Backend) place(of compute.Buffer) *buffer {
	if p := b.places[of]; p != nil {
		return p
	}
	p := &buffer{of, matrices, b.end}
	if reference.Holds(of, compute.Float32) {
		b.end += (of.Elems()+gap-1)/gap*gap + gap
	} else {
		p.name, p.first = uint32(len(b.places))+matrices+1, 0
	}
	b.places[of] = p
	return p
}

// Free forgets a buffer's place.
func (b *Backend) Free(of compute.Buffer) {
	delete(b.places, of)
	b.Backend.Free(of)
}

// Read returns the first failure of a run.
func (b *Backend) Read(dst []float32, src compute.Mat) error {
	return errors.Join(b.err, b.Backend.Read(dst, src))
}

// An executable is a planned program.
type executable struct {
	b     *Backend
	check compute.Executable // the reference's, which is not run
	steps []step
}

// A step is a dispatch with its program.
type step struct {
	fuse.Dispatch
	*program
	name string
}

// Compile plans a program and compiles its kernels.
func (b *Backend) Compile(p compute.Program) (compute.Executable, error) {
	check, err := b.Backend.Compile(p)
	if err != nil {
		return nil, err
	}
	placed := compute.Program{Name: p.Name}
	for _, op := range p.Ops {
		placed.Ops = append(placed.Ops, compute.Rebind(op, func(of compute.Buffer) compute.Buffer { return b.place(of) }))
	}
	for _, m := range p.Scratch {
		m.Buf = b.place(m.Buf)
		placed.Scratch = append(placed.Scratch, m)
	}
	stages := fuse.Stages(fuse.JoinUpdates(fuse.Groups(placed, b.planning), b.planning), b.planning)
	choices := make([]fuse.Choice, len(stages))
	for i, s := range stages {
		c := s.Choices[0]
		if n := c.Scratch.Cols; n > 0 {
			if c.Scratch, err = b.Alloc(1, n); err != nil {
				return nil, err
			}
			c.Scratch.Buf = b.place(c.Scratch.Buf)
		}
		choices[i] = c
	}
	e := &executable{b: b, check: check}
	for _, d := range fuse.Bind(fuse.Kernels(fuse.Dispatches(stages, choices))) {
		source, err := b.set.Specialise(d.Kernel, d.Defines)
		if err != nil {
			return nil, err
		}
		p, err := b.kit.program(source)
		if err != nil {
			return nil, err
		}
		e.steps = append(e.steps, step{d, p, source.Name})
	}
	return e, nil
}

// Release does nothing.
func (e *executable) Release() { e.check.Release() }

// Run runs the program and waits.
func (e *executable) Run(args compute.Args) {
	for i := range e.steps {
		if e.b.err == nil {
			e.b.err = e.b.run(&e.steps[i], args)
			e.b.kit.Runs[e.steps[i].Kernel]++
		}
	}
}

// maxGrid is the largest grid in a direction. Kernels step by the grid, so a small one tests more.
const maxGrid = 2

// limit bounds the time of a dispatch: a barrier that not all invocations reach waits forever.
const limit = 2 * time.Minute

// run runs a dispatch.
func (b *Backend) run(s *step, args compute.Args) error {
	x, y := s.X, s.Y
	if s.Groups > 0 {
		x, y = s.Groups*s.groupX, 1
	}
	in := words{}
	in.add(uint32(min((x+s.groupX-1)/s.groupX, maxGrid)), uint32(min((y+s.groupY-1)/s.groupY, maxGrid)))
	list, err := b.addBlocks(&in, s)
	if err != nil {
		return err
	}
	in.add(uint32(len(s.uniforms)))
	for _, name := range s.uniforms {
		in.add(uniform(name, s, args)...)
	}
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	cmd := exec.CommandContext(ctx, s.path)
	var out, report bytes.Buffer
	cmd.Env = append(os.Environ(), "TSAN_OPTIONS=halt_on_error=1")
	cmd.Stdin, cmd.Stdout, cmd.Stderr = &in.Buffer, &out, &report
	if err := cmd.Run(); err != nil {
		return &Finding{Kernel: s.name, Sanitizer: b.kit.Sanitizer, Report: report.String(), Cause: err}
	}
	for _, block := range list {
		b.store(block, out.Next(len(block.data)))
	}
	return nil
}

// A Finding is the report of a sanitizer.
type Finding struct {
	Kernel    string
	Sanitizer Sanitizer
	Report    string
	Cause     error
}

func (f *Finding) Error() string {
	return fmt.Sprintf("kernel %s, -fsanitize=%s: %v\n%s", f.Kernel, f.Sanitizer, f.Cause, f.Report)
}

// Unwrap returns the error of the process.
func (f *Finding) Unwrap() error { return f.Cause }

// A block is a block of memory of a dispatch.
type block struct {
	name uint32 // of a buffer, 0 for Params
	data []byte
	open []int // the accessible ranges of bytes, begin and end in turns
}

// addBlocks adds the buffers of a dispatch, and the buffer of each block.
func (b *Backend) addBlocks(in *words, s *step) ([]block, error) {
	params := words{}
	for _, name := range s.params {
		params.add(s.Params[name])
	}
	list := []block{{0, params.Bytes(), []int{0, params.Len()}}}
	var numbers []uint32
	for _, name := range s.blocks {
		if name == "Params" {
			numbers = append(numbers, 0)
			continue
		}
		of, ok := s.Blocks[name].(*buffer)
		if !ok {
			return nil, fmt.Errorf("kernel %s has an unknown storage block %s", s.name, name)
		}
		i := slices.IndexFunc(list, func(l block) bool { return l.name == of.name })
		if i < 0 {
			i = len(list)
			list = append(list, b.load(of, s.Accesses))
		}
		numbers = append(numbers, uint32(i))
	}
	in.add(uint32(len(list)))
	for _, l := range list {
		in.add(uint32(len(l.data)))
		in.Write(l.data)
		in.add(uint32(len(l.open) / 2))
		for _, at := range l.open {
			in.add(uint32(at))
		}
	}
	in.add(uint32(len(numbers)))
	in.add(numbers...)
	return list, nil
}

// load returns the contents of a block, with what the accesses of a dispatch declare.
func (b *Backend) load(of *buffer, accesses []fuse.Access) block {
	l := block{name: of.name}
	if of.name == matrices {
		all := make([]float32, b.end)
		for i := range all {
			all[i] = float32(math.NaN())
		}
		for from, p := range b.places {
			if p.name == matrices {
				copy(all[p.first:], reference.Data(from).([]float32))
			}
		}
		w := words{}
		for _, v := range all {
			w.add(math.Float32bits(v))
		}
		l.data = w.Bytes()
		for _, a := range accesses {
			l.open = append(l.open, 4*a.Lo, 4*a.Hi)
		}
		return l
	}
	switch data := reference.Data(of.Buffer).(type) {
	case []byte:
		l.data = append(slices.Clone(data), make([]byte, -len(data)&3)...) // kernels read whole words
	case []uint32:
		w := words{}
		w.add(data...)
		l.data = w.Bytes()
	}
	l.open = []int{0, len(l.data)}
	return l
}

// store copies the matrices of a block back.
func (b *Backend) store(l block, data []byte) {
	if l.name != matrices {
		return
	}
	for to, p := range b.places {
		if p.name != matrices {
			continue
		}
		values := reference.Data(to).([]float32)
		for i := range values {
			values[i] = math.Float32frombits(binary.LittleEndian.Uint32(data[4*(p.first+i):]))
		}
	}
}

// uniform returns the two words of a plain uniform.
func uniform(name string, s *step, args compute.Args) []uint32 {
	switch name {
	case "firstRow":
		return []uint32{uint32(args.Row), 0}
	case "learningRate":
		return []uint32{math.Float32bits(args.LearningRate), 0}
	case "momentum":
		return []uint32{math.Float32bits(args.Momentum), 0}
	case "seed":
		return []uint32{uint32(args.Seed), uint32(args.Seed >> 32)}
	case "stepNumber":
		return []uint32{args.Step, 0}
	case "stepValues":
		x, y := s.StepValues(args)
		return []uint32{math.Float32bits(x), math.Float32bits(y)}
	}
	panic("sanitize: unknown uniform " + name) // a uniform of package shaders is missing here
}

// words are words of 32 bits in the order of bytes of the machine that the kernels run on.
type words struct{ bytes.Buffer }

func (w *words) add(list ...uint32) {
	for _, v := range list {
		w.Write(binary.LittleEndian.AppendUint32(nil, v))
	}
}
