//go:build cgo && !nogl

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
	shader := gl.CreateShader(gl.COMPUTE_SHADER)
	defer gl.DeleteShader(shader)
	text, free := gl.Strs(source)
	length := int32(len(source))
	gl.ShaderSource(shader, 1, text, &length)
	free()
	gl.CompileShader(shader)
	var ok int32
	if gl.GetShaderiv(shader, gl.COMPILE_STATUS, &ok); ok == gl.FALSE {
		return 0, &ShaderError{Log: infoLog(shader, gl.GetShaderiv, gl.GetShaderInfoLog)}
	}
	program = gl.CreateProgram()
	gl.AttachShader(program, shader)
	gl.LinkProgram(program)
	gl.DetachShader(program, shader)
	if gl.GetProgramiv(program, gl.LINK_STATUS, &ok); ok == gl.FALSE {
		defer gl.DeleteProgram(program)
		return 0, &ShaderError{Compiled: true, Log: infoLog(program, gl.GetProgramiv, gl.GetProgramInfoLog)}
	}
	return program, nil
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
