package fuse

import (
	"fmt"
	"math"
	"slices"
	"testing"
	"time"

	"shadegrad/internal/mlp"
)

// A costModel is the time of a dispatch on a device, in microseconds. The time of a stage is the sum of
// its dispatches, so a choice that makes one of them faster may not make the stage faster.
type costModel struct {
	name string
	cost func(d Dispatch, t tile) float64
}

// costModels are tables for known tiles, and models of GPUs that know a tile only by its sizes.
var costModels = []costModel{
	{"a table", func(d Dispatch, t tile) float64 {
		switch d.Kernel {
		case "head":
			if d.Values["WIDE"] == true {
				return 5
			}
			return 12
		case "combine":
			return 3
		}
		cost, known := map[string]float64{"B8X8": 60, "B4X4": 40, "T16": 20, "T32": 14, "T64": 20, "T128": 30}[t.name]
		if !known {
			cost = 50
		}
		if d.Values["SLOTS"] == true {
			cost /= 4
		}
		return cost
	}},
	{"28 units", gpuModel(28)},
	{"132 units", gpuModel(132)},
	{"6 units, slow barriers", func(d Dispatch, t tile) float64 {
		if t.shared || d.Values["WIDE"] == true {
			return 10 * gpuModel(6)(d, t)
		}
		return gpuModel(6)(d, t)
	}},
}

// gpuModel returns a model of a GPU of 1 GHz whose units have 128 lanes each.
func gpuModel(units int) func(Dispatch, tile) float64 {
	const launch, lanes, latency = 3, 128, 4
	return func(d Dispatch, t tile) float64 {
		switch d.Kernel {
		case "head":
			return launch + float64(d.Loops)*0.01
		case "combine":
			return launch + float64(d.X*d.Loops)/float64(lanes*units)*0.01
		}
		terms := d.Values["slotLength"]
		if terms == nil {
			terms = d.Loops // an update
		}
		// A unit is busy with the terms of its groups, or waits for those of one group.
		elements, held := float64(t.rows*t.cols), float64(parts(d.Groups, units))
		cycles := max(held*elements/lanes, elements/float64(t.group)*latency)
		// Operands come from the group's memory, after barriers, or from the device's cache.
		if t.shared {
			cycles += held*float64(t.rows+t.cols)/32 + 6
		} else {
			cycles += held * float64(t.group) * (math.Sqrt(elements/float64(t.group)) + 1) / 16
		}
		written := 0
		for _, m := range d.Writes {
			written += m.Len()
		}
		return launch + float64(terms.(int))*cycles/1000 + float64(written)/float64(units)/1000
	}
}

// time returns the time of a stage with a choice.
func (m costModel) time(s Stage, c Choice) time.Duration {
	if n := c.Scratch.Cols; n > 0 {
		c.Scratch.Buf = &fakeBuffer{name: 1 << 20, elems: n}
	}
	micros := 0.
	for _, d := range Kernels(Dispatches([]Stage{s}, []Choice{c})) {
		micros += m.cost(d, c.tile)
	}
	return time.Duration(micros * 1000)
}

// searched are the networks whose stages the tests search.
var searched = []network{
	{"784-128-10", []int{784, 128, 10}, 64, mlp.Training{Velocity: true}, nil},
	{"784-256-10", []int{784, 256, 10}, 64, mlp.Training{Velocity: true}, nil},
	{"six layers", []int{841, 2500, 2000, 1500, 1000, 500, 10}, 100, mlp.Training{Velocity: true}, nil},
}

// search checks that Fastest finds the fastest choice of each stage of a network, or one that takes at most
// worst times as long, and how many it tries: the number must grow with that of tiles, not of all
// combinations. It returns the numbers of choices that were tried, and of all.
func search(t *testing.T, m costModel, n network, o Options, worst float64) (tried, all int) {
	t.Helper()
	last := map[bool]Choice{} // the fastest, of updates and of other stages
	p := n.step(t)
	for _, s := range Stages(JoinUpdates(Groups(p, o), o), o) {
		if len(s.Choices) == 1 {
			continue
		}
		start, updates, count := s.Choices[0], s.groups[0].updates != nil, 0
		if c, ok := last[updates]; ok {
			start = s.Nearest(c)
		}
		ranking, complete := s.Fastest(start, func(c Choice) (time.Duration, bool) {
			count++
			return m.time(s, c), true
		})
		optimum := slices.MinFunc(s.Choices, func(a, b Choice) int { return int(m.time(s, a) - m.time(s, b)) })
		if found := ranking[0]; !complete || float64(m.time(s, found)) > worst*float64(m.time(s, optimum)) {
			t.Errorf("%s, %s, %s: found %s of %v, complete %v; the fastest is %s of %v", m.name, n.name, s.Name, found.Name, m.time(s, found),
				complete, optimum.Name, m.time(s, optimum))
		}
		if most := 3*len(tiles) + 4*finalists; count > most {
			t.Errorf("%s, %s, %s: tried %d of %d choices, want at most %d", m.name, n.name, s.Name, count, len(s.Choices), most)
		}
		last[updates] = ranking[0]
		tried, all = tried+count, all+len(s.Choices)
	}
	t.Logf("%s, %s, software %v: tried %d of %d choices", m.name, n.name, o.Software, tried, all)
	return tried, all
}

