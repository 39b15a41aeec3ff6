//go:build cgo && !nogl && !darwin

package opengl

import (
	"errors"
	"fmt"
	"strings"

	"github.com/go-gl/gl/v4.3-core/gl"

	"shadegrad/compute"
	"shadegrad/internal/glctx"
	"shadegrad/shaders"
)

// A program is a linked kernel, with the places of its blocks, parameters and uniforms.
type program struct {
	id         uint32
	name       string
	blocks     map[string]uint32 // storage blocks: their binding points
	params     map[string]int    // members of Params: their offsets in bytes
	paramsSize int
	// paramsPoint is the binding point of Params. Few programs share one, so that a step usually finds
	// its parameters bound.
	paramsPoint uint32
	groupX      int // invocations in a group
	groupY      int
	args        argUniforms
}

// argUniforms are the locations of the uniforms that hold compute.Args, −1 if the kernel lacks
// one, and the values that they hold.
type argUniforms struct {
	firstRow, learningRate, momentum int32
	seed, stepNumber, stepValues     int32
	set                              bool
	now                              compute.Args
	x, y                             float32 // stepValues
}

// startLinking starts to compile the specialisation of a kernel, unless it has been compiled or started. It
// does not wait for the driver.
func (w *worker) startLinking(kernel string, defines shaders.Defines) (shaders.Source, error) {
	source, err := w.shaders.Specialise(kernel, defines)
	if err != nil {
		return source, &SourceError{w.shaders.Origin(), err}
	}
	if _, started := w.started[source.Name]; !started && w.programs[source.Name] == nil {
		w.started[source.Name] = glctx.StartLinking(source.Text)
		w.counts.programs.Add(1)
	}
	return source, nil
}

// program returns the specialisation of a kernel. It compiles each once.
func (w *worker) program(kernel string, defines shaders.Defines) (*program, error) {
	source, err := w.startLinking(kernel, defines)
	if err != nil {
		return nil, err
	}
	if p := w.programs[source.Name]; p != nil {
		return p, nil
	}
	id, err := w.linked(source)
	if err != nil {
		return nil, err
	}
	p := &program{id: id, name: source.Name}
	if err := p.inspect(); err != nil {
		w.deleteProgram(id)
		return nil, err
	}
	if p.paramsSize > 0 { // there is no other uniform block
		p.paramsPoint = uint32(w.points % len(w.uniforms))
		gl.UniformBlockBinding(id, 0, p.paramsPoint)
		w.points++
	}
	w.programs[source.Name] = p
	return p, nil
}

// linked waits for a kernel that was started and returns its program.
func (w *worker) linked(source shaders.Source) (uint32, error) {
	id, err := w.started[source.Name].Wait()
	delete(w.started, source.Name)
	w.pulse.Add(1) // the driver makes progress
	var refused *glctx.ShaderError
	if errors.As(err, &refused) {
		w.counts.programs.Add(-1)
		return 0, &CompileError{Kernel: source.Name, Linked: refused.Compiled, Log: source.Rewrite(refused.Log), Device: w.device}
	}
	return id, nil
}

func (w *worker) deleteProgram(id uint32) {
	gl.DeleteProgram(id)
	w.counts.programs.Add(-1)
}

// deletePrograms deletes the programs whose names begin with prefix, also those that the driver still
// compiles.
func (w *worker) deletePrograms(prefix string) {
	gl.UseProgram(0) // a program in use is not deleted
	w.current = 0
	for name, l := range w.started {
		if !strings.HasPrefix(name, prefix) {
			continue
		}
		if id, err := l.Wait(); err == nil {
			gl.DeleteProgram(id)
		}
		w.counts.programs.Add(-1)
		delete(w.started, name)
	}
	for name, p := range w.programs {
		if strings.HasPrefix(name, prefix) {
			w.deleteProgram(p.id)
			delete(w.programs, name)
		}
	}
}

