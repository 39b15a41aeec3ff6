package cli

import (
	"fmt"

	"shadegrad/internal/atomicfile"
	"shadegrad/internal/diagram"
	"shadegrad/internal/model"
	"shadegrad/internal/report"
	"shadegrad/internal/train"
)

const networkUsage = `usage: shadegrad network [FLAGS]

Shows the layers of a network and, with -o, draws its units and weights. With -model it
is a network saved by "shadegrad train -save=FILE". Otherwise it is the network with
which "shadegrad train" starts for the same flags; those that do not change the initial
weights are ignored.
`

// network is "shadegrad network".
func (a *app) network(args []string) error {
	f, err := a.parseRecipe("network", networkUsage, args)
	if err != nil {
		return err
	}
	m, title, err := a.openNetwork(f)
	if err != nil {
		return err
	}
	if _, err := fmt.Fprintf(a.stdout, "%s\n\n%s", report.PrintableName(title), report.Layers(m)); err != nil {
		return err
	}
	if f.out == "" {
		return nil
	}
	d := diagram.Diagram{Model: m, Title: title, Most: f.units}
	if err := atomicfile.Noted(atomicfile.Write(f.out, d.WriteSVG), a.note); err != nil {
		return err
	}
	a.note("wrote " + f.out)
	return nil
}

// openNetwork returns the network of the flags and a title.
func (a *app) openNetwork(f *settings) (*model.Model, string, error) {
	if f.model != "" {
		m, err := model.Load(f.model)
		if err != nil {
			return nil, "", err
		}
		if m.About.Imported != "" && m.About.Epochs == 0 {
			return m, fmt.Sprintf("%s: network %s, imported from %s", f.model, m.Network, report.Short(m.About.Imported)), nil
		}
		epochs := report.Count(m.About.Epochs, "epoch")
		if m.About.Epochs == 0 {
			epochs = "part of an epoch"
		}
		return m, fmt.Sprintf("%s: network %s, trained on %s for %s", f.model, m.Network, report.Short(m.About.Data), epochs), nil
	}
	d, err := f.Open()
	if err != nil {
		return nil, "", err
	}
	o, err := f.options(d)
	if err != nil {
		return nil, "", err
	}
	a.note(d.Note)
	if err := train.CheckMemory(o.Network, 4*int64(o.Network.Parameters())); err != nil {
		return nil, "", err
	}
	m := &model.Model{Network: o.Network, Width: d.Train.Width, Height: d.Train.Height, Values: o.Network.InitialParameters(o.Seed)}
	m.About.ClassNames = d.ClassNames
	m.About.Numbers = d.Train.Values != nil
	return m, fmt.Sprintf("network %s before training on %s, seed %d", o.Network, d.Name, o.Seed), nil
}