// TestFastestFindsTheOptimum searches on models of several devices, from the usual choices of a GPU and of
// software OpenGL.
func TestFastestFindsTheOptimum(t *testing.T) {
	for _, m := range costModels {
		for _, n := range searched {
			search(t, m, n, hardware, 1)
			search(t, m, n, usual, 1)
		}
	}
}

// TestFastestScales searches among three times as many tiles. The choice found may be one of several that
// are almost as fast.
func TestFastestScales(t *testing.T) {
	defer func(list []tile) { tiles = list }(tiles)
	for i, known := range slices.Clone(tiles) {
		for variant := range 2 {
			v := known
			v.name = fmt.Sprintf("%s variant %d", known.name, variant)
			v.rows, v.cols = known.rows*(1+variant), known.cols*(2-variant)
			if i%2 > 0 {
				v.group *= 2
			}
			tiles = append(tiles, v)
		}
	}
	for _, m := range costModels {
		for _, n := range searched[:2] {
			if tried, all := search(t, m, n, hardware, 1.05); tried >= all {
				t.Errorf("%s, %s: tried all %d choices", m.name, n.name, all)
			}
		}
		search(t, m, searched[2], hardware, 1.05)
	}
}

// TestFastestEnds checks that a search without time returns what it has tried, and that choices which the
// device cannot use are no result.
func TestFastestEnds(t *testing.T) {
	p := searched[0].step(t)
	s := Stages(JoinUpdates(Groups(p, hardware), hardware), hardware)[0]
	const limit = 5
	tried := 0
	ranking, complete := s.Fastest(s.Choices[0], func(c Choice) (time.Duration, bool) {
		tried++
		return time.Duration(tried%2) * time.Duration(100-tried), tried <= limit
	})
	if complete || tried != limit+1 || len(ranking) != 3 || ranking[2].Name != s.Choices[0].Name {
		t.Errorf("tried %d, complete %v, ranking %v", tried, complete, ranking)
	}
	ranking, complete = s.Fastest(s.Choices[0], func(c Choice) (time.Duration, bool) { return 0, true })
	if !complete || len(ranking) != 0 {
		t.Errorf("a device that can use no choice: complete %v, ranking %v", complete, ranking)
	}
}

// TestUsualChoices checks the choices of stages that are not timed: for a GPU, tiles in shared memory, sums
// in slots and a wide head; for software OpenGL, tiles without barriers.
func TestUsualChoices(t *testing.T) {
	for _, c := range []struct {
		network
		options Options
		want    string
	}{
		{searched[0], hardware, "[T32/10 groups T32]"},
		{searched[0], usual, "[B8X8 rows B8X8]"},
		{searched[1], hardware, "[T32/6 groups T32]"},
		{searched[1], usual, "[B8X8 rows B8X8]"},
		{searched[2], hardware, "[T32 T32 T32 T32 T32/2 groups T32 T32 T32 T64 T32 T64 T32 T64 T64]"},
		{searched[2], usual, "[B8X8 B8X8 B8X8 B8X8 B8X8 rows B8X8 B8X8 B8X8 B8X8 B8X8 B8X8 B8X8 B8X8 B8X8]"},
		{network{"small", []int{12, 9, 7, 3}, 16, mlp.Training{}, nil}, hardware, "[B4X4 B4X4 groups B4X4 B4X4]"},
		{network{"small", []int{12, 9, 7, 3}, 16, mlp.Training{}, nil}, usual, "[B4X4 B4X4 rows B4X4 B4X4]"},
		{network{"batches of 1", []int{784, 128, 10}, 1, mlp.Training{}, nil}, hardware, "[B1X8/17 groups T32]"},
		{network{"batches of 1", []int{784, 128, 10}, 1, mlp.Training{}, nil}, usual, "[B1X8 rows B8X8]"},
		{network{"one layer", []int{784, 10}, 64, mlp.Training{}, nil}, hardware, "[groups T16]"},
		{network{"one layer", []int{784, 10}, 64, mlp.Training{}, nil}, usual, "[rows B8X8]"},
	} {
		p := c.step(t)
		var names []string
		for _, s := range Stages(JoinUpdates(Groups(p, c.options), c.options), c.options) {
			if name := s.Choices[0].Name; name != "" {
				names = append(names, name)
			}
		}
		if got := fmt.Sprint(names); got != c.want {
			t.Errorf("%s, software %v: %s, want %s", c.name, c.options.Software, got, c.want)
		}
	}
}
