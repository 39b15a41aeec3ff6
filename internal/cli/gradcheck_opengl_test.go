//go:build cgo && !nogl && !darwin

package cli

import (
	"strings"
	"testing"

	"shadegrad/internal/backends"
	"shadegrad/internal/sample"
)

// TestGradcheckOpenGL checks the gradients of OpenGL for each activation, loss, rule, penalty and
// dropout, and for distorted images.
func TestGradcheckOpenGL(t *testing.T) {
	needGPU(t)
	o := backends.Opener{NoTuning: true}
	for _, args := range sample.Of([][]string{
		{"-act=relu"},
		{"-act=leaky-relu", "-smoothing=0.1", "-l2=0.01", "-hidden=8,7"},
		{"-act=sigmoid", "-output=sigmoid", "-loss=cross-entropy", "-optimizer=nesterov", "-l1=0.001"},
		{"-act=tanh", "-output=softmax", "-loss=mse", "-optimizer=rmsprop", "-l2=0.01", "-l1=0.001"},
		{"-act=scaled-tanh", "-output=scaled-tanh", "-loss=half-sse", "-targets=-1..1", "-pixels=-1..1", "-momentum=0", "-hidden=9,8,7"},
		{"-act=tanh", "-output=leaky-relu", "-loss=sse", "-targets=-1..1", "-optimizer=adam"},
		{"-act=identity", "-output=tanh", "-loss=mse", "-targets=-0.9..0.9", "-no-bias", "-momentum=0.9"},
		{"-act=relu", "-output=sigmoid", "-loss=half-sse", "-smoothing=0.2", "-gradient=sum"},
		{"-act=scaled-tanh", "-output=identity", "-loss=mse", "-dropout=0.5"},
		{"-act=relu", "-dropout=0.3", "-dropout-input=0.2", "-optimizer=adamw", "-l2=0.01", "-hidden=12,8"},
		{"-act=sigmoid", "-augment=simard", "-dropout-input=0.2", "-l2=0.01", "-momentum=0.9"},
		{"-act=tanh", "-pad=29x29", "-pixels=-1..1", "-augment=ciresan,shear=0.1,shift=1", "-optimizer=nesterov", "-gradient=sum"},
		{"-data=spiral", "-act=tanh", "-output=relu", "-loss=mse", "-l1=0.001"},
		{"-data=moons", "-outputs=1", "-act=leaky-relu", "-dropout=0.2"},
	}, 5) {
		r := inProcess(t, o, gradcheckArgs(t, append([]string{"-backend=gpu", "-samples=3", "-weights=5"}, args...)...)...).is(0, "gpu: ")
		if !strings.Contains(r.stdout, "\nthe gradients are right: ") || strings.Contains(r.stdout, "no gradient above") {
			t.Errorf("%q: stdout:\n%s", args, r.stdout)
		}
	}
}
