package sanitize

import (
	"bytes"
	_ "embed"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"

	"shadegrad/shaders"
)

// A Sanitizer is a value of the compiler's option -fsanitize.
type Sanitizer string

const (
	Thread  Sanitizer = "thread"
	Address Sanitizer = "address"
)

// tools are the programs that make a C++ program of a kernel, with Debian's packages of them.
var tools = map[string]string{"glslangValidator": "glslang-tools", "spirv-cross": "spirv-cross", "g++": "g++"}

// Missing returns an error that names the programs and headers that are not installed, and their packages; or nil.
func Missing() error {
	var names, packages []string
	for name, pkg := range tools {
		if _, err := exec.LookPath(name); err != nil {
			names, packages = append(names, name), append(packages, pkg)
		}
	}
	if _, err := os.Stat("/usr/include/glm/vec4.hpp"); err != nil {
		names, packages = append(names, "glm"), append(packages, "libglm-dev")
	}
	if names == nil {
		return nil
	}
	return fmt.Errorf("%s: not installed (Debian: apt-get install %s)", strings.Join(names, ", "), strings.Join(packages, " "))
}

//go:embed runtime.hpp
var runtime []byte

// A program is a kernel that has been compiled with a sanitizer.
type program struct {
	path string
	// blocks and uniforms are the names of the storage blocks, with Params, and of the plain uniforms, in the order in
	// which the program expects them.
	blocks, uniforms []string
	params           []string // the members of Params in their order; an array of structs is one of its members
	groupX, groupY   int
}

var (
	blockLine   = regexp.MustCompile(`internal::Resource<(\w+)> \w+__;`)
	uniformLine = regexp.MustCompile(`internal::UniformConstant<\w+> (\w+)__;`)
	groupLine   = regexp.MustCompile(`new ComputeShader<Impl::Shader, Impl::Shader::Resources, (\d+), (\d+), 1>`)
	paramsBlock = regexp.MustCompile(`(?s)struct Params\s*\{(.*?)\};`)
	jobBlock    = regexp.MustCompile(`(?s)struct alignas\(16\) Job\s*\{(.*?)\};`)
	memberLine  = regexp.MustCompile(`(?:uint32_t|float) (\w+);|std::array<struct Job, (\d+)> jobs;`)
)

// compile makes a program of a kernel in a directory. The runtime is in another one.
func compile(dir, headers string, source shaders.Source, sanitizer Sanitizer) (*program, error) {
	file := func(suffix string) string { return filepath.Join(dir, source.Name+suffix) }
	if err := os.WriteFile(file(".comp"), []byte(source.Text), 0o666); err != nil {
		return nil, err
	}
	// -G means SPIR-V for OpenGL. Plain uniforms need locations there, which --aml assigns.
	if _, err := command("glslangValidator", "-G", "--aml", "-o", file(".spv"), file(".comp")); err != nil {
		return nil, err
	}
	code, err := command("spirv-cross", "--cpp", file(".spv"))
	if err != nil {
		return nil, err
	}
	text := strings.NewReplacer(
		`#include "spirv_cross/internal_interface.hpp"`, `#include "runtime.hpp"`,
		`#include "spirv_cross/external_interface.h"`, "",
		// std140 rounds the size of a struct in an array to a multiple of 16 bytes.
		"struct Job\n", "struct alignas(16) Job\n",
	).Replace(string(code))
	if err := os.WriteFile(file(".cpp"), []byte(text), 0o666); err != nil {
		return nil, err
	}
	p := &program{path: file("." + string(sanitizer))}
	if _, err := command("g++", append(flags(sanitizer), "-I", headers, "-o", p.path, file(".cpp"))...); err != nil {
		return nil, err
	}
	return p, p.inspect(text)
}

// writeRuntime writes the runtime to a directory, and its precompiled form, which saves more than half of the time to
// compile a kernel.
func writeRuntime(dir string, sanitizer Sanitizer) error {
	header := filepath.Join(dir, "runtime.hpp")
	if err := os.WriteFile(header, runtime, 0o666); err != nil {
		return err
	}
	_, err := command("g++", append(flags(sanitizer), "-x", "c++-header", "-o", header+".gch", header)...)
	return err
}

// flags returns the compiler's options. A local variable without a value is -1.7e38, a wrong index of a std::array an error.
func flags(sanitizer Sanitizer) []string {
	return []string{"-std=c++17", "-O1", "-g1", "-fsanitize=" + string(sanitizer), "-ffp-contract=off", "-fno-lifetime-dse", "-ftrivial-auto-var-init=pattern",
		"-D_GLIBCXX_ASSERTIONS", "-pthread"}
}

// inspect finds the interface of a kernel in its C++ code.
func (p *program) inspect(text string) error {
	for _, m := range blockLine.FindAllStringSubmatch(text, -1) {
		p.blocks = append(p.blocks, m[1])
	}
	for _, m := range uniformLine.FindAllStringSubmatch(text, -1) {
		p.uniforms = append(p.uniforms, m[1])
	}
	var jobs []string
	if m := jobBlock.FindStringSubmatch(text); m != nil {
		jobs = members(m[1], nil)
		for len(jobs)%4 != 0 {
			jobs = append(jobs, "")
		}
	}
	if m := paramsBlock.FindStringSubmatch(text); m != nil {
		p.params = members(m[1], jobs)
	}
	m := groupLine.FindStringSubmatch(text)
	if m == nil {
		return fmt.Errorf("%s: the size of its groups is not in the C++ code", p.path)
	}
	_, err := fmt.Sscan(m[1]+" "+m[2], &p.groupX, &p.groupY)
	return err
}

// members returns the names of the words of a struct, "" for those without a name. job are those of a member of jobs.
func members(text string, job []string) []string {
	var list []string
	for _, m := range memberLine.FindAllStringSubmatch(text, -1) {
		if m[1] != "" {
			list = append(list, m[1])
			continue
		}
		var n int
		fmt.Sscan(m[2], &n) // digits, as the expression says
		for i := range n {
			for _, name := range job {
				if name != "" {
					name = fmt.Sprintf("jobs[%d].%s", i, name)
				}
				list = append(list, name)
			}
		}
	}
	return list
}

// command runs a command and returns its standard output. The error has what it printed.
func command(name string, args ...string) ([]byte, error) {
	cmd := exec.Command(name, args...)
	var out, problems bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &problems
	if err := cmd.Run(); err != nil {
		return nil, fmt.Errorf("%s: %w\n%s%s", strings.Join(cmd.Args, " "), err, out.Bytes(), problems.Bytes())
	}
	return out.Bytes(), nil
}
