package cli

import (
	"strings"
	"testing"
)

// TestNetwork shows and draws networks, trained and untrained.
func TestNetwork(t *testing.T) {
	p := at(t)
	r := p.run("network", "-preset=xor", "-o=xor.svg").is(0, "wrote xor.svg\n")
	for _, want := range []string{
		"network 2-2-1 before training on XOR (built in), seed 1\n",
		"layer  units  activation",
		"1      2      sigmoid     2       2×2      ",
		"9 parameters, 36 bytes as float32; 6 multiply-adds per sample\n",
	} {
		if !strings.Contains(r.stdout, want) {
			t.Errorf("no %q in\n%s", want, r.stdout)
		}
	}
	if svg := string(contents(t, p.path("xor.svg"))); !strings.HasPrefix(svg, "<svg ") || strings.Count(svg, "<line ") != 6 || strings.Count(svg, "<circle ") != 5 {
		t.Errorf("xor is drawn as\n%s", svg)
	}
	m := smallModel(t, p)
	r = p.run("network", "-model="+m, "-o=small.svg", "-units=3").is(0, "wrote small.svg\n")
	for _, want := range []string{m + ": network 784-8-10, trained on ", "input  784    28×28 pixels, 0 to 1", "8×784", "6370 parameters"} {
		if !strings.Contains(r.stdout, want) {
			t.Errorf("no %q in\n%s", want, r.stdout)
		}
	}
	if svg := string(contents(t, p.path("small.svg"))); strings.Count(svg, "<circle ") != 3 || strings.Count(svg, "preserveAspectRatio") != 3+1 {
		t.Errorf("3 of 8 units and 3 of 10 outputs are drawn as %d circles and %d squares", strings.Count(svg, "<circle "), strings.Count(svg, "preserveAspectRatio"))
	}
	r = p.run("network", "-data=moons", "-hidden=3", "-no-bias").is(0)
	for _, want := range []string{"input  2      numbers", "none    3×2", "12 parameters"} {
		if !strings.Contains(r.stdout, want) {
			t.Errorf("no %q in\n%s", want, r.stdout)
		}
	}
}

// TestNetworkFaults checks the errors of network.
func TestNetworkFaults(t *testing.T) {
	p := at(t)
	m := smallModel(t, p)
	p.run("network", "-model="+m, "-hidden=3").is(2, "-hidden does not go with -model")
	p.run("network", "-model="+m, "-preset=xor").is(2, "-preset does not go with -model")
	p.run("network", "-o=net.png").is(2, `-o: want a name that ends in .svg, got "net.png"`)
	p.run("network", "-o=").is(2, `-o: want a name that ends in .svg, got ""`)
	p.run("network", "-units=3").is(2, "-units needs -o: only a drawing has units")
	p.run("network", "-model=").is(2, `-model: want the name of a file, got ""`)
	p.run("network", "-hidden=46340,46340,46340,46340,46340,46340,46340,46340").is(1, "out of memory")
	p.run("network", "-units=0").is(2, "-units", "want a number from 1 to 100")
	p.run("network", "-hidden=0").is(2, "-hidden")
	p.run("network", "xor").is(2, `network takes no argument "xor"`)
	p.run("network", "-model=nothing").is(1, "nothing")
	p.run("network", "-preset=xor", "-o=no/such/net.svg").is(1, "no/such/net.svg", "create the directory first")
}
