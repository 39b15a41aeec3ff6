package record

import (
	"encoding/json"
	"testing"

	"shadegrad/compute/reference"
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
