package cli

import (
	"os"
	"slices"
	"strings"
	"testing"

	"shadegrad/internal/model"
)

// saved loads a network.
func saved(t *testing.T, path string) *model.Model {
	t.Helper()
	m, err := model.Load(path)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// TestFrom begins runs with the weights of a network. With a learning rate that changes no weight the run must save these weights.
func TestFrom(t *testing.T) {
	p := at(t)
	start := smallModel(t, p, "-act=tanh", "-pixels=-1..1", "-loss=mse", "-output=tanh", "-targets=-1..1")
	still := []string{"train", "-backend=cpu", "-from=" + start, "-lr=1e-35", "-momentum=0", "-epochs=1", "-save=" + p.path("b.safetensors")}
	p.run(append(still, "-data="+smallData(t))...).is(0, "starting from "+start+": network 784-8-10\n")
	a, b := saved(t, start), saved(t, p.path("b.safetensors"))
	if a.Network.String() != b.Network.String() || a.Network.Hidden != b.Network.Hidden || a.Network.Output != b.Network.Output || a.Network.Loss != b.Network.Loss ||
		a.Network.Scale != b.Network.Scale || a.Network.Shift != b.Network.Shift || a.Network.On != b.Network.On || a.Network.Off != b.Network.Off {
		t.Errorf("the run has the network %+v, -from has %+v", b.Network, a.Network)
	}
	if !slices.EqualFunc(a.Values, b.Values, slices.Equal) {
		t.Error("the run did not begin with the weights of -from")
	}
	// Other data with two classes: the last layer is a new one.
	var table strings.Builder
	for i := range 40 {
		table.WriteString([]string{"cat", "dog"}[i%2])
		for j := range 784 {
			table.WriteString([]string{",0", ",255"}[(i*j/7+j)%2])
		}
		table.WriteString("\n")
	}
	if err := os.WriteFile(p.path("pets.csv"), []byte(table.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	p.run(append(still, "-data=pets.csv")...).is(0, "starting from "+start+": network 784-8-10, with a new output layer of 2 units instead of 10\n")
	b = saved(t, p.path("b.safetensors"))
	if b.Network.String() != "784-8-2" || !slices.EqualFunc(a.Values[:2], b.Values[:2], slices.Equal) || slices.Equal(b.Values[2], make([]float32, 16)) {
		t.Errorf("network %s does not have the first layer of -from and a new last one", b.Network)
	}
}

// TestFromCertified repeats a certified run that began with a network. It cannot be repeated without that network or with another.
func TestFromCertified(t *testing.T) {
	p := at(t)
	start := smallModel(t, p)
	p.run("train", "-backend=cpu", "-data="+smallData(t), "-from="+start, "-epochs=2", "-save=b.safetensors", "-certify=c.json").is(0, "-from="+start)
	p.run("verify", "-data="+smallData(t), "-from="+start, "c.json").is(0)
	p.run("verify", "-data="+smallData(t), "c.json").is(1, "not verified: the run began with the weights of a network", "name its file with -from")
	p.run("verify", "-data="+smallData(t), "-from=b.safetensors", "c.json").is(1, "not verified: -from=b.safetensors has weights of SHA-256")
	p.run("train", "-backend=cpu", "-data="+smallData(t), "-hidden=8", "-epochs=1", "-certify=d.json").is(0)
	p.run("verify", "-data="+smallData(t), "-from="+start, "d.json").is(2, "began with drawn weights; omit the flag")
}

// TestFromFaults checks the errors of -from.
func TestFromFaults(t *testing.T) {
	p := at(t)
	start := smallModel(t, p)
	p.run("train", "-from="+start, "-hidden=9").is(2, "-hidden=9: the network of -from has 8; omit the flag")
	p.run("train", "-from="+start, "-act=tanh").is(2, "-act=tanh: the network of -from has relu")
	p.run("train", "-from="+start, "-no-bias").is(2, "-no-bias=true: the network of -from has false")
	p.run("train", "-from="+start, "-resume=x").is(2, "-from does not go with -resume")
	p.run("train", "-from="+start, "-data=xor").is(1, "the network is for images of 28×28, XOR (built in) has rows of 2 numbers")
	p.run("train", "-from="+start, "-data="+smallData(t), "-save="+start).is(1, "the file is an input")
	p.run("train", "-from=none").is(1, "-from: none")
}
