//go:build cgo && !nogl && !darwin

package opengl

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"shadegrad/compute"
	"shadegrad/compute/opengl/fuse"
)

const (
	// tuneWork is the number of operations from which on the choice of a stage matters.
	tuneWork = 1e6
	// timingLimit is the total time that a backend may spend on timing choices.
	timingLimit = 600 * time.Millisecond
	// preparingLimit is the total time for compiling the choices and filling their memory: a driver may
	// need a quarter of a second for a kernel, but the next run finds it in the driver's cache. On
	// software OpenGL the choices hardly differ, so less time is worth it.
	preparingLimit, softwarePreparingLimit = 6 * time.Second, 600 * time.Millisecond
	// anyTime is more than every choice takes.
	anyTime = time.Duration(math.MaxInt64)
)

// A tuner finds the choices that are fastest on the device.
type tuner struct {
	on     bool
	repeat bool // keep stored choices, even if not all were tried
	memory *memory
	// timing and preparing are the time that is left. A try that has begun is finished.
	timing, preparing time.Duration
	last              map[string]fuse.Choice // the last choice, by kind of stage
	used              map[string]record      // what is known of the stages since the backend was opened
	changed           map[string]bool        // stages with another choice than in the last run
	tried             int                    // number of choices timed
	wrong             []string               // choices whose results differ from those of the usual one
	// measure times dispatches, less exactly if they take longer than enough.
	measure func(list []fuse.Dispatch, enough time.Duration) (rehearsed, error)
}

// A rehearsed is the result of a rehearsal.
type rehearsed struct {
	took              time.Duration // of one run
	results           []float32     // some numbers that the first run made
	timing, preparing time.Duration // spent on the rehearsal
}

// newTuner returns a tuner that measures nothing unless it is switched on.
func newTuner(o Options, software bool) tuner {
	t := tuner{on: o.Tune, repeat: o.Repeat, memory: &memory{}, timing: timingLimit, preparing: preparingLimit,
		last: map[string]fuse.Choice{}, used: map[string]record{}, changed: map[string]bool{}}
	if software {
		t.preparing = softwarePreparingLimit
	}
	return t
}

// choose returns the choice for a stage: the stored one, or the fastest that a search finds.
//
// A search that runs out of time is stored as partial, with the choice that this run uses, and the next
// run continues it. Sums that are divided differently round differently, so that run may differ in
// rounding; with Options.Repeat a run keeps the stored choices instead. A stage that was not searched at
// all takes the choice most like that of the last stage of its kind.
func (b *Backend) choose(s fuse.Stage) (fuse.Choice, error) {
	t := &b.tuner
	if !t.on || len(s.Choices) == 1 || s.Work < tuneWork {
		return s.Choices[0], nil
	}
	known := t.memory.get(s.Name)
	c, stored := find(s, known.Choice)
	if !stored {
		known = record{}
		if last, ok := t.last[kind(s)]; ok {
			c = s.Nearest(last)
		}
	}
	if !stored || known.Partial && !t.repeat {
		var err error
		if c, known, err = b.search(s, c, known); err != nil {
			return c, err
		}
		t.memory.put(s.Name, known)
	}
	t.last[kind(s)], t.used[s.Name] = c, known
	return c, nil
}

// shadersKey and tuneKey stand in Kernels for the digest of the shaders and for Options.Tune.
const shadersKey, tuneKey = "shaders", "tune"

// Kernels returns the names of the choices by stage, and of the shaders.
func (b *Backend) Kernels() (chosen map[string]string, final bool) {
	chosen, final = map[string]string{shadersKey: b.digest, tuneKey: fmt.Sprint(b.tuner.on)}, true
	for stage, r := range b.tuner.used {
		chosen[stage] = r.Choice
		final = final && !r.Partial
	}
	return chosen, final
}

// Chooses reports whether the stored choices are these, and final.
func (b *Backend) Chooses(kernels map[string]string) bool {
	for stage, name := range kernels {
		r := b.tuner.memory.get(stage)
		switch stage {
		case shadersKey:
			r.Choice = b.digest
		case tuneKey:
			r.Choice = fmt.Sprint(b.tuner.on)
		}
		if r.Choice != name || r.Partial {
			return false
		}
	}
	return len(kernels) > 0
}

