package train

import (
	"context"
	"errors"
	"testing"

	"shadegrad/compute"
	"shadegrad/cpu"
	"shadegrad/internal/dataset"
	"shadegrad/internal/mlp"
)

// A meter measures the memory allocated on a backend, and returns info as its Info.
type meter struct {
	compute.Backend
	info  compute.Info
	taken int64
}

func (m *meter) Info() compute.Info { return m.info }

func (m *meter) Alloc(rows, cols int) (compute.Mat, error) {
	m.taken += 4 * int64(rows) * int64(cols)
	return m.Backend.Alloc(rows, cols)
}

func (m *meter) ShareBytes(rows, cols int, data []byte) (compute.Bytes, error) {
	if m.info.Backend != "cpu" {
		m.taken += int64(len(data))
	}
	return m.Backend.ShareBytes(rows, cols, data)
}

func (m *meter) AllocBytes(rows, cols int) (compute.Bytes, error) {
	m.taken += int64(rows) * int64(cols)
	return m.Backend.AllocBytes(rows, cols)
}

func (m *meter) AllocIndex(n, limit int) (compute.Index, error) {
	m.taken += 4 * int64(n)
	return m.Backend.AllocIndex(n, limit)
}

// of makes the machine have so much memory for the length of a test.
func of(t *testing.T, bytes int64) {
	before := available
	available = func() int64 { return bytes }
	t.Cleanup(func() { available = before })
}

// all is the plan that has both sets on the device.
func all(d *dataset.Data) feedPlan { return feedPlan{d.Train.Len(), d.Validation.Len(), d.Test.Len()} }

// TestMemoryNeed compares the memory computed in advance with the memory taken.
func TestMemoryNeed(t *testing.T) {
	d := squares(47, 20, 4)
	for _, backend := range []string{"cpu", "gpu"} {
		for _, momentum := range []float64{0, 0.9} {
			for _, batch := range []int{1, 10, 0} {
				o := options(4)
				o.Momentum, o.Batch, o.Epochs = momentum, batch, 1
				m := &meter{Backend: cpu.New(), info: compute.Info{Backend: backend, HostMemory: backend == "cpu"}}
				state := NewState(o, d, "")
				n := runMemory(m.info, state, d, all(d))
				trainOn(t, m, o, d)
				if m.taken != n.device {
					t.Errorf("%s, momentum %v, batch %d: %d bytes are taken, %d were said to be needed", backend, momentum, batch, m.taken, n.device)
				}
				parameters := int64(16*12 + 12 + 12*4 + 4)
				want := 2 * 4 * parameters // as they were and as they become
				if momentum != 0 {
					want *= 2
				}
				if n.host != want {
					t.Errorf("momentum %v: %d bytes of the host, want %d", momentum, n.host, want)
				}
				if n := runMemory(m.info, begun(t, o, d), d, all(d)); n.host != want/2 {
					t.Errorf("momentum %v, of a resumed run: %d bytes of the host, want %d", momentum, n.host, want/2)
				}
			}
		}
	}
}

func TestNeedOfEvaluation(t *testing.T) {
	c := options(4).Network
	set := &squares(1, 2345, 4).Test
	for _, backend := range []string{"cpu", "gpu"} {
		m := &meter{Backend: cpu.New(), info: compute.Info{Backend: backend, HostMemory: backend == "cpu"}}
		n := evalMemory(m.info, c, set, set.Len())
		if _, err := new(Scores).measure(m, c, c.InitialParameters(1), set); err != nil {
			t.Fatal(err)
		}
		if m.taken != n.device {
			t.Errorf("%s: %d bytes are taken, %d were said to be needed", backend, m.taken, n.device)
		}
		of(t, n.device+n.host)
		m.info.Software = true
		if _, err := Evaluate(m, c, c.InitialParameters(1), set); err != nil {
			t.Errorf("%s: with just enough: %v", backend, err)
		}
		of(t, n.device+n.host-1)
		var lacking *compute.MemoryError
		if _, err := Evaluate(m, c, c.InitialParameters(1), set); !errors.As(err, &lacking) || lacking.Bytes != n.device+n.host {
			t.Errorf("%s: with a byte too few: error %v", backend, err)
		}
		m.Close()
	}
}

func TestNeedCheck(t *testing.T) {
	c := mlp.Config{Sizes: []int{5, 3}}
	const text = "network 5-3 with batches of 7: out of memory: "
	const remedy = " available; try a smaller batch or network"
	for _, x := range []struct {
		name    string
		info    compute.Info
		machine int64
		want    string
	}{
		{"the CPU, enough", compute.Info{Backend: "cpu", HostMemory: true}, 150, ""},
		{"the CPU, too little", compute.Info{Backend: "cpu", HostMemory: true}, 149, "150 bytes asked for, 149 bytes"},
		{"the CPU, unknown", compute.Info{Backend: "cpu", HostMemory: true}, -1, ""},
		{"the CPU, none", compute.Info{Backend: "cpu", HostMemory: true}, 0, "150 bytes asked for, 0 bytes"},
		{"a GPU, enough", compute.Info{Backend: "gpu", Memory: 100}, 50, ""},
		{"a GPU, too little", compute.Info{Backend: "gpu", Memory: 99}, 50, "100 bytes asked for, 99 bytes"},
		{"a GPU, too little on the host", compute.Info{Backend: "gpu", Memory: 100}, 49, "50 bytes asked for, 49 bytes"},
		{"a GPU of unknown memory", compute.Info{Backend: "gpu"}, 50, ""},
		{"a GPU and a host of unknown memory", compute.Info{Backend: "gpu"}, -1, ""},
		{"software, enough", compute.Info{Backend: "gpu", Software: true}, 150, ""},
		{"software, whatever it reports", compute.Info{Backend: "gpu", Software: true, Memory: 1000}, 149, "150 bytes asked for, 149 bytes"},
	} {
		of(t, x.machine)
		got, want := "", x.want
		if err := (memoryNeed{device: 100, host: 50}).check(x.info, 0, c, 7); err != nil {
			got = err.Error()
		}
		if want != "" {
			want = text + want + remedy
		}
		if got != want {
			t.Errorf("%s: error %q, want %q", x.name, got, want)
		}
	}
}

