package cli

import (
	"os"
	"strings"
	"testing"
)

// TestStdoutFull checks that results that cannot be written are a failure.
func TestStdoutFull(t *testing.T) {
	p := at(t)
	model := smallModel(t, p)
	for _, args := range [][]string{
		trainSmall(t, "-save=n"),
		trainSmall(t, "-json"),
		{"eval", "-backend=cpu", "-model=" + model, "-data=" + smallData(t)},
		{"eval", "-backend=cpu", "-model=" + model, "-data=" + smallData(t), "-json"},
		{"predict", "-model=" + model, repository(t, "testdata/digits/seven.png")},
		{"help"},
		{"version"},
		{"train", "-h"},
	} {
		full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
		if err != nil {
			t.Fatal(err)
		}
		cmd := p.command(args...)
		var stderr strings.Builder
		cmd.Stdout, cmd.Stderr = full, &stderr
		cmd.Run() // the status says it all
		full.Close()
		result{t, strings.Join(args, " "), "", stderr.String(), cmd.ProcessState.ExitCode()}.is(1, "shadegrad: write /dev/stdout: no space left on device\n")
	}
	// Everything except the results was done.
	p.run("eval", "-backend=cpu", "-model=n", "-data="+smallData(t)).is(0)
}

// TestStdoutClosed checks that the command ends silently if the reader of stdout has closed it, as
// other programs do.
func TestStdoutClosed(t *testing.T) {
	p := at(t)
	model := smallModel(t, p)
	for _, line := range []string{
		"shadegrad train -backend=cpu -data=" + smallData(t) + " -hidden=8 -epochs=50 | head -n 1",
		"shadegrad train -backend=cpu -data=" + smallData(t) + " -hidden=8 -epochs=50 -json | head -n 1",
		"shadegrad eval -backend=cpu -model=" + model + " -data=" + smallData(t) + " | head -n 1",
		"shadegrad train -h | head -n 1",
	} {
		r := p.sh(line).is(0) // the status is that of head
		if strings.Count(r.stdout, "\n") != 1 || strings.Contains(r.stderr, "shadegrad: ") {
			t.Errorf("%s:\n%s%s", line, r.stdout, r.stderr)
		}
	}
}
