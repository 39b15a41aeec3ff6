package recipe

import (
	"slices"

	"shadegrad/internal/dataset"
	"shadegrad/internal/flags"
	"shadegrad/internal/model"
)

// StartFrom takes over the layers of a network, and the form of its data, except for what given flags decide. It returns a
// *flags.Error if a given flag asks for other layers.
func (r *Recipe) StartFrom(m *model.Model, given func(name string) bool) error {
	c, form := m.Network, m.About.Form
	hidden := c.Sizes[1 : len(c.Sizes)-1]
	const differ = "-%s=%v: the network of -from has %v; omit the flag"
	switch {
	case given("hidden") && !slices.Equal(r.Hidden, hidden):
		return flags.Errorf(differ, "hidden", ShowSizes(r.Hidden), ShowSizes(hidden))
	case given("act") && len(hidden) > 0 && r.Network.Hidden != c.Hidden:
		return flags.Errorf(differ, "act", r.Network.Hidden, c.Hidden)
	case given("no-bias") && r.Network.NoBias != c.NoBias:
		return flags.Errorf(differ, "no-bias", r.Network.NoBias, c.NoBias)
	}
	r.Hidden, r.Network.Hidden, r.Network.NoBias = slices.Clone(hidden), c.Hidden, c.NoBias
	if !given("pad") {
		r.Form.Pad = form.Pad
	}
	if !given("resize") {
		r.Form.Resize = form.Resize
	}
	if !given("standardise") {
		r.Form.Standardize, r.Form.Scale = form.Standardize, form.Scale
	}
	return nil
}

// StartOn takes over the inputs for pixels of the network of StartFrom and, for a training set with as many classes or targets,
// its outputs and its loss.
func (r *Recipe) StartOn(m *model.Model, d *dataset.Set, given func(name string) bool) {
	c := m.Network
	if !given("pixels") && !m.About.Numbers && d.Values == nil {
		r.pixels = choice[span]{true, span{float64(c.Shift), 255*float64(c.Scale) + float64(c.Shift)}}
	}
	outputs := max(d.Classes, 2)
	if d.Outputs > 0 {
		outputs = d.Outputs
	}
	single := !c.Regression && c.Outputs() == 1 && outputs == 2
	if c.Regression != (d.Outputs > 0) || !single && outputs != c.Outputs() {
		return
	}
	if single && !given("outputs") && !given("output") {
		r.outputs = 1
	}
	if !given("output") && !given("outputs") {
		r.output.set, r.output.value = true, c.Output
	}
	if !given("loss") {
		r.loss.set, r.loss.value = true, lossOf(c)
	}
	if c.Off < 0 && !given("targets") && !given("smoothing") { // outputs of a tanh
		r.targets = choice[span]{true, span{float64(c.Off), float64(c.On)}}
	}
}
