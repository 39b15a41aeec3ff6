package cli

import (
	"fmt"
	"math"
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"

	"shadegrad/internal/dataset"
	"shadegrad/internal/model"
)

// measured returns a CSV file whose target is the first column's distance from 1000, in hundreds, with
// the first column around a mean.
func measured(rows int, mean float64) string {
	random := rand.New(rand.NewPCG(1, 2))
	var b strings.Builder
	b.WriteString("a,b,y\n")
	for range rows {
		a := mean + 100*random.NormFloat64()
		fmt.Fprintf(&b, "%.3f,%.4f,%.5f\n", a, 0.01*random.NormFloat64(), (a-1000)/100)
	}
	return b.String()
}

// TestStandardised checks that predict and eval standardise by the figures of the training set: those
// of another file would remove the shift that the network has learned.
func TestStandardised(t *testing.T) {
	p := at(t)
	putAll(t, p.dir, map[string][]byte{"here.csv": []byte(measured(300, 1000)), "there.csv": []byte(measured(50, 1100))})
	args := []string{"train", "-backend=cpu", "-data=here.csv", "-target-columns=1", "-standardise", "-hidden=8", "-act=tanh",
		"-lr=0.05", "-epochs=200", "-every=200", "-save=n", "-certify=c"}
	trained := p.run(args...).is(0)
	p.run("verify", "-data=here.csv", "c").is(0)

	loss := func(r result) (v float64) {
		t.Helper()
		m := regexp.MustCompile(`loss (\S+?)[;,\n ]`).FindAllStringSubmatch(r.stdout, -1)
		if m == nil {
			t.Fatalf("no loss in\n%s", r.stdout)
		}
		if _, err := fmt.Sscan(m[len(m)-1][1], &v); err != nil {
			t.Fatal(err)
		}
		return v
	}
	eval := func(model, data string) float64 {
		t.Helper()
		return loss(p.run("eval", "-backend=cpu", "-model="+model, "-data="+data).is(0))
	}
	// The text of training has four digits.
	if a, b := loss(trained), eval("n", "here.csv"); math.Abs(a-b) > 1e-3*a {
		t.Errorf("the test loss is %g in training, %g to eval", a, b)
	}
	if far := eval("n", "there.csv"); far > 0.1 {
		t.Errorf("another file, a deviation further on: loss %g", far)
	}
	for row, want := range map[string]float64{"900,0": -1, "1000,0": 0, "1100,0.001": 1} {
		var y float64
		r := p.run("predict", "-model=n", row).is(0)
		if _, err := fmt.Sscanf(r.stdout, row+": output %g", &y); err != nil || y < want-0.25 || y > want+0.25 {
			t.Errorf("want about %g, got %s", want, r.stdout)
		}
	}

	// A network as older programs saved it.
	m, err := model.Load(p.path("n"))
	if err != nil {
		t.Fatal(err)
	}
	if m.About.Form.Scale == nil {
		t.Fatal("the network has no figures to standardise by")
	}
	m.About.Form.Scale = nil
	if err := m.Save(p.path("old")); err != nil {
		t.Fatal(err)
	}
	if r := p.run("predict", "-model=old", "0,1", "0,2").is(1, "by which its inputs were standardised"); strings.Count(r.stderr, "\n") != 1 {
		t.Errorf("stderr:\n%s", r.stderr)
	}
	if far := eval("old", "there.csv"); far < 0.3 {
		t.Errorf("another file by its own figures: loss %g; the test above tells nothing", far)
	}
}

// TestStandardisedByTrained checks that the figures are those of the training rows: the fourth row,
// held out or beyond the limit, is far off and does not change them. Resumed and verified runs have
// the same figures.
func TestStandardisedByTrained(t *testing.T) {
	p := at(t)
	putAll(t, p.dir, map[string][]byte{
		"train.csv": []byte("label,a\n0,0.5\n1,1.5\n0,2.5\n1,1000.5\n"), "test.csv": []byte("label,a\n1,1.5\n0,2.5\n"),
	})
	scaleOf := func(file string) *dataset.Scale {
		t.Helper()
		m, err := model.Load(p.path(file))
		if err != nil {
			t.Fatal(err)
		}
		if m.About.Form.Scale == nil {
			t.Fatalf("%s has no figures to standardise by", file)
		}
		return m.About.Form.Scale
	}
	few := []string{"-data=train.csv", "-standardise", "-limit=3", "-hidden=4", "-epochs=3", "-schedule=constant"}
	p.run(append([]string{"train", "-backend=cpu", "-save=whole", "-certify=c"}, few...)...).is(0)
	if s := scaleOf("whole"); s.Mean[0] != 1.5 || math.Abs(s.Deviation[0]-math.Sqrt(2./3)) > 1e-12 {
		t.Errorf("the first 3 rows are standardised by %+v", s)
	}
	p.run("eval", "-backend=cpu", "-model=whole", "-data=train.csv").is(0)
	if r := p.run("verify", "-data=train.csv", "c").is(0); !strings.Contains(r.stdout, "verified: every epoch has the same bits") {
		t.Errorf("verify:\n%s", r.stdout)
	}
	few[0] = "-data=" + p.path("train.csv")
	p.run("train", "-resume="+p.stopped(few...), "-backend=cpu", "-save=resumed").is(0, "resuming in epoch ")
	if a, b := scaleOf("whole"), scaleOf("resumed"); a.Mean[0] != b.Mean[0] || a.Deviation[0] != b.Deviation[0] {
		t.Errorf("the run that was resumed is standardised by %+v, the whole one by %+v", b, a)
	}

	// For every held-out row the mean is that of the other three.
	all := []float64{0.5, 1.5, 2.5, 1000.5}
	aside := map[float64]bool{}
	for seed := range 8 {
		p.run("train", "-backend=cpu", "-data=train.csv", "-standardise", "-validation=1", "-hidden=4", "-epochs=1", fmt.Sprint("-seed=", seed), "-save=n").is(0)
		mean := scaleOf("n").Mean[0]
		for _, v := range all {
			if math.Abs(mean-(1005-v)/3) < 1e-9 {
				aside[v] = true
				mean = math.NaN()
			}
		}
		if !math.IsNaN(mean) {
			t.Errorf("seed %d: mean %g is that of no three of %v", seed, mean, all)
		}
	}
	if len(aside) < 2 {
		t.Errorf("the same row is always held out: %v; this tests little", aside)
	}
}

// TestRowsForImages checks that rows are refused once, with what the network takes.
func TestRowsForImages(t *testing.T) {
	p, model := at(t), goodModel(t)
	r := p.run("predict", "-model="+model, "1,2", "3,4", "5", repository(t, "testdata/digits/seven.png")).
		is(1, "shadegrad: 1,2: the network takes pictures of 28×28 or files of such images, not a row of numbers\n")
	if strings.Count(r.stderr, "\n") != 1 || !strings.Contains(r.stdout, "it is a 7: ") {
		t.Errorf("got\n%s\n%s", r.stderr, r.stdout)
	}
	put(t, p.path("5"), []byte("text"))
	p.run("predict", "-model="+model, "5").is(1, "5: expected a PNG, JPEG, GIF, BMP, TIFF or WebP picture")
}
