package dataset

import (
	"slices"
	"strings"
	"testing"
)

// The figures to standardise by are those of the rows that are learned from, and not of those that are put aside for
// validation or left out by a limit.
func TestFormStandardizes(t *testing.T) {
	dir := write(t, map[string][]byte{
		"train.csv": []byte("label,a\n0,0.5\n1,1.5\n0,2.5\n1,1000.5\n"), "test.csv": []byte("label,a\n0,1.5\n"),
	})
	d, err := Form{Standardize: true, Limit: 3}.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	if s := d.Scale; s == nil || s.Mean[0] != 1.5 || d.Train.Len() != 3 || d.Train.Values[1] != 0 || d.Test.Values[0] != 0 {
		t.Errorf("the first 3: by %+v, %v and %v", d.Scale, d.Train.Values, d.Test.Values)
	}
	for seed := range uint64(9) {
		for _, limit := range []int{0, 2} {
			raw, err := Form{Limit: limit}.OpenSplit(dir, 1, seed)
			if err != nil {
				t.Fatal(err)
			}
			mean := 0.0
			for _, v := range raw.Train.Values {
				mean += float64(v) / float64(raw.Train.Len())
			}
			d, err := Form{Standardize: true, Limit: limit}.OpenSplit(dir, 1, seed)
			if err != nil {
				t.Fatal(err)
			}
			s := d.Scale
			if s == nil || s.Mean[0]-mean > 1e-9 || mean-s.Mean[0] > 1e-9 || d.Train.Len() != raw.Train.Len() {
				t.Errorf("seed %d, limit %d: by %+v, of rows with mean %g", seed, limit, s, mean)
				continue
			}
			// The other parts are changed by the same figures.
			want := slices.Concat(slices.Clone(raw.Validation.Values), raw.Test.Values)
			if err := s.Apply(want); err != nil {
				t.Fatal(err)
			}
			if got := slices.Concat(d.Validation.Values, d.Test.Values); !slices.Equal(got, want) {
				t.Errorf("seed %d, limit %d: others %v, want %v", seed, limit, got, want)
			}
			// What a network is saved with leads to the same.
			again, err := Form{Standardize: true, Limit: limit, Scale: s}.OpenTest(dir)
			if err != nil || !slices.Equal(again.Test.Values, d.Test.Values) {
				t.Errorf("seed %d, limit %d: the test part alone: %+v, error %v", seed, limit, again, err)
			}
		}
	}
	if _, err := (Form{}).OpenSplit(dir, 4, 1); err == nil || !strings.HasSuffix(err.Error(), ": 4 samples for validation: expected 0 to 3, since 4 are there and one must be left for training") {
		t.Errorf("all for validation: error %v", err)
	}
}
