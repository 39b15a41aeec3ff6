// Package doctor finds out what of this program can be used on this machine, step by step from the display to the disk:
// whether there is an OpenGL context, by GLFW or by EGL, and whether it is good enough; whether each shader compiles and each
// kernel computes what the judge's reference does, on the GPU and on the CPU at every level of instructions; whether
// the data are whole; whether choices can be remembered. The first failure comes with what to do about it here.
package doctor

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"shadegrad/internal/backends"
	"shadegrad/internal/dataset"
)

// A Status is the outcome of a step.
type Status string

// The statuses.
const (
	OK       Status = "ok"
	Failed   Status = "failed"
	Untried  Status = "not tried"  // an earlier step failed, or the step was not asked for
	Unneeded Status = "not needed" // it failed or is missing, and there is another way
)

// A Step is one thing that was looked at.
type Step struct {
	Name   string   `json:"step"`
	Status Status   `json:"status"`
	Found  string   `json:"found"`            // what is there, or what is wrong; without a full stop
	Values []Value  `json:"values,omitempty"` // in the words of whom was asked
	Log    []string `json:"log,omitempty"`    // lines that say more of a failure
	Advice []string `json:"advice,omitempty"` // what to do: of a failure the fix, else a hint
}

// A Value is something that has a name elsewhere: a limit of OpenGL, a variable of the environment.
type Value struct {
	Name  string `json:"name"`
	Value string `json:"value"`
	Need  string `json:"need,omitempty"` // what is needed, where that is a question
}

// A Report is all that was found. Nothing in it but the variables that its first step lists, and the directories of the
// data, of the shaders and of the cache, is the user's own.
type Report struct {
	Program string `json:"program"` // version and build
	System  string `json:"system"`
	Backend string `json:"backend"` // that was asked for
	// Usable tells whether a training run with this backend and these data would go right.
	Usable  bool   `json:"usable"`
	Verdict string `json:"verdict"`
	// Chosen is the backend that would be used, "gpu" or "cpu", or "" where none would.
	Chosen string `json:"chosen"`
	GPU    bool   `json:"gpu_usable"`
	CPU    bool   `json:"cpu_usable"`
	Steps  []Step `json:"steps"`
}

// A Config says what to examine.
type Config struct {
	Program string // version and build, for the report
	Backend backends.Kind
	Data    string       // a place, as dataset.Open takes it, or ""
	Form    dataset.Form // of it
	Quick   bool         // judge kernels by the cases of the self-test alone
	Opener  backends.Opener
	Step    func(Step) // called with each step as soon as its outcome is known; may be nil
}

// Run examines the machine.
func Run(c Config) *Report {
	m := thisMachine()
	if c.Opener.OpenGPU != nil { // the GPU does not come from this machine, so its OpenGL is none of it
		m.window, m.byEGL, m.support = nil, nil, true
	}
	return run(c, m)
}

// An exam is an examination in progress.
type exam struct {
	Config
	machine
	system system
	report Report
	held   device // the context that was looked at, or nil
}

func run(c Config, m machine) *Report {
	x := &exam{Config: c, machine: m, system: readSystem(m.root, m.goos, m.isRoot())}
	x.report = Report{Program: c.Program, System: x.system.name, Backend: string(c.Backend)}
	x.build()
	gpu := x.gpu()
	cpu := x.cpu()
	data := x.data()
	x.cache()
	x.disk()
	x.conclude(gpu, cpu, data)
	return &x.report
}

// add ends a step and returns it.
func (x *exam) add(s Step) Step {
	x.report.Steps = append(x.report.Steps, s)
	if x.Step != nil {
		x.Step(s)
	}
	return s
}

// build looks at the program itself, and at the variables that change its ways.
func (x *exam) build() {
	s := Step{Name: "build", Status: OK, Found: fmt.Sprintf("%s, %s, %s on %s", x.Program, runtime.Version(), runtime.GOARCH, x.system.name)}
	for _, name := range variables {
		if v := x.env(name); v != "" {
			s.Values = append(s.Values, Value{Name: name, Value: v})
		}
	}
	if !x.support && x.Backend != backends.CPU {
		s.Status, s.Found = Failed, s.Found+": this build has no GPU support"
		s.Advice = []string{"build it with a C compiler, without CGO_ENABLED=0 and the tag nogl: " + x.system.install(buildPackages) + ", then make build"}
	}
	x.add(s)
}

