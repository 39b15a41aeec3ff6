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
		{"as it is", func(*Config) {}, ""},
		{"no hidden layer", func(c *Config) { c.Sizes = []int{4, 2} }, ""},
		{"no biases", func(c *Config) { c.NoBias = true }, ""},
		{"sigmoid and cross-entropy", func(c *Config) { c.Output = compute.Sigmoid }, ""},
		{"identity and squared error", func(c *Config) { c.Output, c.Loss = compute.Identity, compute.SquaredError }, ""},
		{"softmax and squared error", func(c *Config) { c.Loss = compute.SquaredError }, ""},
		{"no sizes", func(c *Config) { c.Sizes = nil },
			"a network needs at least an input and an output size, not []"},
		{"one size", func(c *Config) { c.Sizes = []int{784} },
			"a network needs at least an input and an output size, not [784]"},
		{"no inputs", func(c *Config) { c.Sizes[0] = 0 }, "layer 0 of the network has 0 units"},
		{"an empty layer", func(c *Config) { c.Sizes[1] = 0 }, "layer 1 of the network has 0 units"},
		{"a negative layer", func(c *Config) { c.Sizes[2] = -3 }, "layer 2 of the network has -3 units"},
		{"a huge layer", func(c *Config) { c.Sizes[1] = math.MaxInt32 },
			"layer 1 of the network has 2147483647×784 weights: more than 2147483647"},
		{"as many layers as there can be", func(c *Config) { c.Sizes = slices.Repeat([]int{2}, MaxLayers+1) }, ""},
		{"a layer too many", func(c *Config) { c.Sizes = slices.Repeat([]int{2}, MaxLayers+2) },
			"a network of 101 layers; there can be at most 100"},
		{"softmax in the middle", func(c *Config) { c.Hidden = compute.Softmax },
			"softmax is for the last layer, not for hidden ones"},
		{"cross-entropy of ReLU", func(c *Config) { c.Output = compute.ReLU },
			"cross-entropy needs softmax or sigmoid outputs, not relu"},
		{"unknown hidden activation", func(c *Config) { c.Hidden = 17 }, "unknown activation(17)"},
		{"unknown output activation", func(c *Config) { c.Output = -1 }, "unknown activation(-1)"},
		{"unknown loss", func(c *Config) { c.Loss = 2 }, "unknown loss(2)"},
		{"every reduction", func(c *Config) { c.Reduction = ReduceHalf }, ""},
		{"unknown reduction", func(c *Config) { c.Reduction = "median" },
			`no reduction is called "median"; there are ["mean" "sum" "half"]`},
		{"regression", func(c *Config) { c.Regression, c.Loss, c.Output = true, compute.SquaredError, compute.Identity }, ""},
		{"regression by cross-entropy", func(c *Config) { c.Regression = true },
			"a network for regression needs the loss mse, not cross-entropy"},
		{"images of its size", func(c *Config) { c.Width, c.Height = 14, 56 }, ""},
		{"images of another size", func(c *Config) { c.Width, c.Height = 28, 29 },
			"images of 28×29 do not fit a network of 784 inputs"},
		{"images without height", func(c *Config) { c.Width = 784 }, "images of 784×0 do not fit a network of 784 inputs"},
		{"images of negative size", func(c *Config) { c.Width, c.Height = -28, -28 },
			"images of -28×-28 do not fit a network of 784 inputs"},
		{"a negative scale", func(c *Config) { c.InitScale = -0.5 }, "first weights of scale -0.5: must be a number above 0"},
		{"no number for a scale", func(c *Config) { c.InitScale = float32(math.NaN()) }, "first weights of scale NaN: must be a number above 0"},
		{"unknown initialisation", func(c *Config) { c.Init = "ones" },
			`no initialisation is called "ones"; there are ["he" "xavier" "normal" "units" "inputs" "uniform"]`},
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
