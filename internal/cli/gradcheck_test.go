package cli

import (
	"encoding/json"
	"regexp"
	"shadegrad/internal/recipe"
	"strings"
	"testing"
)

// gradcheckArgs returns the arguments of a short check.
func gradcheckArgs(t *testing.T, more ...string) []string {
	return append([]string{"gradcheck", "-backend=cpu", "-data=" + smallData(t), "-hidden=8", "-weights=10"}, more...)
}

// TestGradcheck checks for a line for the weights and biases of each layer, and a verdict.
func TestGradcheck(t *testing.T) {
	r := inProcess(t, newFakeGPU().opener(), gradcheckArgs(t)...).is(0, "cpu: ", "; network 784-8-10, 8 samples\n")
	line := regexp.MustCompile(`(?m)^layer [12], (weights|biases) +\d+×\d+ +\d+ tried(, \d+ across a kink)?; error at most \d\.\de-\d\d, median \d\.\de[-+]\d\d, of a norm of \d\.\de[-+]\d\d  ok$`)
	if got := len(line.FindAllString(r.stdout, -1)); got != 4 {
		t.Errorf("%d lines of layers in\n%s", got, r.stdout)
	}
	if !strings.Contains(r.stdout, "\nthe gradients are right: 38 parameters compared, each within ") {
		t.Errorf("no verdict in\n%s", r.stdout)
	}
}

// TestGradcheckRecipes checks the gradients of several recipes.
func TestGradcheckRecipes(t *testing.T) {
	for _, args := range [][]string{
		{"-act=scaled-tanh", "-optimizer=adamw", "-l2=0.01", "-clip=0.1", "-max-norm=1", "-average=0.9"},
		{"-act=leaky-relu", "-optimizer=rmsprop", "-dropout=0.5", "-dropout-input=0.2", "-smoothing=0.1"},
		{"-augment=simard", "-optimizer=nesterov", "-l1=0.001", "-gradient=sum"},
		{"-loss=half-sse", "-output=tanh", "-targets=-1..1", "-momentum=0", "-samples=3"},
		{"-data=spiral", "-act=tanh"},
	} {
		inProcess(t, newFakeGPU().opener(), gradcheckArgs(t, args...)...).is(0)
	}
}

// TestGradcheckPresets checks the gradients of every preset, with hidden layers of at most 20 units.
func TestGradcheckPresets(t *testing.T) {
	for _, p := range recipe.Presets() {
		t.Run(p.Name, func(t *testing.T) {
			r := inProcess(t, newFakeGPU().opener(), gradcheckPreset(t, p, "-backend=cpu", "-samples=3", "-weights=10")...).is(0)
			if !strings.Contains(r.stdout, "\nthe gradients are right: ") || strings.Contains(r.stdout, "no gradient above") {
				t.Errorf("stdout:\n%s", r.stdout)
			}
		})
	}
}

// gradcheckPreset returns the arguments of a check of a preset's gradients, with hidden layers of at
// most 20 units and, unless the preset has its own data, a few samples.
func gradcheckPreset(t *testing.T, p *recipe.Preset, more ...string) []string {
	t.Helper()
	f := presetLine(t, "-preset="+p.Name)
	args := []string{"gradcheck", "-preset=" + p.Name, "-hidden=" + recipe.ShowSizes(capped(f.Hidden, 20))}
	if f.Path == "" {
		args = append(args, "-data="+smallData(t), "-limit=24")
	}
	return append(args, more...)
}

// capped returns the sizes of layers, each at most a maximum.
func capped(sizes []int, most int) []int {
	var list []int
	for _, n := range sizes {
		list = append(list, min(n, most))
	}
	return list
}

// TestGradcheckWrong checks the message about a device whose gradients are wrong.
func TestGradcheckWrong(t *testing.T) {
	o := faultyGPU(t, "loss: the gradient lacks 1/batch")
	r := inProcess(t, o, gradcheckArgs(t, "-backend=gpu")...).is(1, "shadegrad: the gradients are wrong: layer 1, weights: element (",
		", by differences ", "; \"shadegrad doctor\" finds the kernel; train with -backend=cpu until it is fixed\n")
	if !strings.Contains(r.stdout, "  WRONG\n") || strings.Contains(r.stdout, "are right") {
		t.Errorf("stdout:\n%s", r.stdout)
	}
}

// TestGradcheckOverflow checks that the message on sums beyond float32 names the inputs as the cause, not a backend.
func TestGradcheckOverflow(t *testing.T) {
	p := at(t)
	put(t, p.path("large.csv"), []byte("label,a,b\n0,3e38,1\n1,-3e38,2\n0,3e38,3\n1,-3e38,4\n0,3e38,5\n"))
	r := p.run("gradcheck", "-backend=cpu", "-data=large.csv", "-hidden=8").is(1, "inputs are as large as 3e+38", "overflow float32")
	if strings.Contains(r.stderr, "bug") {
		t.Errorf("stderr: %s", r.stderr)
	}
}

// TestGradcheckJSON checks the object of -json, which has the same verdict.
func TestGradcheckJSON(t *testing.T) {
	for _, c := range []struct {
		fault bool
		want  int
	}{{false, 0}, {true, 1}} {
		opener := newFakeGPU().opener()
		if c.fault {
			opener = faultyGPU(t, "loss: the gradient lacks 1/batch")
		}
		r := inProcess(t, opener, gradcheckArgs(t, "-backend=gpu", "-json", "-samples=4")...).is(c.want)
		var got struct {
			OK      bool   `json:"ok"`
			Verdict string `json:"verdict"`
			Samples int    `json:"samples"`
			Backend string `json:"backend"`
			Parts   []struct {
				Name  string  `json:"name"`
				Tried int     `json:"tried"`
				Error float64 `json:"error"`
				OK    bool    `json:"ok"`
			} `json:"parts"`
		}
		if err := json.Unmarshal([]byte(r.stdout), &got); err != nil {
			t.Fatalf("%v:\n%s", err, r.stdout)
		}
		if got.OK == c.fault || got.Samples != 4 || got.Backend != "gpu" || len(got.Parts) != 4 || got.Parts[0].Name != "0.weight" || got.Parts[0].Tried != 10 {
			t.Errorf("%+v", got)
		}
		if strings.Contains(got.Verdict, "wrong") != c.fault {
			t.Errorf("verdict %q", got.Verdict)
		}
	}
}

func TestGradcheckUsage(t *testing.T) {
	for args, want := range map[string]string{
		"-samples=0":  "want 1 or more, got",
		"-weights=x":  "want a whole number",
		"weights":     "gradcheck takes no argument \"weights\"",
		"-preset=no":  "unknown preset \"no\" (available: xor, ",
		"-save=x":     "\"shadegrad gradcheck -h\" lists the flags",
		"-dropout=1":  "-dropout",
		"-backend=no": "-backend",
	} {
		inProcess(t, newFakeGPU().opener(), "gradcheck", args).is(2, want)
	}
	inProcess(t, newFakeGPU().opener(), "gradcheck", "-data="+t.TempDir()+"/none").is(1, "none")
}