// TestTooLittleMemory checks the row of FAULTS.md on memory: if memory does not suffice, the
// run allocates nothing and draws no weights.
func TestTooLittleMemory(t *testing.T) {
	d := squares(47, 20, 4)
	m := &meter{Backend: cpu.New(), info: compute.Info{Backend: "cpu", HostMemory: true}}
	defer m.Close()
	run := &Run{Data: d, State: NewState(options(4), d, ""), Report: &recorder{}, Backend: m}
	n := runMemory(m.info, run.State, d, all(d))
	of(t, n.device+n.host-1)
	err := run.Do(context.Background())
	var device *DeviceError
	var lacking *compute.MemoryError
	if !errors.As(err, &device) || !errors.As(err, &lacking) || lacking.Bytes != n.device+n.host || lacking.Available != lacking.Bytes-1 {
		t.Fatalf("error %v, want a *DeviceError with a *compute.MemoryError of %d bytes", err, n.device+n.host)
	}
	if m.taken != 0 || run.State.Values != nil {
		t.Errorf("%d bytes were taken, %d parameters drawn", m.taken, len(run.State.Values))
	}
	of(t, n.device+n.host)
	if err := run.Do(context.Background()); err != nil {
		t.Errorf("with just enough: %v", err)
	}
}

// TestMemoryTakenMeanwhile checks that the run asks for the available memory again after it has
// drawn the first weights.
func TestMemoryTakenMeanwhile(t *testing.T) {
	d := squares(47, 20, 4)
	b := cpu.New()
	defer b.Close()
	run := &Run{Data: d, State: NewState(options(4), d, ""), Report: &recorder{}, Backend: b}
	of(t, 1<<30)
	enough := available
	available = func() int64 {
		of(t, 100) // from the second time on
		return enough()
	}
	err := run.Do(context.Background())
	var lacking *compute.MemoryError
	if !errors.As(err, &lacking) || lacking.Available != 100 {
		t.Errorf("error %v, want a *compute.MemoryError", err)
	}
}

// TestStatesTakeTurns checks that the states of a run alternate between two places in memory,
// so that one is always complete.
func TestStatesTakeTurns(t *testing.T) {
	d := squares(47, 20, 4)
	b := cpu.New()
	defer b.Close()
	o := options(4)
	o.Epochs = 6
	run := &Run{Data: d, State: NewState(o, d, ""), Report: &recorder{}, Backend: b}
	places := map[*float32]int{}
	last := []*float32{nil, nil}
	run.Save = func(s *State) error {
		now := []*float32{&s.Values[0][0], &s.Velocities[0][0]}
		for i, p := range now {
			if places[p]++; p == last[i] {
				t.Errorf("epoch %d is stored over epoch %d", s.Epoch, s.Epoch-1)
			}
		}
		last = now
		return nil
	}
	if err := run.Do(context.Background()); err != nil {
		t.Fatal(err)
	}
	if len(places) != 4 {
		t.Errorf("values and velocities of 6 epochs were in %d places, want 4", len(places))
	}
}

// TestTooLittleOnGPU continues on the CPU if the GPU has too little memory.
func TestTooLittleOnGPU(t *testing.T) {
	d := squares(47, 20, 4)
	m := &meter{Backend: cpu.New(), info: compute.Info{Backend: "gpu", Memory: 1000}}
	defer m.Close()
	report := &recorder{}
	run := &Run{Data: d, State: NewState(options(4), d, ""), Report: report, Backend: m}
	run.Fallback = func(failure error) (compute.Backend, error) {
		var lacking *compute.MemoryError
		if !errors.As(failure, &lacking) || lacking.Available != 1000 {
			t.Errorf("the failure is %v", failure)
		}
		return cpu.New(), nil
	}
	if err := run.Do(context.Background()); err != nil {
		t.Fatal(err)
	}
	if len(report.started) != 1 || report.started[0].Backend != "cpu" {
		t.Errorf("started on %+v", report.started)
	}
}

func TestEvalRows(t *testing.T) {
	for _, x := range []struct {
		widest, n, want int
	}{
		{784, 10000, 1000}, {784, 999, 999}, {784, 1, 1}, {4194, 10000, 1000}, {4195, 10000, 999},
		{1 << 20, 10000, 4}, {1 << 22, 10000, 1}, {1 << 24, 10000, 1}, {1 << 20, 3, 3},
	} {
		c := mlp.Config{Sizes: []int{784, x.widest, 10}}
		if got := evalRows(c, x.n); got != x.want {
			t.Errorf("%d units, %d images: %d at a time, want %d", x.widest, x.n, got, x.want)
		}
	}
}
