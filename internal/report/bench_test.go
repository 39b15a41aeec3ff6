package report

import "testing"

func TestCrossovers(t *testing.T) {
	rows := func(second ...float64) (list []sweepRow) {
		for i, v := range second {
			list = append(list, sweepRow{batch: 1 << (2 * i), images: []float64{10, v}})
		}
		return list
	}
	for _, c := range []struct {
		rows []sweepRow
		want string
	}{
		{rows(1, 2, 3), "cpu is faster at every batch"},
		{rows(11, 12), "gpu is faster at every batch"},
		{rows(1, 2, 30, 40), "cpu is faster at batch 1; gpu overtakes it between 4 and 16"},
		{rows(1, 20, 3), "cpu is faster at batch 1; gpu overtakes it between 1 and 4; cpu overtakes it between 4 and 16"},
		{rows(10), "cpu is faster at every batch"},
	} {
		if got := crossovers(c.rows, "cpu", "gpu"); got != c.want {
			t.Errorf("got  %q\nwant %q", got, c.want)
		}
	}
}
