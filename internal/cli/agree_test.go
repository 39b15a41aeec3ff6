//go:build cgo && !nogl && !darwin

package cli

import (
	"fmt"
	"math"
	"testing"

	"shadegrad/internal/sample"
)

// TestBackendsAgree trains the same network on both backends from the same seed. The training loss of
// each epoch must agree within 1e-3 relative, the test accuracy within 0.3 points. The data are a part
// of MNIST, since software OpenGL is slow.
func TestBackendsAgree(t *testing.T) {
	needGPU(t)
	t.Parallel()
	p := at(t)
	tune, epochs := "-tune=on", sample.Count(3, 2)
	if testing.Short() {
		tune = "-tune=off" // software OpenGL takes seconds to compile each choice
	}
	train := func(backend string) []map[string]any {
		r := p.run("train", "-backend="+backend, "-json", "-data="+middleData(t), fmt.Sprintf("-hidden=%d", sample.Count(128, 32)), "-batch=64", fmt.Sprintf("-epochs=%d", epochs), "-seed=5", "-test=each", tune).is(0)
		list := events(t, r.stdout)
		if len(list) != epochs+2 || list[0]["backend"] != backend {
			t.Fatalf("events: %v", list)
		}
		return list[1 : epochs+1]
	}
	cpu, gpu := train("cpu"), train("gpu")
	for i := range cpu {
		if gpu[i]["backend"] != "gpu" || gpu[i]["epoch"] != float64(i+1) {
			t.Errorf("epoch %d: %v", i+1, gpu[i])
		}
		want, got := cpu[i]["train_loss"].(float64), gpu[i]["train_loss"].(float64)
		if !(math.Abs(got-want) <= 1e-3*want) {
			t.Errorf("epoch %d: the training loss is %v on the GPU, %v on the CPU", i+1, got, want)
		}
		wantAcc, gotAcc := cpu[i]["test_acc"].(float64), gpu[i]["test_acc"].(float64)
		// The bound is three thousandths, plus the rounding error of the difference.
		if !(math.Abs(gotAcc-wantAcc) <= 0.003+1e-9) {
			t.Errorf("epoch %d: the test accuracy is %v on the GPU, %v on the CPU", i+1, gotAcc, wantAcc)
		}
		t.Logf("epoch %d: training loss %.6f and %.6f, test accuracy %.3f and %.3f", i+1, want, got, wantAcc, gotAcc)
	}
	if acc := cpu[epochs-1]["test_acc"].(float64); acc < 0.85 {
		t.Errorf("the test accuracy of %v is too low for a useful comparison", acc)
	}
}

// TestHandOver stops a run on one backend and resumes it on the other.
func TestHandOver(t *testing.T) {
	needGPU(t)
	p := at(t)
	checkpoint := p.stopped("-hidden=8")
	p.run("train", "-resume="+checkpoint, "-backend=gpu", "-tune=off", "-save=m").is(0, "gpu: ", "resuming in epoch 2 of 3")
	p.run("eval", "-model=m", "-data="+smallData(t), "-backend=gpu", "-json").is(0)
}
