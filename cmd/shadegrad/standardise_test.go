package main

import (
	"fmt"
	"math"
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"

	"shadegrad/internal/model"
)

// measured is a CSV file whose target is the first column's distance from 1000, in hundreds,
// with the first column around a mean.
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

// TestStandardised has predict and eval standardise by the training set's figures: those of another
// file would take the shift away that the network has learned.
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
	if r := p.run("predict", "-model=old", "0,1", "0,2").is(1, "standardised by its training set"); strings.Count(r.stderr, "\n") != 1 {
		t.Errorf("stderr:\n%s", r.stderr)
	}
	if far := eval("old", "there.csv"); far < 0.3 {
		t.Errorf("another file by its own figures: loss %g; the test above tells nothing", far)
	}
}

// TestRowsForImages refuses rows once, and says what is asked for.
func TestRowsForImages(t *testing.T) {
	p, model := at(t), goodModel(t)
	r := p.run("predict", "-model="+model, "1,2", "3,4", "5", repository(t, "testdata/digits/seven.png")).
		is(1, "shadegrad: 1,2: the network takes images, PNG or JPEG files, not rows of numbers\n")
	if strings.Count(r.stderr, "\n") != 1 || !strings.Contains(r.stdout, "it is a 7: ") {
		t.Errorf("got\n%s\n%s", r.stderr, r.stdout)
	}
	put(t, p.path("5"), []byte("text"))
	p.run("predict", "-model="+model, "5").is(1, "5: expected a PNG or JPEG image")
}
