package cli

import (
	"bytes"
	"encoding/json"
	"regexp"
	"shadegrad/internal/diagnosis"
	"shadegrad/internal/report"
	"strings"
	"testing"
)

// clocks matches the times on stdout, which differ between two equal runs.
var clocks = regexp.MustCompile(`"(seconds|eval_seconds|images_per_second)":[-+.e\d]+|[.\d]+ s\b|[.\d]+ images/s`)

// TestVerboseChangesNothing compares the output and the saved network with and without -v.
func TestVerboseChangesNothing(t *testing.T) {
	for _, args := range [][]string{
		{"-epochs=2"},
		{"-epochs=1", "-batch=1", "-hidden=30", "-act=sigmoid", "-loss=mse"},
	} {
		p := at(t)
		args = append([]string{"train", "-backend=cpu", "-data=" + smallData(t)}, args...)
		plain := p.run(append(args, "-save="+p.path("plain"))...).is(0)
		told := p.run(append(args, "-v", "-save="+p.path("told"))...).is(0, "\nafter epoch 1, tried on 300 training images\n")
		p.run(append(args, "-v", "-test=each")...).is(0, "\nafter epoch 1, tried on 300 training images; training accuracy ", " the test accuracy\n")
		p.run(append(args, "-v", "-validation=50")...).is(0, "\nafter epoch 1, tried on 250 training images; training accuracy ", " the validation accuracy\n")
		if !bytes.Equal(contents(t, p.path("plain")), contents(t, p.path("told"))) {
			t.Errorf("%s: with -v another network comes out", plain.command)
		}
		if a, b := clocks.ReplaceAllString(plain.stdout, ""), clocks.ReplaceAllString(told.stdout, ""); a != b {
			t.Errorf("with -v stdout is\n%s\nwithout\n%s", b, a)
		}
		if strings.Contains(plain.stderr, "after epoch") {
			t.Errorf("without -v stderr is\n%s", plain.stderr)
		}
	}
}

// diagnoses returns the diagnosis events of a run and checks that each follows an epoch event.
func diagnoses(t *testing.T, r result) []report.DiagnosisEvent {
	t.Helper()
	var list []report.DiagnosisEvent
	last := ""
	for _, line := range strings.Split(strings.TrimSpace(r.stdout), "\n") {
		var e report.DiagnosisEvent
		if err := json.Unmarshal([]byte(line), &e); err != nil && strings.HasPrefix(line, `{"event":"diagnosis"`) {
			t.Fatal(err)
		}
		if e.Event == "diagnosis" {
			if last != "epoch" {
				t.Errorf("a diagnosis follows the event %q", last)
			}
			list = append(list, e)
		}
		last = e.Event
	}
	return list
}

// TestDiagnosis trains a healthy network, and one at a learning rate that kills its ReLUs.
func TestDiagnosis(t *testing.T) {
	p := at(t)
	args := []string{"train", "-backend=cpu", "-data=" + middleData(t), "-epochs=2", "-json"}
	r := p.run(append(args, "-v")...).is(0)
	if strings.Contains(r.stderr, "diagnosis") {
		t.Errorf("of a healthy run stderr says\n%s", r.stderr)
	}
	events := diagnoses(t, r)
	if len(events) != 2 {
		t.Fatalf("there are %d diagnoses of 2 epochs", len(events))
	}
	for i, e := range events {
		if e.Epoch != i+1 || e.Images != 300 || len(e.Layers) != 2 || e.Layers[0].Dead == nil || e.Layers[1].Dead != nil || e.Findings == nil || len(e.Findings) > 0 {
			t.Errorf("diagnosis %d is %+v", i+1, e)
		}
	}
	if len(diagnoses(t, p.run(args...).is(0))) > 0 {
		t.Error("there is a diagnosis without -v")
	}
	events = diagnoses(t, p.run(append(args, "-v", "-lr=3")...).is(0,
		"\ndiagnosis: layer 1 is dead: ", "% of its ReLUs are 0 for every image tried, and what is always 0 learns nothing; try a lower -lr than 3 (0.1 is usual here)\n"))
	if f := events[len(events)-1].Findings; len(f) != 1 || f[0].Kind != diagnosis.DeadLayer || f[0].Layer != 1 {
		t.Errorf("the findings are %+v", f)
	}
}
