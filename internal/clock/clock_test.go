package clock_test

import (
	"math"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"shadegrad/internal/clock"
	"shadegrad/internal/clock/clocktest"
)

// TestNow requires a step of at most a millionth of a second, as of the performance counter of Windows, and readings that
// do not allocate.
func TestNow(t *testing.T) {
	if step := clock.NewTimer(clock.Now).Step; step <= 0 || step > time.Microsecond {
		t.Errorf("the clock advances in steps of %v", step)
	}
	if n := testing.AllocsPerRun(100, func() { clock.Since(clock.Now()) }); n != 0 {
		t.Errorf("two readings allocate %v times", n)
	}
	const pause, coarse = 50 * time.Millisecond, 16 * time.Millisecond
	begin := time.Now()
	by := clock.Now()
	time.Sleep(pause)
	by = clock.Since(by)
	if system := time.Since(begin); by < pause-coarse || by > system+coarse {
		t.Errorf("%v have passed, by the system's clock %v", by, system)
	}
}

// TestStep checks the steps of simulated clocks, and that a clock which does not advance has none.
func TestStep(t *testing.T) {
	for _, step := range clocktest.Steps {
		if got := clock.NewTimer(clocktest.New(step, 1).Now).Step; got != step {
			t.Errorf("%v, want %v", got, step)
		}
	}
	stopped := clock.NewTimer(func() time.Duration { return time.Second })
	if got := stopped.Step; got != 0 {
		t.Errorf("a clock that does not advance has steps of %v", got)
	}
	if got := stopped.Time(func() {}); got != 0 {
		t.Errorf("by a clock that does not advance, work takes %v", got)
	}
}

// TestTime measures work of random lengths. The median error must be at most 1% of a step, the largest negative one 3%: an
// interruption of the measurement itself can only make the result too long.
func TestTime(t *testing.T) {
	for _, step := range clocktest.Steps {
		var off []float64
		for seed := range uint64(100) {
			m := clocktest.New(step, seed)
			timer := clock.NewTimer(m.Now)
			var took time.Duration
			got := timer.Time(func() {
				begin := m.Time()
				m.Work(time.Duration(m.Rand().Int64N(int64(50 * time.Millisecond))))
				took = m.Time() - begin
			})
			off = append(off, (got - took).Seconds())
		}
		slices.Sort(off)
		const reading = 100e-9
		if least, middle := off[0], off[len(off)/2]; math.Abs(middle) > 0.01*step.Seconds()+reading || least < -0.03*step.Seconds()-reading {
			t.Errorf("steps of %v: the errors are %g s and more, their median is %g s", step, least, middle)
		}
	}
}

// TestOneClock checks that the packages which report, compare or store durations use no other clock.
func TestOneClock(t *testing.T) {
	for _, dir := range []string{"compute/opengl", "cpu", "internal/backends", "internal/bench", "internal/cli", "internal/follow", "internal/keep", "internal/report", "internal/train", "internal/workers"} {
		files, err := filepath.Glob(filepath.Join("../..", dir, "*.go"))
		if err != nil || len(files) == 0 {
			t.Fatalf("%s: %d files, error %v", dir, len(files), err)
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if !strings.HasSuffix(file, "_test.go") && regexp.MustCompile(`\btime\.(Now|Since|Until)\b`).Match(text) {
				t.Errorf("%s uses the clock of package time", file)
			}
		}
	}
}
