package model

import (
	"slices"
	"strings"
	"testing"

	"shadegrad/compute"
	"shadegrad/internal/safetensors"
)

// TestStart begins with the weights of a network, with the same outputs and with others, and refuses other layers.
func TestStart(t *testing.T) {
	for _, noBias := range []bool{false, true} {
		m := trained(noBias)
		values, fresh, err := m.Start(m.Network, 5)
		if err != nil || fresh || !slices.EqualFunc(values, m.Values, slices.Equal) {
			t.Errorf("the same network: fresh %v, error %v", fresh, err)
		}
		values[0][0]++
		if values[0][0] == m.Values[0][0] {
			t.Error("the weights share memory")
		}
		c := m.Network
		c.Sizes = slices.Clone(c.Sizes)
		last := len(c.Sizes) - 1
		c.Sizes[last]++
		drawn := c.InitialParameters(5)
		each := len(drawn) / c.Layers()
		values, fresh, err = m.Start(c, 5)
		if err != nil || !fresh || len(values) != len(drawn) {
			t.Fatalf("other outputs: fresh %v, error %v", fresh, err)
		}
		for i, v := range values {
			want := m.Values[i]
			if i >= len(drawn)-each {
				want = drawn[i]
			}
			if !slices.Equal(v, want) {
				t.Errorf("other outputs: parameter %d is not that of the network or of the seed", i)
			}
		}
		for name, change := range map[string]func(){
			"inputs":     func() { c.Sizes[0]++ },
			"hidden":     func() { c.Sizes[last-1]++ },
			"layers":     func() { c.Sizes = append(c.Sizes, 3) },
			"biases":     func() { c.NoBias = !noBias },
			"activation": func() { c.Hidden = compute.LeakyReLU },
		} {
			c = m.Network
			c.Sizes = slices.Clone(c.Sizes)
			change()
			if _, _, err := m.Start(c, 5); err == nil || !strings.Contains(err.Error(), "cannot begin the training of a network") {
				t.Errorf("other %s: error %v", name, err)
			}
		}
	}
}

// TestDigest checks that the digest is that of the saved file, and changes with a weight.
func TestDigest(t *testing.T) {
	m := trained(false)
	a, err := m.Digest()
	if err != nil || len(a) != 64 {
		t.Fatal(a, err)
	}
	metadata, err := safetensors.ReadMetadata(save(t, m))
	if err != nil || metadata["shadegrad.sha256"] != a {
		t.Errorf("digest %s, the file has %v, error %v", a, metadata, err)
	}
	m.Values[0][0]++
	if b, _ := m.Digest(); a == b {
		t.Error("another weight has the same digest")
	}
}
