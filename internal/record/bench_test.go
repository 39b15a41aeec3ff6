package record

import (
	"context"
	"encoding/json"
	"fmt"
	"testing"

	"shadegrad/compute"
	"shadegrad/compute/reference"
	"shadegrad/cpu"
	"shadegrad/internal/recipe"
	"shadegrad/internal/train"
)

// BenchmarkSnapshot measures what -live does for each change of the page.
func BenchmarkSnapshot(b *testing.B) {
	for _, name := range []string{"mnist", "spiral"} {
		b.Run(name, func(b *testing.B) {
			run, f := prepared(b, name, 100, nil)
			run.State.Values = run.State.Options.Network.InitialParameters(1)
			stats := make([]float32, 2*run.Data.Train.Len())
			for i := range 100 {
				f.Traced(i+1, stats)
				f.Finished(train.Epoch{Epoch: i + 1, TrainLoss: 1. / float64(i+3)})
			}
			s := f.NewSnapshot()
			f.Copy(s)
			b.ResetTimer()
			for range b.N {
				p, err := s.Page(reference.New())
				if err != nil {
					b.Fatal(err)
				}
				text, err := json.Marshal(p)
				if err != nil {
					b.Fatal(err)
				}
				b.ReportMetric(float64(len(text)), "bytes")
			}
		})
	}
}

// A silent reporter ignores a run.
type silent struct{}

func (silent) Started(compute.Info)    {}
func (silent) Progress(train.Progress) {}
func (silent) Finished(train.Epoch)    {}
func (silent) Noticed(train.Notice)    {}

// BenchmarkEpoch measures epochs of the smallest set, where following an epoch costs most, with and without a recorder.
func BenchmarkEpoch(b *testing.B) {
	for _, followed := range []bool{false, true} {
		b.Run(fmt.Sprintf("followed=%v", followed), func(b *testing.B) {
			run, _ := prepared(b, "xor", b.N, func(r *recipe.Recipe) { r.Hidden = []int{2}; r.Batch = 0 })
			backend := cpu.New()
			defer backend.Close()
			if run.Backend, run.DiagnosisShare = backend, 0.0025; !followed {
				run.Report, run.Diagnosed, run.Traced = silent{}, nil, nil
			}
			if err := run.Do(context.Background()); err != nil {
				b.Fatal(err)
			}
		})
	}
}