// inspect asks OpenGL for the places of a program's blocks, parameters and uniforms, so that a
// kernel and its dispatch need to agree only on names.
func (p *program) inspect() error {
	var size [3]int32
	gl.GetProgramiv(p.id, gl.COMPUTE_WORK_GROUP_SIZE, &size[0])
	p.groupX, p.groupY = int(size[0]), int(size[1])

	p.blocks = map[string]uint32{}
	for i, name := range p.resources(gl.SHADER_STORAGE_BLOCK) {
		p.blocks[name] = uint32(p.property(gl.SHADER_STORAGE_BLOCK, i, gl.BUFFER_BINDING))
	}
	for i, name := range p.resources(gl.UNIFORM_BLOCK) {
		if name != "Params" {
			return fmt.Errorf("kernel %s has an unknown uniform block %s; want only Params", p.name, name)
		}
		p.paramsSize = int(p.property(gl.UNIFORM_BLOCK, i, gl.BUFFER_DATA_SIZE))
	}
	p.params = map[string]int{}
	p.args = argUniforms{firstRow: -1, learningRate: -1, momentum: -1, seed: -1, stepNumber: -1, stepValues: -1}
	args := map[string]*int32{"firstRow": &p.args.firstRow, "learningRate": &p.args.learningRate, "momentum": &p.args.momentum,
		"seed": &p.args.seed, "stepNumber": &p.args.stepNumber, "stepValues": &p.args.stepValues}
	for i, name := range p.resources(gl.UNIFORM) {
		location := p.property(gl.UNIFORM, i, gl.LOCATION)
		switch {
		case p.property(gl.UNIFORM, i, gl.BLOCK_INDEX) >= 0:
			p.params[name] = int(p.property(gl.UNIFORM, i, gl.OFFSET))
		case args[name] != nil:
			*args[name] = location
		default:
			return fmt.Errorf("kernel %s has an unknown uniform %s", p.name, name)
		}
	}
	return nil
}

// resources returns the names of the active resources of one kind.
func (p *program) resources(kind uint32) []string {
	var n int32
	gl.GetProgramInterfaceiv(p.id, kind, gl.ACTIVE_RESOURCES, &n)
	names := make([]string, n)
	for i := range names {
		length := p.property(kind, i, gl.NAME_LENGTH)
		name := make([]byte, length)
		gl.GetProgramResourceName(p.id, kind, uint32(i), length, &length, &name[0])
		names[i] = string(name[:length])
	}
	return names
}

func (p *program) property(kind uint32, i int, property uint32) int32 {
	var value int32
	gl.GetProgramResourceiv(p.id, kind, uint32(i), 1, &property, 1, nil, &value)
	return value
}

// block returns the contents of block Params.
func (p *program) block(params map[string]uint32) []uint32 {
	block := make([]uint32, (p.paramsSize+3)/4)
	for name, offset := range p.params {
		block[offset/4] = params[name]
	}
	return block
}

// setArgs sets the uniforms of the program in use, if they changed: a program keeps them from run
// to run. values returns the stepValues, if the program has them.
func (p *program) setArgs(args compute.Args, values func(compute.Args) (x, y float32)) {
	a := &p.args
	// NaN differs from itself, so it is set again, which is right.
	if a.firstRow >= 0 && (!a.set || a.now.Row != args.Row) {
		gl.Uniform1ui(a.firstRow, uint32(args.Row))
	}
	if a.learningRate >= 0 && (!a.set || a.now.LearningRate != args.LearningRate) {
		gl.Uniform1f(a.learningRate, args.LearningRate)
	}
	if a.momentum >= 0 && (!a.set || a.now.Momentum != args.Momentum) {
		gl.Uniform1f(a.momentum, args.Momentum)
	}
	if a.seed >= 0 && (!a.set || a.now.Seed != args.Seed) {
		gl.Uniform2ui(a.seed, uint32(args.Seed), uint32(args.Seed>>32))
	}
	if a.stepNumber >= 0 && (!a.set || a.now.Step != args.Step) {
		gl.Uniform1ui(a.stepNumber, args.Step)
	}
	if a.stepValues >= 0 {
		// They depend on the op too, and a program serves several ops.
		if x, y := values(args); !a.set || x != a.x || y != a.y {
			gl.Uniform2f(a.stepValues, x, y)
			a.x, a.y = x, y
		}
	}
	a.set, a.now = true, args
}
