package train

import (
	"context"
	"errors"
	"testing"

	"shadegrad/cpu"
)

// TestClipBeyondFloat32 clips gradients whose sum of squares exceeds float32. The run must end
// with an error; otherwise the weights would not change, and the loss would look like that of a
// trained network.
func TestClipBeyondFloat32(t *testing.T) {
	d, o := lines(47, 20), linesOptions()
	for i := range d.Train.Values {
		d.Train.Values[i] *= 1e12
	}
	for i := range d.Train.Targets {
		d.Train.Targets[i] *= 1e12
	}
	o.Training.Clip = 1
	b := cpu.New()
	defer b.Close()
	err := (&Run{Data: d, State: NewState(o, d, ""), Report: &recorder{}, Backend: b}).Do(context.Background())
	var diverged *DivergedError
	if !errors.As(err, &diverged) {
		t.Fatalf("error %v, want a *DivergedError", err)
	}
	if diverged.Epoch != 1 || diverged.Step != 2 || diverged.What != Weights || diverged.Layer != 1 {
		t.Errorf("diverged: %v; it is the weights of layer 1 in step 2 of epoch 1", err)
	}
}
