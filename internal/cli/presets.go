package cli

import (
	"fmt"
	"strings"

	"shadegrad/internal/flags"
	"shadegrad/internal/recipe"
	"shadegrad/internal/report"
)

const presetsUsage = `usage: shadegrad presets [NAME]

Lists the recipes for "shadegrad train -preset=NAME": those of tutorials, and those
whose results were published. With a NAME, shows its source, its differences from the
source and its command line.
`

// presets is "shadegrad presets".
func (a *app) presets(args []string) error {
	s, err := a.parse("presets", presetsUsage, args)
	if err != nil {
		return err
	}
	text := presetList()
	switch len(s.Args) {
	case 0:
	case 1:
		p, err := recipe.FindPreset(s.Args[0])
		if err != nil {
			return &flags.Error{Text: err.Error()}
		}
		text = presetText(p)
	default:
		return flags.Errorf("presets: want one NAME, or none to list them")
	}
	_, err = fmt.Fprint(a.stdout, text)
	return err
}

// presetList returns a table of all presets.
func presetList() string {
	rows := [][]string{{"preset", "network", "expected", "time", "source"}}
	for _, p := range recipe.Presets() {
		rows = append(rows, []string{p.Name, p.Network, p.Figure, p.Time, p.Source})
	}
	return report.Table(rows) + "\ntimes on two cores of an AMD EPYC, estimated for hinton2012 and ciresan2010; \"shadegrad presets NAME\" shows the command line\n"
}

// presetText describes a preset.
func presetText(p *recipe.Preset) string {
	differs := ""
	if p.Differs != "" {
		differs = "differs: " + p.Differs + "\n"
	}
	return fmt.Sprintf("%s: %s\nsource: %s\nexpected: %s; %s on two cores of an AMD EPYC\n%s\nshadegrad train %s\n",
		p.Name, p.Network, p.Source, p.Figure, p.Time, differs, strings.Join(p.Args(), " "))
}

// presetNote returns the line of a run with a preset, with the changes to it, or "" without a preset.
func (s *settings) presetNote() string {
	if s.Preset == "" {
		return ""
	}
	p, err := recipe.FindPreset(s.Preset)
	if err != nil {
		return ""
	}
	note := fmt.Sprintf("preset %s: %s, expected %s", p.Name, p.Source, p.Figure)
	var changes []string
	for _, o := range s.Overrides() {
		changes = append(changes, fmt.Sprintf("-%s=%s (%s)", o.Name, o.Value, o.Expanded))
	}
	if len(changes) > 0 {
		note += "; changed: " + strings.Join(changes, ", ")
	}
	return note
}
