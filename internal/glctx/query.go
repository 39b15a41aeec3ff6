//go:build cgo && !nogl

package glctx

import (
	"fmt"
	"strings"

	"github.com/go-gl/gl/v4.3-core/gl"
)

// Limits asks the driver for the limits that compute kernels meet.
func (c *Context) Limits() ([]Limit, error) {
	limits := []Limit{
		{Name: "GL_MAX_COMPUTE_WORK_GROUP_INVOCATIONS", Need: 1024},
		{Name: "GL_MAX_COMPUTE_SHARED_MEMORY_SIZE", Need: 32 << 10},
		{Name: "GL_MAX_COMPUTE_SHADER_STORAGE_BLOCKS", Need: 8},
		{Name: "GL_MAX_SHADER_STORAGE_BLOCK_SIZE", Need: 16 << 20},
		{Name: "GL_MAX_UNIFORM_BLOCK_SIZE", Need: 16 << 10},
		{Name: "GL_UNIFORM_BUFFER_OFFSET_ALIGNMENT", Need: 256, Most: true},
	}
	names := []uint32{
		gl.MAX_COMPUTE_WORK_GROUP_INVOCATIONS, gl.MAX_COMPUTE_SHARED_MEMORY_SIZE, gl.MAX_COMPUTE_SHADER_STORAGE_BLOCKS,
		gl.MAX_SHADER_STORAGE_BLOCK_SIZE, gl.MAX_UNIFORM_BLOCK_SIZE, gl.UNIFORM_BUFFER_OFFSET_ALIGNMENT,
	}
	groups := []struct {
		name string
		id   uint32
		need [3]int64
	}{
		{"GL_MAX_COMPUTE_WORK_GROUP_COUNT", gl.MAX_COMPUTE_WORK_GROUP_COUNT, [3]int64{65535, 65535, 65535}},
		{"GL_MAX_COMPUTE_WORK_GROUP_SIZE", gl.MAX_COMPUTE_WORK_GROUP_SIZE, [3]int64{1024, 1024, 64}},
	}
	err := c.Do(func() {
		for i, name := range names {
			gl.GetInteger64v(name, &limits[i].Have)
		}
		for _, g := range groups {
			for axis, need := range g.need {
				l := Limit{Name: fmt.Sprintf("%s[%d]", g.name, axis), Need: need}
				gl.GetInteger64i_v(g.id, uint32(axis), &l.Have)
				limits = append(limits, l)
			}
		}
	})
	return limits, err
}

// CompileCompute compiles and links a compute shader and deletes it again. ok tells
// whether the driver took it; if not, log is what it says, and linking whether it
// had compiled and only did not link. The error is ErrClosed.
func (c *Context) CompileCompute(source string) (ok, linking bool, log string, err error) {
	err = c.Do(func() {
		shader := gl.CreateShader(gl.COMPUTE_SHADER)
		defer gl.DeleteShader(shader)
		text, free := gl.Strs(source)
		length := int32(len(source))
		gl.ShaderSource(shader, 1, text, &length)
		free()
		gl.CompileShader(shader)
		var status int32
		gl.GetShaderiv(shader, gl.COMPILE_STATUS, &status)
		if status == gl.FALSE {
			log = driverLog(shader, gl.GetShaderiv, gl.GetShaderInfoLog)
			return
		}
		linking = true
		program := gl.CreateProgram()
		defer gl.DeleteProgram(program)
		gl.AttachShader(program, shader)
		gl.LinkProgram(program)
		gl.GetProgramiv(program, gl.LINK_STATUS, &status)
		if ok = status != gl.FALSE; !ok {
			log = driverLog(program, gl.GetProgramiv, gl.GetProgramInfoLog)
		}
	})
	return ok, linking && !ok, log, err
}

// driverLog returns what the driver says of a shader or a program.
func driverLog(id uint32, getiv func(uint32, uint32, *int32), get func(uint32, int32, *int32, *uint8)) string {
	var length int32
	getiv(id, gl.INFO_LOG_LENGTH, &length)
	if length <= 0 {
		return ""
	}
	log := make([]byte, length)
	get(id, length, &length, &log[0])
	return strings.TrimRight(string(log[:length]), "\x00")
}
