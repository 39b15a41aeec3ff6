package doctor

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"shadegrad/compute/opengl"
	"shadegrad/internal/glctx"
	"shadegrad/shaders"
)

// shaders compiles each kernel, so that each value of each of its options is there once.
func (x *exam) shaders(d device) Step {
	s := Step{Name: "shaders", Status: OK}
	set := x.Opener.Shaders
	var err error
	if set == nil {
		set, err = shaders.FromEnvironment()
	}
	var kernels []string
	if err == nil {
		kernels, err = set.Kernels()
	}
	if err != nil {
		s.Status, s.Found, s.Advice = Failed, err.Error(), x.brokenShader()
		return s
	}
	if all, err := shaders.Embedded().Kernels(); err == nil {
		for _, kernel := range all {
			if !slices.Contains(kernels, kernel) {
				s.Status, s.Found, s.Advice = Failed, fmt.Sprintf("shaders (%s): kernel %s is missing", set.Origin(), kernel), x.brokenShader()
				return s
			}
		}
	}
	variants := 0
	var broken []string // kernels
	for _, kernel := range kernels {
		n, refusal, err := compileKernel(d, set, kernel)
		if err != nil {
			refusal = []string{err.Error()}
		}
		variants += n
		if refusal == nil {
			continue
		}
		if broken = append(broken, kernel); len(broken) == 1 {
			s.Found, s.Log = refusal[0], refusal[1:]
		}
	}
	if len(broken) > 0 {
		s.Status, s.Advice = Failed, x.brokenShader()
		if len(broken) > 1 {
			s.Found += fmt.Sprintf(" (one of %d kernels that do not compile: %s)", len(broken), strings.Join(broken, ", "))
		}
		return s
	}
	s.Found = fmt.Sprintf("%d kernels compile, in %d variants; %s", len(kernels), variants, set.Origin())
	return s
}

// brokenShader says what to do about a shader that is not taken.
func (x *exam) brokenShader() []string {
	if dir := x.env(shaders.Variable); dir != "" {
		return []string{fmt.Sprintf("%s=%s replaces the built-in shaders: unset %s, or mend what is there", shaders.Variable, dir, shaders.Variable)}
	}
	for _, name := range []string{"MESA_GLSL_VERSION_OVERRIDE", "MESA_EXTENSION_OVERRIDE"} {
		if v := x.env(name); v != "" {
			return []string{fmt.Sprintf("%s=%s changes what Mesa's compiler takes: unset %s", name, v, name)}
		}
	}
	return []string{"please report it with what shadegrad doctor -json prints; a newer driver may do: " + x.newerDriver()}
}

// compileKernel compiles variants of a kernel and returns how many, and for the first that the driver refuses, why: a
// sentence with the first line of the log, and its other lines.
func compileKernel(d device, set *shaders.Set, kernel string) (n int, refusal []string, err error) {
	options, err := set.Options(kernel)
	if err != nil {
		return 0, nil, err
	}
	done := map[string]bool{}
	compile := func(defines shaders.Defines) (own bool, refusal []string, err error) {
		source, err := set.Specialise(kernel, defines)
		if err != nil {
			return false, nil, fmt.Errorf("shaders (%s): %w", set.Origin(), err)
		}
		if done[source.Name] {
			return false, nil, nil
		}
		err = d.CheckShader(source.Text)
		var refused *glctx.ShaderError
		switch {
		case !errors.As(err, &refused):
			n++
			done[source.Name] = true
			return false, nil, err
		case refusesItself(source.Text, refused.Log):
			return true, nil, nil
		}
		return false, describeRefusal(source, refused), nil
	}
	for _, attempts := range covering(options) {
		own := true
		for _, defines := range attempts {
			if own, refusal, err = compile(defines); err != nil || refusal != nil {
				return n, refusal, err
			}
			if !own {
				break
			}
		}
		if own {
			return n, []string{fmt.Sprintf("kernel %s refuses all that was tried with %v", kernel, attempts[0])}, nil
		}
	}
	return n, nil, nil
}

// covering returns lists of combinations of options: of each list one is enough, and then each value of each option has been
// there. The first of a list changes one option of the kernel's first combination; the others change a second one, for
// kernels that refuse the first with #error.
func covering(options []shaders.Option) [][]shaders.Defines {
	first := shaders.Defines{}
	for _, o := range options {
		if len(o.Values) > 0 {
			first[o.Name] = o.Values[0]
		}
	}
	list := [][]shaders.Defines{append([]shaders.Defines{first}, changes(first, options, "")...)}
	for _, one := range changes(first, options, "") {
		changed := ""
		for _, o := range options {
			if one[o.Name] != first[o.Name] {
				changed = o.Name
			}
		}
		list = append(list, append([]shaders.Defines{one}, changes(one, options, changed)...))
	}
	return list
}

// changes returns the combinations that differ from one in a single option, but not in the one to keep.
func changes(from shaders.Defines, options []shaders.Option, keep string) []shaders.Defines {
	var list []shaders.Defines
	for _, o := range options {
		values := o.Values
		if len(values) == 0 {
			values = []string{"1"}
		}
		for _, v := range values {
			if o.Name == keep || from[o.Name] == v {
				continue
			}
			d := shaders.Defines{o.Name: v}
			for name, value := range from {
				if name != o.Name {
					d[name] = value
				}
			}
			list = append(list, d)
		}
	}
	return list
}

var errorDirective = regexp.MustCompile(`(?m)^\s*#\s*error\s+(.*\S)\s*$`)

// refusesItself tells whether a log is about an #error of the source, which is how a kernel refuses a combination.
func refusesItself(text, log string) bool {
	for _, m := range errorDirective.FindAllStringSubmatch(text, -1) {
		if strings.Contains(log, m[1]) {
			return true
		}
	}
	return false
}

// describeRefusal returns the lines of a driver's error for a source.
func describeRefusal(source shaders.Source, refused *glctx.ShaderError) []string {
	e := &opengl.CompileError{Kernel: source.Name, Linked: refused.Compiled, Log: source.Rewrite(refused.Log)}
	lines := e.Excerpt()
	lines[0] = e.Summary() + ": " + lines[0]
	return lines
}
