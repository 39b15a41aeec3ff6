package cli

import (
	"strings"
	"testing"
)

// TestMachineMemory checks the row of FAULTS.md on memory for that of the machine: a run compares its
// need with the available memory before it allocates any or draws weights.
func TestMachineMemory(t *testing.T) {
	p := at(t)
	limited := func(args ...string) result {
		return p.sh("ulimit -v 8000000 && exec shadegrad " + strings.Join(args, " "))
	}
	data := "-data=" + smallData(t)
	limited("train", "-backend=cpu", data, "-hidden=8", "-epochs=1").is(0)
	const remedy = " available; try a smaller batch or network; nothing was trained\n"
	for flags, text := range map[string]string{
		"-hidden=1000000,1000":      "network 784-1000000-1000-10 with batches of 64: out of memory: ",
		"-hidden=1000000 -batch=0":  "network 784-1000000-10 with batches of 300: out of memory: ",
		"-hidden=20000,20000,20000": "network 784-20000-20000-20000-10 with batches of 64: out of memory: ",
	} {
		r := limited("train", "-backend=cpu", data, flags, "-save=m").is(1, "shadegrad: "+text, " GiB) asked for, ", remedy)
		if strings.Count(r.stderr, "\n") != 1 {
			t.Errorf("%s: want one line, got\n%s", flags, r.stderr)
		}
		mustNotExist(t, p.path("m"))
	}
}
