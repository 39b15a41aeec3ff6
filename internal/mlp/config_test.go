package mlp

import (
	"math"
	"reflect"
	"slices"
	"testing"

	"shadegrad/compute"
)

// valid is a config in order; tests change it.
func valid() Config {
	return Config{Sizes: []int{784, 128, 10}, Hidden: compute.ReLU, Output: compute.Softmax, Init: He, Scale: 1. / 255, On: 1}
}

func TestConfigCheck(t *testing.T) {
	tests := []struct {
		name   string
		change func(*Config)
		want   string // the error, or "" for none
	}{
		{"valid", func(*Config) {}, ""},
		{"no hidden layer", func(c *Config) { c.Sizes = []int{4, 2} }, ""},
		{"no biases", func(c *Config) { c.NoBias = true }, ""},
		{"sigmoid and cross-entropy", func(c *Config) { c.Output = compute.Sigmoid }, ""},
		{"identity and squared error", func(c *Config) { c.Output, c.Loss = compute.Identity, compute.SquaredError }, ""},
		{"softmax and squared error", func(c *Config) { c.Loss = compute.SquaredError }, ""},
		{"no sizes", func(c *Config) { c.Sizes = nil },
			"Sizes=[]: must have an input and an output size"},
		{"one size", func(c *Config) { c.Sizes = []int{784} },
			"Sizes=[784]: must have an input and an output size"},
		{"no inputs", func(c *Config) { c.Sizes[0] = 0 }, "Sizes=[0 128 10]: must be 1 or more in each layer"},
		{"an empty layer", func(c *Config) { c.Sizes[1] = 0 }, "Sizes=[784 0 10]: must be 1 or more in each layer"},
		{"a negative layer", func(c *Config) { c.Sizes[2] = -3 }, "Sizes=[784 128 -3]: must be 1 or more in each layer"},
		{"a huge layer", func(c *Config) { c.Sizes[1] = math.MaxInt32 },
			"Sizes=[784 2147483647 10]: must make at most 2147483647 weights between two layers, not 2147483647×784"},
		{"as many layers as there can be", func(c *Config) { c.Sizes = slices.Repeat([]int{2}, MaxLayers+1) }, ""},
		{"a layer too many", func(c *Config) { c.Sizes = slices.Repeat([]int{2}, MaxLayers+2) },
			"Sizes=[2 2 2 2 2 2 2 2 2 2 2 2 2 2 2 2 2 2 2 2 2 2 2 2 2 2 2 2 2 2 2 2 2 2 2 2 2 2 2 2 2 2 2 2 2 2 2 2 2 2 2 2 2 2 2 2 2 2 2 2 2 2 2 2 2 2 2 2 2 2 2 2 2 2 2 2 2 2 2 2 2 2 2 2 2 2 2 2 2 2 2 2 2 2 2 2 2 2 2 2 2 2]: must make at most 100 layers of weights, not 101"},
		{"softmax in the middle", func(c *Config) { c.Hidden = compute.Softmax },
			"Hidden=softmax: must be another activation; softmax is for the output layer"},
		{"cross-entropy of ReLU", func(c *Config) { c.Output = compute.ReLU },
			"Output=relu does not go with Loss=cross-entropy: must be softmax or sigmoid; the squared error takes any"},
		{"unknown hidden activation", func(c *Config) { c.Hidden = 17 }, "Hidden=activation(17): must be identity, sigmoid, tanh, relu, softmax, scaled-tanh or leaky-relu"},
		{"unknown output activation", func(c *Config) { c.Output = -1 }, "Output=activation(-1): must be identity, sigmoid, tanh, relu, softmax, scaled-tanh or leaky-relu"},
		{"unknown loss", func(c *Config) { c.Loss = 2 }, "Loss=loss(2): must be cross-entropy or mse"},
		{"every reduction", func(c *Config) { c.Reduction = ReduceHalf }, ""},
		{"unknown reduction", func(c *Config) { c.Reduction = "median" },
			"Reduction=median: must be mean, sum or half"},
		{"regression", func(c *Config) { c.Regression, c.Loss, c.Output = true, compute.SquaredError, compute.Identity }, ""},
		{"regression by cross-entropy", func(c *Config) { c.Regression = true },
			"Loss=cross-entropy does not go with Regression=true: must be the squared error"},
		{"images of its size", func(c *Config) { c.Width, c.Height = 14, 56 }, ""},
		{"images of another size", func(c *Config) { c.Width, c.Height = 28, 29 },
			"Width=28×29 does not go with Sizes=[784 128 10]: images must have 784 pixels"},
		{"images without height", func(c *Config) { c.Width = 784 }, "Width=784×0 does not go with Sizes=[784 128 10]: images must have 784 pixels"},
		{"images of negative size", func(c *Config) { c.Width, c.Height = -28, -28 },
			"Width=-28×-28 does not go with Sizes=[784 128 10]: images must have 784 pixels"},
		{"a negative scale", func(c *Config) { c.InitScale = -0.5 }, "InitScale=-0.5: must be a finite number of at least 0"},
		{"no number for a scale", func(c *Config) { c.InitScale = float32(math.NaN()) }, "InitScale=NaN: must be a finite number of at least 0"},
		{"unknown initialisation", func(c *Config) { c.Init = "ones" },
			"Init=ones: must be he, xavier, normal, units, inputs or uniform"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := valid()
			tt.change(&c)
			got := ""
			if err := c.Check(); err != nil {
				got = err.Error()
			}
			if got != tt.want {
				t.Errorf("Check() = %q, want %q", got, tt.want)
			}
		})
	}
}

// TestShapes has the names and shapes of the state dict of
//
//	nn.Sequential(nn.Linear(5, 4), nn.ReLU(), nn.Linear(4, 3), nn.ReLU(), nn.Linear(3, 2))
func TestShapes(t *testing.T) {
	c := valid()
	c.Sizes = []int{5, 4, 3, 2}
	want := []Shape{
		{"0.weight", 4, 5, false}, {"0.bias", 1, 4, true},
		{"2.weight", 3, 4, false}, {"2.bias", 1, 3, true},
		{"4.weight", 2, 3, false}, {"4.bias", 1, 2, true},
	}
	if got := c.Shapes(); !reflect.DeepEqual(got, want) {
		t.Errorf("shapes are %v, want %v", got, want)
	}
	if n := c.Parameters(); n != 20+4+12+3+6+2 {
		t.Errorf("%d parameters", n)
	}
	c.NoBias = true
	want = []Shape{{"0.weight", 4, 5, false}, {"2.weight", 3, 4, false}, {"4.weight", 2, 3, false}}
	if got := c.Shapes(); !reflect.DeepEqual(got, want) {
		t.Errorf("without biases shapes are %v, want %v", got, want)
	}
	if n := c.Parameters(); n != 20+12+6 {
		t.Errorf("without biases %d parameters", n)
	}
	if s := c.String(); s != "5-4-3-2" {
		t.Errorf("it is called %q", s)
	}
}
