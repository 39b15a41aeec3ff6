package cli

import (
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"
)

// TestBenchstat gives the output of bench to benchstat: a column for each backend, a row for the step,
// and the units.
func TestBenchstat(t *testing.T) {
	if _, err := exec.LookPath("go"); err != nil {
		// "go test" always has it; these tests also travel, built, to machines with a GPU.
		t.Skip("benchstat is built with go, which is not here")
	}
	r := inProcess(t, newFakeGPU().opener(), benchArgs(t, "-format=bench")...).is(0)
	path := filepath.Join(t.TempDir(), "bench.txt")
	put(t, path, []byte(r.stdout))
	cmd := exec.Command("go", "tool", "benchstat", "-col", "/backend", path)
	cmd.Dir = repository(t, filepath.Join("internal", "bench", "benchstat"))
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("benchstat: %v\n%s", err, out)
	}
	for _, want := range []string{
		`│ +cpu +│ +gpu +│`, `│ +sec/op +│ +sec/op +vs base`, `│ +images/s +│`, `│ +GFLOP/s +│`,
		`TrainStep/network=784-8-10/batch=64-[0-9]+ +[0-9.]+[nµm]? ± +[0-9]+% +[0-9.]+[nµm]? ± +[0-9]+% `,
	} {
		if !regexp.MustCompile(want).Match(out) {
			t.Errorf("benchstat's table has nothing like %q:\n%s", want, out)
		}
	}
}
