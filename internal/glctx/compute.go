//go:build cgo && !nogl && !darwin

package glctx

import (
	"fmt"
	"strings"

	"github.com/go-gl/gl/v4.3-core/gl"
)

// Limits returns the driver's limits that concern compute kernels.
func (c *Context) Limits() ([]Limit, error) {
	var limits []Limit
	err := c.Do(func() {
		for _, l := range []struct {
			id uint32
			Limit
		}{
			{gl.MAX_COMPUTE_WORK_GROUP_INVOCATIONS, Limit{Name: "GL_MAX_COMPUTE_WORK_GROUP_INVOCATIONS", Need: 1024}},
			{gl.MAX_COMPUTE_SHARED_MEMORY_SIZE, Limit{Name: "GL_MAX_COMPUTE_SHARED_MEMORY_SIZE", Need: 32 << 10}},
			{gl.MAX_COMPUTE_SHADER_STORAGE_BLOCKS, Limit{Name: "GL_MAX_COMPUTE_SHADER_STORAGE_BLOCKS", Need: 8}},
			{gl.MAX_SHADER_STORAGE_BLOCK_SIZE, Limit{Name: "GL_MAX_SHADER_STORAGE_BLOCK_SIZE", Need: 16 << 20}},
			{gl.MAX_UNIFORM_BLOCK_SIZE, Limit{Name: "GL_MAX_UNIFORM_BLOCK_SIZE", Need: 16 << 10}},
			{gl.UNIFORM_BUFFER_OFFSET_ALIGNMENT, Limit{Name: "GL_UNIFORM_BUFFER_OFFSET_ALIGNMENT", Need: 256, Most: true}},
		} {
			gl.GetInteger64v(l.id, &l.Have)
			limits = append(limits, l.Limit)
		}
		for _, g := range []struct {
			name string
			id   uint32
			need [3]int64
		}{
			{"GL_MAX_COMPUTE_WORK_GROUP_COUNT", gl.MAX_COMPUTE_WORK_GROUP_COUNT, [3]int64{65535, 65535, 65535}},
			{"GL_MAX_COMPUTE_WORK_GROUP_SIZE", gl.MAX_COMPUTE_WORK_GROUP_SIZE, [3]int64{1024, 1024, 64}},
		} {
			for axis, need := range g.need {
				l := Limit{Name: fmt.Sprintf("%s[%d]", g.name, axis), Need: need}
				gl.GetInteger64i_v(g.id, uint32(axis), &l.Have)
				limits = append(limits, l)
			}
		}
	})
	return limits, err
}

// CheckShader compiles and links a compute shader and deletes it again. The error
// is a *ShaderError or ErrClosed.
func (c *Context) CheckShader(source string) error {
	var program uint32
	var refused error
	err := c.Do(func() {
		if program, refused = LinkShader(source); refused == nil {
			gl.DeleteProgram(program)
		}
	})
	if err != nil {
		return err
	}
	return refused
}

// LinkShader compiles and links a compute shader and returns the program. Call it
// on the context's thread. The error is a *ShaderError.
func LinkShader(source string) (program uint32, err error) {
	return StartLinking(source).Wait()
}

// A Linking is a compute shader that the driver compiles and links.
type Linking struct{ shader, program uint32 }

// StartLinking starts to compile and link a compute shader. Call it on the context's
// thread. It asks for no result, so a driver may do the work on other threads.
// KHR_parallel_shader_compile, where a driver has it, uses all of its threads by default.
func StartLinking(source string) Linking {
	l := Linking{gl.CreateShader(gl.COMPUTE_SHADER), gl.CreateProgram()}
	text, free := gl.Strs(source)
	length := int32(len(source))
	gl.ShaderSource(l.shader, 1, text, &length)
	free()
	gl.CompileShader(l.shader)
	gl.AttachShader(l.program, l.shader)
	gl.LinkProgram(l.program)
	return l
}

// Wait waits for the driver and returns the program. Call it once, on the context's
// thread. The error is a *ShaderError.
func (l Linking) Wait() (program uint32, err error) {
	defer gl.DeleteShader(l.shader)
	var linked, compiled int32
	if gl.GetProgramiv(l.program, gl.LINK_STATUS, &linked); linked != gl.FALSE {
		gl.DetachShader(l.program, l.shader)
		return l.program, nil
	}
	defer gl.DeleteProgram(l.program)
	if gl.GetShaderiv(l.shader, gl.COMPILE_STATUS, &compiled); compiled == gl.FALSE {
		return 0, &ShaderError{Log: infoLog(l.shader, gl.GetShaderiv, gl.GetShaderInfoLog)}
	}
	return 0, &ShaderError{Compiled: true, Log: infoLog(l.program, gl.GetProgramiv, gl.GetProgramInfoLog)}
}

// infoLog returns the driver's log of a shader or a program.
func infoLog(id uint32, getiv func(uint32, uint32, *int32), getLog func(uint32, int32, *int32, *uint8)) string {
	var length int32
	getiv(id, gl.INFO_LOG_LENGTH, &length)
	if length <= 0 {
		return ""
	}
	log := make([]byte, length)
	getLog(id, length, &length, &log[0])
	return strings.TrimRight(string(log[:length]), "\x00")
}
