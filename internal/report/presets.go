package report

import (
	"fmt"
	"strings"

	"shadegrad/internal/recipe"
)

// Presets returns a table of all presets.
func Presets() string {
	rows := [][]string{{"preset", "network", "expected", "time", "source"}}
	for _, p := range recipe.Presets() {
		rows = append(rows, []string{p.Name, p.Network, p.Figure, p.Time, p.Source})
	}
	return Table(rows) + "\ntimes on two cores of an AMD EPYC, estimated for hinton2012 and ciresan2010; \"shadegrad presets NAME\" shows the command line\n"
}

// Preset describes a preset.
func Preset(p *recipe.Preset) string {
	differs := ""
	if p.Differs != "" {
		differs = "differs: " + p.Differs + "\n"
	}
	return fmt.Sprintf("%s: %s\nsource: %s\nexpected: %s; %s on two cores of an AMD EPYC\n%s\nshadegrad train %s\n",
		p.Name, p.Network, p.Source, p.Figure, p.Time, differs, strings.Join(p.Args(), " "))
}
