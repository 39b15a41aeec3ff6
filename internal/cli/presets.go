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
	text := report.Presets()
	switch len(s.Args) {
	case 0:
	case 1:
		p, err := recipe.FindPreset(s.Args[0])
		if err != nil {
			return &flags.Error{Text: err.Error()}
		}
		text = report.Preset(p)
	default:
		return flags.Errorf("presets: want one NAME, or none to list them")
	}
	_, err = fmt.Fprint(a.stdout, text)
	return err
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
