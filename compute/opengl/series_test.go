//go:build cgo && !nogl && !darwin

package opengl

import (
	"fmt"
	"math"
	"testing"
	"time"

	"shadegrad/compute/opengl/fuse"
	"shadegrad/internal/clock"
	"shadegrad/internal/clock/clocktest"
)

// TestTunerOnCoarseClocks tunes a training step for random GPUs, by simulated clocks of the host, with and without a timer
// of the device. A kernel takes 20 µs to 50 ms; one with another tile takes 1.1 to 10 times as long as the fastest.
//
// The noise of a measurement is 3%, so a choice is right if it takes at most 5% longer than the fastest. A search that has no
// time left continues in the next run. What a run may spend beyond its limit is the last try and the comparison of the two best
// choices.
func TestTunerOnCoarseClocks(t *testing.T) {
	const trials, tolerance = 100, 1.05
	b := openTest(t, Options{}, seams{hardware: true})
	list := stages(t, b, 784, 128, 10)
	for _, step := range clocktest.Steps {
		for _, timer := range []bool{true, false} {
			right, runs, longest := 0, 0, time.Duration(0)
			for seed := range uint64(trials) {
				m := clocktest.New(step, seed)
				model := randomModel(m)
				memory := &memory{choices: map[string]record{}}
				choices := make([]fuse.Choice, len(list))
				for final := false; !final; runs++ {
					b.tuner = newTuner(Options{Tune: true}, false)
					b.tuner.memory, b.tuner.measure = memory, simulate(m, model, timer)
					begin := m.Time()
					for i, s := range list {
						var err error
						if choices[i], err = b.choose(s); err != nil {
							t.Fatal(err)
						}
					}
					longest = max(longest, m.Time()-begin)
					if _, final = b.Kernels(); runs > 20*trials {
						t.Fatal("the searches do not end")
					}
				}
				wrong := ""
				for i, s := range list {
					took, best := model.time(s, choices[i]), anyTime
					for _, c := range s.Choices {
						best = min(best, model.time(s, c))
					}
					if float64(took) > tolerance*float64(best) {
						wrong += fmt.Sprintf("; %s: %s takes %v, the best %v", s.Name, choices[i].Name, took, best)
					}
				}
				if wrong == "" {
					right++
				} else {
					t.Errorf("steps of %v, timer %v, seed %d%s", step, timer, seed, wrong)
				}
			}
			limit := timingLimit * 3 / 2
			if !timer && step > roundLength {
				limit = timingLimit * 3
			}
			if longest > limit {
				t.Errorf("steps of %v, timer %v: a run took %v, want at most %v", step, timer, longest, limit)
			}
			t.Logf("steps of %v, timer %v: %d of %d right, %d runs, of at most %v", step, timer, right, trials, runs, longest)
		}
	}
}

// randomModel returns a GPU with random times of kernels.
func randomModel(m *clocktest.Machine) *model {
	between := func(lo, hi float64) float64 { return lo * math.Pow(hi/lo, m.Rand().Float64()) }
	g := &model{tiles: map[string]int{}}
	fastest := between(20, 5000)
	names := []string{"B8X8", "B4X4", "T16", "T32", "T64", "T128"}
	m.Rand().Shuffle(len(names), func(i, j int) { names[i], names[j] = names[j], names[i] })
	for i, name := range names {
		g.tiles[name] = int(fastest)
		if i > 0 {
			g.tiles[name] = int(fastest * between(1.1, 10))
		}
	}
	g.other = int(10 * fastest)
	g.narrow, g.wide = int(fastest), int(fastest*between(1.1, 10))
	if m.Rand().IntN(2) == 0 {
		g.narrow, g.wide = g.wide, g.narrow
	}
	return g
}

// time returns the time of a stage with a choice.
func (m *model) time(s fuse.Stage, c fuse.Choice) time.Duration {
	took, _ := m.cost(rehearsalOf(s, c))
	return took
}

// simulate returns a function that rehearses dispatches on a simulated machine.
func simulate(m *clocktest.Machine, g *model, timer bool) func([]fuse.Dispatch, time.Duration) (rehearsed, error) {
	host := clock.NewTimer(m.Now)
	warm := firstWarmUp
	return func(list []fuse.Dispatch, enough time.Duration) (rehearsed, error) {
		cost, _ := g.cost(list)
		begin := m.Now()
		took := series{host, func(times int) time.Duration {
			begin := m.Time()
			m.Work(time.Duration(times) * cost)
			if timer {
				return m.Time() - begin
			}
			return 0
		}}.time(warm, enough)
		warm = warmUp
		return rehearsed{took: took, timing: m.Now() - begin}, nil
	}
}
