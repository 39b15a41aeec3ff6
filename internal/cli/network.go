package cli

import (
	"flag"
	"fmt"
	"slices"
	"strings"

	"shadegrad/internal/atomicfile"
	"shadegrad/internal/diagram"
	"shadegrad/internal/model"
	"shadegrad/internal/report"
)

const networkUsage = `usage: shadegrad network [FLAGS]

Shows what a network is made of, layer by layer, and with -o draws it: its units and weights. With
-model, it is one that "shadegrad train -save=FILE" wrote. Otherwise it is the one that "shadegrad
train" would begin with: the flags are those of train, and those that do not change the first
weights do nothing.
`

// networkFlags are the settings of "shadegrad network".
type networkFlags struct {
	data       dataFlags
	recipe     recipe
	presetName string
	model      string
	out        string
	units      int
}

// ownNetworkFlags are those that go with -model.
var ownNetworkFlags = []string{"model", "o", "units"}

func (f *networkFlags) preset() string { return f.presetName }

func newNetworkFlags() (*networkFlags, *flag.FlagSet) {
	f := &networkFlags{recipe: defaultRecipe(), units: 16}
	fs := flag.NewFlagSet("network", flag.ContinueOnError)
	presetFlag(fs, &f.presetName)
	f.data.flags(fs)
	f.recipe.flags(fs)
	fs.StringVar(&f.model, "model", "", "`FILE` of a saved network")
	fs.StringVar(&f.out, "o", "", "SVG `FILE` to draw the network in, for any browser")
	fs.Var(setting[int]{&f.units, unitsDrawn, nil}, "units", "of each layer, draw at most the `N` units that count the most, up to 100; with -o")
	return f, fs
}

// mostDrawn bounds the units drawn of a layer, between two of which lines are drawn from each
// to each.
const mostDrawn = 100

func unitsDrawn(s string) (int, error) {
	n, err := whole(1, "")(s)
	if err != nil || n > mostDrawn {
		return 0, fmt.Errorf("must be from 1 to %d", mostDrawn)
	}
	return n, nil
}

func (a *app) networkFlags(args []string) (*networkFlags, error) {
	f, fs, err := parseRecipe(a, networkUsage, args, newNetworkFlags)
	if err != nil {
		return nil, err
	}
	var stray string
	given := map[string]bool{}
	fs.Visit(func(g *flag.Flag) {
		given[g.Name] = true
		if stray == "" && !slices.Contains(ownNetworkFlags, g.Name) {
			stray = g.Name
		}
	})
	if f.presetName != "" {
		stray = "preset" // which set the others, or some of them
	}
	switch {
	case given["model"] && f.model == "":
		return nil, usagef("-model= needs the name of a file")
	case f.model != "" && stray != "":
		return nil, usagef("-%s does not go with -model, which has a network of its own", stray)
	case given["o"] && !strings.HasSuffix(strings.ToLower(f.out), ".svg"):
		return nil, usagef("-o=%s: must be a name that ends in .svg; any browser shows such files", f.out)
	case given["units"] && f.out == "":
		return nil, usagef("-units does nothing without -o=FILE.svg")
	}
	return f, f.recipe.check(f.data.form)
}

// network is "shadegrad network".
func (a *app) network(args []string) error {
	f, err := a.networkFlags(args)
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
	if err := atomicfile.Write(f.out, d.WriteSVG); err != nil {
		return err
	}
	fmt.Fprintln(a.stderr, "wrote "+report.PrintableName(f.out))
	return nil
}

// openNetwork returns the network that the flags mean, and a line that says which it is.
func (a *app) openNetwork(f *networkFlags) (*model.Model, string, error) {
	if f.model != "" {
		m, err := model.Load(f.model)
		if err != nil {
			return nil, "", err
		}
		epochs := report.Count(m.About.Epochs, "epoch")
		if m.About.Epochs == 0 {
			epochs = "part of an epoch"
		}
		return m, fmt.Sprintf("%s: network %s, trained on %s for %s", f.model, m.Network, m.About.Data, epochs), nil
	}
	d, err := f.data.openSplit(f.recipe.Validation, f.recipe.Seed)
	if err != nil {
		return nil, "", err
	}
	o, err := f.recipe.options(d)
	if err != nil {
		return nil, "", err
	}
	if d.Note != "" {
		fmt.Fprintln(a.stderr, report.PrintableName(d.Note))
	}
	if err := enoughFor(o.Network, 4*int64(o.Network.Parameters())); err != nil {
		return nil, "", err
	}
	m := &model.Model{Network: o.Network, Width: d.Train.Width, Height: d.Train.Height, Values: o.Network.InitialParameters(o.Seed)}
	m.About.ClassNames = d.ClassNames
	m.About.Numbers = d.Train.Values != nil
	return m, fmt.Sprintf("network %s before training on %s, seed %d", o.Network, d.Name, o.Seed), nil
}