// A verdict is whether something can be used, and if not, why.
type verdict struct {
	ok  bool
	why string
}

// conclude makes the report's conclusion of the verdicts.
func (x *exam) conclude(gpu, cpu, data verdict) {
	r := &x.report
	r.GPU, r.CPU = gpu.ok, cpu.ok
	reason, notes, slower := x.choose()
	cpuToo, cpuAlone := "-backend=cpu works too", "-backend=cpu works"
	if slower {
		cpuToo += ", and is faster"
	}
	if x.held != nil {
		if err := x.held.Close(); err != nil {
			notes += fmt.Sprintf("; closing the context failed: %v", err)
		}
	}
	if !cpu.ok {
		cpuToo = "the CPU cannot be used: " + cpu.why
		cpuAlone = cpuToo
	}
	switch {
	case x.Backend == backends.CPU && cpu.ok:
		r.Usable, r.Verdict = true, "the CPU can be used"
	case x.Backend == backends.CPU:
		r.Verdict = cpuToo
	case x.Backend == backends.GPU && gpu.ok && r.Chosen == "gpu":
		r.Usable, r.Verdict = true, "the GPU can be used; "+cpuToo+notes
	case !gpu.ok && r.Chosen == "gpu": // the self-test, which has fewer cases, lets it pass
		r.Verdict = "the GPU cannot be used: " + gpu.why + "; -backend=auto would take it, so do not; " + cpuAlone
	case !gpu.ok:
		r.Usable, r.Verdict = x.Backend == backends.Auto && cpu.ok, "the GPU cannot be used: "+gpu.why+"; "+cpuAlone
	case r.Chosen == "gpu":
		r.Usable, r.Verdict = true, "the GPU can be used, and -backend=auto takes it where it is the faster; "+cpuToo+notes
	case r.Chosen == "cpu" && cpu.ok:
		r.Usable, r.Verdict = true, "-backend=auto takes the CPU: "+reason+"; -backend=gpu works too"
	case r.Chosen == "cpu":
		r.Verdict = "-backend=auto takes the CPU, which cannot be used: " + cpu.why + "; -backend=gpu works"
	default: // every step went well, and then it could not be opened
		r.Verdict = "the GPU cannot be used: " + reason + "; " + cpuAlone
	}
	if !data.ok {
		r.Usable, r.Verdict = false, r.Verdict+"; the data cannot be used: "+data.why
		if x.Data != "" {
			r.Verdict += "; without -data the built-in MNIST is used"
		}
	}
}

// choose opens the backend that training would use. It returns why that is not the GPU, what else the user should
// know of the GPU, and whether the CPU is faster.
func (x *exam) choose() (reason, notes string, slower bool) {
	o := x.Opener
	o.NoTuning = true
	c, err := o.Open(x.Backend)
	if err != nil {
		return err.Error(), "", false
	}
	x.report.Chosen = c.Info().Backend
	for _, f := range c.Findings {
		reason = f.Error()
		notes += "; " + reason
		if f.Remedy == backends.SetEnv {
			notes += "; to use the other one: " + f.Env
		}
		slower = slower || f.Remedy == backends.PreferCPU
	}
	if err := c.Close(); err != nil {
		reason += fmt.Sprintf(" (and closing it failed: %v)", err)
	}
	return reason, notes, slower
}

// Private replaces the user's home directory by ~ in all texts, so that a report can be shown to others.
func (r *Report) Private() {
	home, err := os.UserHomeDir()
	if err != nil || filepath.Dir(home) == home {
		return
	}
	hide := func(s *string) { *s = strings.ReplaceAll(*s, home, "~") }
	all := func(list []string) {
		for i := range list {
			hide(&list[i])
		}
	}
	hide(&r.Verdict)
	for i := range r.Steps {
		s := &r.Steps[i]
		hide(&s.Found)
		all(s.Log)
		all(s.Advice)
		for j := range s.Values {
			hide(&s.Values[j].Value)
		}
	}
}