// kind returns the first word of a stage's name.
func kind(s fuse.Stage) string {
	kind, _, _ := strings.Cut(s.Name, " ")
	return kind
}

// find returns the choice with a name, or else the usual one.
func find(s fuse.Stage, name string) (fuse.Choice, bool) {
	i := slices.IndexFunc(s.Choices, func(c fuse.Choice) bool { return c.Name == name })
	return s.Choices[max(i, 0)], i >= 0
}

// search searches for the fastest choice of a stage, beginning with start and what is known. It returns
// the best choice found and what is then known. The error is that of a device that has failed.
func (b *Backend) search(s fuse.Stage, start fuse.Choice, known record) (fuse.Choice, record, error) {
	t := &b.tuner
	times := map[string]time.Duration{}
	for name, took := range known.Tried {
		if took > 0 {
			times[name] = took
		}
	}
	var usual []float32 // results of the usual choice, which the self-test checks
	var failed error
	enough := anyTime // twice the best time
	try := func(c fuse.Choice) (time.Duration, bool) {
		if took := times[c.Name]; took > 0 && usual != nil {
			return took, true
		}
		if t.timing <= 0 || t.preparing <= 0 {
			return 0, false
		}
		r, err := b.time(s, c, enough)
		if failed = b.fault.get(); failed != nil {
			return 0, false
		}
		switch {
		case err != nil:
			return 0, true // this device refuses a kernel that other choices may not need
		case usual == nil:
			usual = append([]float32{}, r.results...)
		case !alike(r.results, usual):
			t.wrong = append(t.wrong, s.Name+": "+c.Name)
			return 0, true
		}
		if r.took > 0 {
			times[c.Name] = r.took
			enough = min(enough, 2*r.took)
		}
		return r.took, true
	}
	complete := false
	var ranking []fuse.Choice
	if _, ok := try(s.Choices[0]); ok {
		ranking, complete = s.Fastest(start, try)
	}
	if complete && len(ranking) > 1 && failed == nil {
		if complete = t.timing > 0; complete {
			ranking = b.runoff(s, ranking)
		}
		failed = b.fault.get()
	}
	if len(ranking) > 0 {
		start = ranking[0]
	}
	if known.Choice != "" && known.Choice != start.Name {
		t.changed[s.Name] = true
	}
	r := record{Choice: start.Name, Partial: !complete || len(ranking) == 0}
	if r.Partial {
		r.Tried = times
	}
	return start, r, failed
}

// rehearsalOf returns the dispatches of a stage for a choice whose scratch is not allocated.
func rehearsalOf(s fuse.Stage, c fuse.Choice) []fuse.Dispatch {
	if n := c.Scratch.Cols; n > 0 {
		c.Scratch.Buf = &buffer{of: compute.Float32, elems: n}
	}
	return fuse.Bind(fuse.Kernels(fuse.Dispatches([]fuse.Stage{s}, []fuse.Choice{c})))
}

// time times a choice of a stage.
func (b *Backend) time(s fuse.Stage, c fuse.Choice, enough time.Duration) (rehearsed, error) {
	t := &b.tuner
	r, err := t.measure(rehearsalOf(s, c), enough)
	t.timing -= r.timing
	t.preparing -= r.preparing
	t.tried++
	return r, err
}

// runoff times the two best choices of a ranking again, in turns, and returns the faster one first. The
// first times may be of different clock rates.
func (b *Backend) runoff(s fuse.Stage, ranking []fuse.Choice) []fuse.Choice {
	var best [2]time.Duration
	for range 2 {
		for i := range best {
			r, err := b.time(s, ranking[i], anyTime)
			if err == nil && r.took > 0 && (best[i] == 0 || r.took < best[i]) {
				best[i] = r.took
			}
		}
	}
	if best[1] > 0 && best[1] < best[0] {
		return []fuse.Choice{ranking[1]}
	}
	return ranking[:1]
}
