package cli

import (
	"bytes"
	"testing"
)

// TestExport exports a network to each format.
func TestExport(t *testing.T) {
	p := at(t)
	m := smallModel(t, p)
	for _, name := range []string{"a.onnx", "a.npz", "a.safetensors"} {
		p.run("export", "-model="+m, "-o="+name).is(0, "wrote network 784-8-10 to "+name+"\n")
	}
	if !bytes.Equal(contents(t, p.path("a.safetensors")), contents(t, m)) {
		t.Error("without names of layers the safetensors file differs from the network")
	}
	p.run("export", "-model="+m, "-o=b.onnx", "-layers=fc1,fc2", "-softmax").is(0, "wrote network 784-8-10 to b.onnx\n")
	for _, name := range []string{"fc1.weight", "fc2.bias", "Softmax"} {
		if !bytes.Contains(contents(t, p.path("b.onnx")), []byte(name)) {
			t.Errorf("b.onnx does not contain %s", name)
		}
	}
}

// TestExportForce checks that export replaces a file only with -force, and never the network that it reads.
func TestExportForce(t *testing.T) {
	p := at(t)
	m := smallModel(t, p)
	put(t, p.path("notes.npz"), []byte("keep me"))
	put(t, p.path("empty.npz"), nil)
	p.run("export", "-model="+m, "-o=notes.npz").is(1, "notes.npz: cannot save there: the file exists; save elsewhere, or replace the file with -force\n")
	if string(contents(t, p.path("notes.npz"))) != "keep me" {
		t.Error("notes.npz has changed")
	}
	p.run("export", "-model="+m, "-o=notes.npz", "-force").is(0, "wrote network 784-8-10 to notes.npz\n")
	p.run("export", "-model="+m, "-o=notes.npz").is(1, "the file exists")
	p.run("export", "-model="+m, "-o=empty.npz").is(0)
	p.run("export", "-model="+m, "-o="+m, "-force").is(1, "the file is an input")
}

// TestExportFaults checks the errors of export.
func TestExportFaults(t *testing.T) {
	p := at(t)
	m := smallModel(t, p)
	before := contents(t, m)
	p.run("export", "-o=b.onnx").is(2, "export: want -model=FILE")
	p.run("export", "-model="+m).is(2, "export: want -o FILE, a name that ends in .onnx, .npz or .safetensors")
	p.run("export", "-model="+m, "-o=b.h5").is(2, "want a name that ends in .onnx, .npz or .safetensors")
	p.run("export", "-model="+m, "-o=b.npz", "-softmax").is(2, "-softmax is for ONNX")
	p.run("export", "-model="+m, "-o=b.npz", "-layers=a,,b").is(2, "want names separated by commas, such as fc1,fc2")
	p.run("export", "-model="+m, "-o=b.npz", "-layers=a").is(1, "1 names for the 2 layers")
	p.run("export", "-model="+m, "-o="+m).is(1, "the file is an input")
	p.run("export", "-model=nothing", "-o=b.npz").is(1, "nothing")
	if !bytes.Equal(contents(t, m), before) {
		t.Error("the network has changed")
	}
}
