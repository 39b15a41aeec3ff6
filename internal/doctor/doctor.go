// Package doctor examines in steps, from the display to the disk, whether this program works on this machine.
//
// It opens OpenGL contexts by GLFW and by EGL, checks their version and limits, compiles each shader, and compares each
// kernel with the reference, on the GPU and on the CPU at each SIMD level. It then checks the data, the cache and the disk.
// A failed step has advice for this machine.
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
	Untried  Status = "not tried"  // an earlier step failed, or -backend excludes the step
	Unneeded Status = "not needed" // it failed or is missing, and an alternative works
)

// A Step is one part of the examination.
type Step struct {
	Name   string   `json:"step"`
	Status Status   `json:"status"`
	Found  string   `json:"found"`            // the state or the problem, without a full stop
	Values []Value  `json:"values,omitempty"` // as the system or the driver reports them
	Log    []string `json:"log,omitempty"`    // details of a failure
	Advice []string `json:"advice,omitempty"` // fixes of a failure, or hints
}

// fail makes s a failed step and returns it.
func (s *Step) fail(found string, advice []string) Step {
	s.Status, s.Found, s.Advice = Failed, found, advice
	return *s
}

// A Value is a named value, such as a limit of OpenGL or an environment variable.
type Value struct {
	Name  string `json:"name"`
	Value string `json:"value"`
	Need  string `json:"need,omitempty"` // the value needed, if any
}

// A Report is the result of an examination. It contains no private data except the variables in its first step, and the
// directories of the data, the shaders and the cache.
type Report struct {
	Program string `json:"program"` // version and build
	System  string `json:"system"`
	Backend string `json:"backend"` // asked for
	// Usable reports whether training with this backend and these data would work.
	Usable  bool   `json:"usable"`
	Verdict string `json:"verdict"`
	// Chosen is the backend that training would use, "gpu" or "cpu", or "" for none.
	Chosen string `json:"chosen"`
	GPU    bool   `json:"gpu_usable"`
	CPU    bool   `json:"cpu_usable"`
	Steps  []Step `json:"steps"`
}

// A Config configures an examination.
type Config struct {
	Program string // version and build, for the report
	Backend backends.Kind
	Data    string       // a data set for dataset.Form.Open, or ""
	Form    dataset.Form // of Data
	Quick   bool         // compare kernels only in the cases of the self-test
	Opener  backends.Opener
	Step    func(Step) // called after each step; may be nil
}

// Run examines the machine.
func Run(c Config) *Report {
	m := thisMachine()
	if c.Opener.OpenGPU != nil { // the GPU is not this machine's
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
	held   device // the open context, or nil
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

// add adds a step to the report and returns it.
func (x *exam) add(s Step) Step {
	x.report.Steps = append(x.report.Steps, s)
	if x.Step != nil {
		x.Step(s)
	}
	return s
}

// end adds a step and returns its verdict.
func (x *exam) end(s Step) verdict {
	x.add(s)
	return verdict{s.Status == OK, s.Found}
}

// build describes the program and the environment variables that affect it.
func (x *exam) build() {
	s := Step{Name: "build", Status: OK, Found: fmt.Sprintf("%s, %s, %s on %s", x.Program, runtime.Version(), runtime.GOARCH, x.system.name)}
	for _, name := range variables {
		if v := x.env(name); v != "" {
			s.Values = append(s.Values, Value{Name: name, Value: v})
		}
	}
	if !x.support && x.goos != "darwin" && x.Backend != backends.CPU {
		s.fail(s.Found+": this build has no GPU support",
			[]string{x.withoutSupport()})
	}
	x.add(s)
}

// A verdict states whether something can be used, and why not.
type verdict struct {
	ok  bool
	why string
}

// conclude derives the report's conclusion from the verdicts.
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
	case !gpu.ok && r.Chosen == "gpu": // it passes the self-test, which has fewer cases
		r.Verdict = "the GPU cannot be used: " + gpu.why + "; do not train with -backend=auto, which takes it; " + cpuAlone
	case !gpu.ok:
		r.Usable, r.Verdict = x.Backend == backends.Auto && cpu.ok, "the GPU cannot be used: "+gpu.why+"; "+cpuAlone
	case r.Chosen == "gpu":
		r.Usable, r.Verdict = true, "the GPU can be used, and -backend=auto takes it if it is faster; "+cpuToo+notes
	case r.Chosen == "cpu" && cpu.ok:
		r.Usable, r.Verdict = true, "-backend=auto takes the CPU: "+reason+"; -backend=gpu works too"
	case r.Chosen == "cpu":
		r.Verdict = "-backend=auto takes the CPU, which cannot be used: " + cpu.why + "; -backend=gpu works"
	default: // each step succeeded, but opening the backend failed
		r.Verdict = "the GPU cannot be used: " + reason + "; " + cpuAlone
	}
	if !data.ok {
		r.Usable, r.Verdict = false, r.Verdict+"; the data cannot be used: "+data.why
		if x.Data != "" {
			r.Verdict += "; omit -data to use the built-in MNIST"
		}
	}
}

// choose opens the backend that training would use. It returns why that is not the GPU, the other findings about the
// GPU, and whether the CPU is faster.
func (x *exam) choose() (reason, notes string, slower bool) {
	o := x.Opener
	o.NoTuning = true
	c, err := o.Open(x.Backend)
	if err != nil {
		return err.Error(), "", false
	}
	x.report.Chosen = c.Info().Backend
	for _, f := range c.Findings {
		f.Situation = nil // the steps have its advice
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

// Private replaces the user's home directory with ~ in all texts.
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
