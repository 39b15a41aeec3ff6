package doctor

import (
	"errors"
	"fmt"
	"strings"

	"shadegrad/compute"
	"shadegrad/compute/judge"
	"shadegrad/compute/opengl"
	"shadegrad/internal/simd"
	"shadegrad/shaders"
)

// A judgement is what came of a backend's cases.
type judgement struct {
	kernels, cases int
	wrong          []string // kernels, in order
	first          error    // the first failure, or nil
	stopped        bool     // the device failed, so that the rest was not tried
}

// judgeAll has a backend compute the cases.
func judgeAll(b compute.Backend, cases []judge.Case) judgement {
	var j judgement
	seen, wrong := map[string]bool{}, map[string]bool{}
	for _, c := range cases {
		seen[c.Kernel] = true
		j.cases++
		err := c.Check(b)
		if err == nil {
			continue
		}
		if j.first == nil {
			j.first = err
		}
		if !wrong[c.Kernel] {
			wrong[c.Kernel] = true
			j.wrong = append(j.wrong, c.Kernel)
		}
		if b.Sync() != nil { // it sticks: nothing can be learnt from the rest
			j.stopped = true
			break
		}
	}
	j.kernels = len(seen)
	return j
}

// found says it in a sentence, with where: " at level avx2", or "".
func (j judgement) found(where string) string {
	if len(j.wrong) == 0 {
		return fmt.Sprintf("%d kernels agree with the reference in %d cases%s", j.kernels, j.cases, where)
	}
	const most = 5
	names := j.wrong
	if len(names) > most {
		names = append(names[:most:most], fmt.Sprintf("and %d more", len(j.wrong)-most))
	}
	s := fmt.Sprintf("%d of %d kernels fail%s (%s): %s", len(j.wrong), j.kernels, where, strings.Join(names, ", "), summary(j.first))
	if j.stopped {
		s += "; the device failed, and the other cases were not tried"
	}
	return s
}

// summary describes the failure of a case on one line: of a driver's log only the first line.
func summary(err error) string {
	var failure *judge.Failure
	var compile *opengl.CompileError
	if errors.As(err, &failure) && errors.As(err, &compile) {
		return fmt.Sprintf("%s: %s: %s", failure.Case, compile.Summary(), compile.Excerpt()[0])
	}
	return err.Error()
}

// kernels judges the kernels of the GPU.
func (x *exam) kernels() verdict {
	s := Step{Name: "kernels", Status: OK}
	opener := x.Opener
	opener.NoTuning = true
	b, err := opener.OpenUntested()
	if err != nil {
		s.Status, s.Found = Failed, err.Error()
		x.add(s)
		return verdict{why: s.Found}
	}
	j := judgeAll(b, x.cases(x.Quick))
	if s.Found = j.found(""); len(j.wrong) > 0 {
		s.Status, s.Advice = Failed, x.wrongNumbers()
		s.Found += " on " + b.Info().Device
	}
	if err := b.Close(); err != nil {
		s.Status, s.Found = Failed, fmt.Sprintf("%s; closing it failed: %v", s.Found, err)
	}
	x.add(s)
	return verdict{s.Status == OK, s.Found}
}

// wrongNumbers says what to do about a GPU that computes wrongly.
func (x *exam) wrongNumbers() []string {
	if dir := x.env(shaders.Variable); dir != "" {
		return []string{fmt.Sprintf("%s=%s replaces the built-in shaders: unset %s, or mend what is there", shaders.Variable, dir, shaders.Variable)}
	}
	return []string{"do not train on it; please report it with what shadegrad doctor -json prints; a newer driver may do: " + x.newerDriver()}
}

// cpu looks at the processor and judges the CPU backend at each level of instructions that it has.
func (x *exam) cpu() verdict {
	b := x.newCPU()
	i := b.Info()
	closeErr := b.Close()
	var levels []string
	for _, l := range simd.Levels() {
		levels = append(levels, l.String())
	}
	s := Step{Name: "CPU", Status: OK, Found: fmt.Sprintf("%s, %s, %s; levels: %s", i.Device, i.Driver, i.Detail, strings.Join(levels, ", "))}
	best := simd.Levels()[len(levels)-1]
	switch err := errors.Join(simd.Problem(), closeErr); {
	case err != nil:
		s.Status, s.Found, s.Advice = Failed, err.Error(), []string{"unset SHADEGRAD_SIMD"}
	case simd.Current() < best:
		s.Advice = []string{fmt.Sprintf("SHADEGRAD_SIMD=%s keeps the faster %s from being used: unset SHADEGRAD_SIMD", simd.Current(), best)}
	}
	if s = x.add(s); s.Status == Failed {
		x.add(Step{Name: "CPU kernels", Status: Untried, Found: "CPU failed"})
		return verdict{why: s.Found}
	}
	return x.cpuKernels(levels)
}

// cpuKernels judges each level. What can be used is decided by the one in use.
func (x *exam) cpuKernels(levels []string) verdict {
	use := simd.Current()
	defer simd.Set(use)
	s := Step{Name: "CPU kernels", Status: OK}
	v := verdict{ok: true}
	right := "" // the highest level that is
	for _, level := range simd.Levels() {
		simd.Set(level)
		b := x.newCPU()
		j := judgeAll(b, x.cases(x.Quick))
		err := b.Close()
		if err != nil && len(j.wrong) == 0 {
			j.wrong, j.first = []string{"all"}, err
		}
		text := j.found(" at level " + level.String())
		if len(j.wrong) == 0 {
			right = level.String()
			if s.Status == OK {
				s.Found = j.found(" at each level: " + strings.Join(levels, ", "))
			}
			continue
		}
		if s.Status == OK {
			s.Status, s.Found = Failed, text
		} else {
			s.Log = append(s.Log, text)
		}
		if level == use {
			v = verdict{why: text}
		}
	}
	if s.Status == Failed {
		report := "please report it with what shadegrad doctor -json prints"
		if !v.ok && right != "" {
			report = "SHADEGRAD_SIMD=" + right + " has kernels that are right; " + report
		}
		s.Advice = []string{report}
	}
	x.add(s)
	return v
}
