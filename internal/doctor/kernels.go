package doctor

import (
	"errors"
	"fmt"
	"strings"

	"shadegrad/compute"
	"shadegrad/compute/judge"
	"shadegrad/compute/opengl"
	"shadegrad/internal/simd"
)

// A judgement is the outcome of a backend's cases.
type judgement struct {
	kernels, cases int
	wrong          []string // kernels, in order
	first          error    // the first failure, or nil
	stopped        bool     // the device failed, and the other cases were not tried
}

// judgeAll compares a backend with the reference in each case.
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
		if b.Sync() != nil { // the failure is permanent
			j.stopped = true
			break
		}
	}
	j.kernels = len(seen)
	return j
}

// found describes the judgement. where is " at level avx2" or "".
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

// kernels compares the GPU's kernels with the reference.
func (x *exam) kernels() verdict {
	s := &Step{Name: "kernels", Status: OK}
	opener := x.Opener
	opener.NoTuning = true
	b, err := opener.OpenUntested()
	if err != nil {
		return x.end(s.fail(err.Error(), nil))
	}
	j := judgeAll(b, x.cases(x.Quick))
	if s.Found = j.found(""); len(j.wrong) > 0 {
		s.fail(s.Found+" on "+b.Info().Device, x.wrongNumbers())
	}
	if err := b.Close(); err != nil {
		s.fail(fmt.Sprintf("%s; closing it failed: %v", s.Found, err), s.Advice)
	}
	return x.end(*s)
}

// cpu describes the processor and examines the CPU backend.
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
		s.fail(err.Error(), []string{"unset SHADEGRAD_SIMD"})
	case simd.Current() < best:
		s.Advice = []string{fmt.Sprintf("SHADEGRAD_SIMD=%s disables the faster %s: unset SHADEGRAD_SIMD", simd.Current(), best)}
	}
	if v := x.end(s); !v.ok {
		x.add(Step{Name: "CPU kernels", Status: Untried, Found: "CPU failed"})
		return v
	}
	return x.cpuKernels(levels)
}

// cpuKernels compares the CPU's kernels with the reference at each level. It returns the verdict on the level in use.
func (x *exam) cpuKernels(levels []string) verdict {
	use := simd.Current()
	defer simd.Set(use)
	s := Step{Name: "CPU kernels", Status: OK}
	v := verdict{ok: true}
	right := "" // the highest level without failures
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
			s.fail(text, nil)
		} else {
			s.Log = append(s.Log, text)
		}
		if level == use {
			v = verdict{why: text}
		}
	}
	if s.Status == Failed {
		s.Advice = []string{report}
		if !v.ok && right != "" {
			s.Advice[0] = "set SHADEGRAD_SIMD=" + right + ", whose kernels are correct; " + report
		}
	}
	x.add(s)
	return v
}
