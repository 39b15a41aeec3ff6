package cli

import (
	"strings"
	"testing"
)

// TestImport exports a network, imports it in each format, and evaluates it: nothing changes.
func TestImport(t *testing.T) {
	p := at(t)
	m := smallModel(t, p)
	want := p.run("eval", "-backend=cpu", "-data="+smallData(t), "-model="+m).is(0).stdout
	for _, name := range []string{"a.onnx", "a.npz", "a.safetensors"} {
		p.run("export", "-model="+m, "-o="+name).is(0)
		p.run("import", "-model="+name, "-o=back.safetensors").is(0, "nothing is assumed\nsaved network 784-8-10, relu, softmax to back.safetensors\n")
		got := p.run("eval", "-backend=cpu", "-data="+smallData(t), "-model=back.safetensors").is(0).stdout
		if strings.ReplaceAll(got, "back.safetensors", m) != want {
			t.Errorf("%s: eval prints\n%s\nwant\n%s", name, got, want)
		}
	}
	p.run("export", "-model="+m, "-o=state.safetensors", "-layers=fc1,fc2").is(0)
	p.run("import", "-model=state.safetensors", "-act=relu", "-o=back.safetensors").is(0, "layers in this order: fc1, fc2\n",
		"assumed 10 classes", "images of 28×28", "black and white pixels enter as 0 and 1")
	got := p.run("eval", "-backend=cpu", "-data="+smallData(t), "-model=back.safetensors").is(0).stdout
	if strings.ReplaceAll(got, "back.safetensors", m) != want {
		t.Errorf("a state dict: eval prints\n%s\nwant\n%s", got, want)
	}
	r := p.run("network", "-model=back.safetensors").is(0)
	if title := "back.safetensors: network 784-8-10, imported from state.safetensors\n"; !strings.HasPrefix(r.stdout, title) {
		t.Errorf("network prints\n%s", r.stdout)
	}
}

// TestImportFaults checks the errors of import.
func TestImportFaults(t *testing.T) {
	p := at(t)
	m := smallModel(t, p)
	p.run("export", "-model="+m, "-o=state.safetensors", "-layers=fc1,fc2").is(0)
	p.run("import", "-o=b.safetensors").is(2, "import: want -model=FILE")
	p.run("import", "-model=state.safetensors").is(2, "import: want -o FILE")
	p.run("import", "-model=state.safetensors", "-o=b.safetensors").is(1, "state.safetensors: the file does not say the activation", "-act=relu")
	p.run("import", "-model=state.safetensors", "-act=relu", "-input=5", "-o=b.safetensors").is(2, "want numbers, or a size such as 28x28")
	p.run("import", "-model=state.safetensors", "-act=softmax", "-o=b.safetensors").is(2, "-act", "relu")
	p.run("import", "-model=state.safetensors", "-act=relu", "-pixels=1", "-o=b.safetensors").is(2, "-pixels", "two numbers")
	p.run("import", "-model=state.safetensors", "-act=relu", "-layout=x", "-o=b.safetensors").is(2, "-layout", "out-in or in-out")
	p.run("import", "-model=state.safetensors", "-act=relu", "-o=state.safetensors").is(1, "the file is an input")
	p.run("export", "-model="+m, "-o=c.npz").is(0)
	p.run("import", "-model=state.safetensors", "-act=relu", "-o=c.npz").is(1, "the file exists and is not a Shadegrad network")
	p.run("import", "-model=none.onnx", "-o=b.safetensors").is(1, "none.onnx")
}
