package doctor

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"shadegrad/internal/glctx"
	"shadegrad/shaders"
)

// shaders compiles each kernel with each value of each of its options.
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
		return s.fail(err.Error(), x.brokenShader())
	}
	if all, err := shaders.Embedded().Kernels(); err == nil {
		for _, kernel := range all {
			if !slices.Contains(kernels, kernel) {
				return s.fail(fmt.Sprintf("shaders (%s): kernel %s is missing", set.Origin(), kernel), x.brokenShader())
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
		if len(broken) > 1 {
			s.Found += fmt.Sprintf(" (one of %d kernels that do not compile: %s)", len(broken), strings.Join(broken, ", "))
		}
		return s.fail(s.Found, x.brokenShader())
	}
	s.Found = fmt.Sprintf("%d kernels compile, in %d variants; %s", len(kernels), variants, set.Origin())
	return s
}

// compileKernel compiles variants of a kernel. It returns their number, and the lines of the driver's error for the first
// variant that the driver refuses.
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
			return n, []string{fmt.Sprintf("kernel %s refuses each combination with %v", kernel, attempts[0])}, nil
		}
	}
	return n, nil, nil
}

// covering returns lists of combinations of options. One combination of each list covers each value of each option. The
// first of a list changes one option of the kernel's first combination. The others change a second option, for kernels that
// refuse the first with #error.
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

// changes returns the combinations that differ from one in a single option other than keep.
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

// refusesItself reports whether a driver's log quotes an #error of the source, by which a kernel refuses a combination.
func refusesItself(text, log string) bool {
	for _, m := range errorDirective.FindAllStringSubmatch(text, -1) {
		if strings.Contains(log, m[1]) {
			return true
		}
	}
	return false
}
