package cli

import (
	"flag"
	"fmt"
	"strings"

	"shadegrad/internal/preset"
	"shadegrad/internal/report"
)

const presetsUsage = `usage: shadegrad presets [NAME]

Lists the recipes that "shadegrad train -preset=NAME" has: of tutorials, and those whose
results were published. With a NAME, tells more of that one, and the command line that it
stands for.
`

// presets is "shadegrad presets".
func (a *app) presets(args []string) error {
	fs := flag.NewFlagSet("presets", flag.ContinueOnError)
	if err := a.parseFlags(fs, presetsUsage, args); err != nil {
		return err
	}
	switch fs.NArg() {
	case 0:
		_, err := fmt.Fprint(a.stdout, presetList())
		return err
	case 1:
		p, err := findPreset(fs.Arg(0))
		if err != nil {
			return &usageError{err.Error()}
		}
		_, err = fmt.Fprint(a.stdout, presetText(p))
		return err
	}
	return usagef("presets takes one NAME, or none, which lists them")
}

// presetList writes a table of all presets.
func presetList() string {
	rows := [][]string{{"preset", "network", "expected", "time", "source"}}
	for _, p := range preset.All() {
		rows = append(rows, []string{p.Name, p.Network, p.Figure, p.Time, p.Source})
	}
	return report.Table(rows) + "\ntimes are of two cores of an AMD EPYC, those of hinton2012 and ciresan2010 estimates; \"shadegrad presets NAME\" has the command line\n"
}

// presetText tells all of a preset.
func presetText(p *preset.Preset) string {
	differs := ""
	if p.Differs != "" {
		differs = "differs: " + p.Differs + "\n"
	}
	return fmt.Sprintf("%s: %s\nsource: %s\nexpected: %s; %s on two cores of an AMD EPYC\n%s\nshadegrad train %s\n",
		p.Name, p.Network, p.Source, p.Figure, p.Time, differs, strings.Join(p.Args(), " "))
}

func findPreset(name string) (*preset.Preset, error) {
	if p, ok := preset.Find(name); ok {
		return p, nil
	}
	return nil, fmt.Errorf("no preset is called %q; there are %s", name, andList(preset.Names()))
}

func presetFlag(fs *flag.FlagSet, dst *string) {
	fs.Var(setting[string]{dst, func(s string) (string, error) {
		_, err := findPreset(s)
		return s, err
	}, nil}, "preset", "the recipe of this `NAME`, which other flags change; \"shadegrad presets\" lists them")
}

// withPreset returns the arguments with the flags of a preset before them, so that others
// override them. Flags that the command does not have are left out.
func withPreset(fs *flag.FlagSet, p *preset.Preset, args []string) []string {
	var all []string
	for _, f := range p.Flags {
		if fs.Lookup(f.Name) != nil {
			all = append(all, f.String())
		}
	}
	return append(all, args...)
}

// parseRecipe parses the command line of a command that has a recipe's flags, none of which
// is remembered: a preset's flags come before the others.
func parseRecipe[F interface{ preset() string }](a *app, usage string, args []string, declare func() (F, *flag.FlagSet)) (F, *flag.FlagSet, error) {
	f, fs := declare()
	if err := a.parseFlags(fs, usage, args); err != nil {
		return f, fs, err
	}
	if f.preset() != "" {
		// Once more, now that it is known which.
		p, err := findPreset(f.preset())
		if err != nil {
			return f, fs, err
		}
		f, fs = declare()
		if err := a.parseFlags(fs, usage, withPreset(fs, p, args)); err != nil {
			return f, fs, err
		}
	}
	return f, fs, noMore(fs)
}

// presetFlags parses a command line once more, whose first parse found a preset, with the
// flags of that before its own.
func (a *app) presetFlags(first *trainFlags, given *flag.FlagSet, args []string) (*trainFlags, error) {
	if err := noMore(given); err != nil {
		return nil, err
	}
	p, err := findPreset(first.presetName)
	if err != nil {
		return nil, err
	}
	f, fs := newTrainFlags()
	f.preset = p
	if err := a.parseFlags(fs, trainUsage, withPreset(fs, p, args)); err != nil {
		return nil, err
	}
	if err := f.complete(fs); err != nil {
		return nil, err
	}
	// What the preset sets was not given.
	f.given = make(map[string]bool)
	given.Visit(func(g *flag.Flag) { f.given[g.Name] = true })
	f.overridden = overridden(p, fs, f.given)
	return f, nil
}

// overridden lists what flags have in place of a preset's, as "-lr=0.2 (0.1)".
func overridden(p *preset.Preset, fs *flag.FlagSet, given map[string]bool) []string {
	_, alone := newTrainFlags()
	var list []string
	for _, f := range p.Flags {
		if !given[f.Name] {
			continue
		}
		value := f.Value
		if value == "" {
			value = "true"
		}
		if err := alone.Set(f.Name, value); err != nil {
			continue // a test has every flag of every preset
		}
		now, then := fs.Lookup(f.Name).Value.String(), alone.Lookup(f.Name).Value.String()
		if now != then {
			list = append(list, fmt.Sprintf("-%s=%s (%s)", f.Name, now, then))
		}
	}
	return list
}

// presetNote says which preset a run has, and what of it was changed.
func (f *trainFlags) presetNote() string {
	note := fmt.Sprintf("preset %s: %s, expected %s", f.preset.Name, f.preset.Source, f.preset.Figure)
	if len(f.overridden) > 0 {
		note += "; changed: " + strings.Join(f.overridden, ", ")
	}
	return note
}

// andList writes "a, b and c".
func andList(names []string) string {
	if len(names) == 1 {
		return names[0]
	}
	return strings.Join(names[:len(names)-1], ", ") + " and " + names[len(names)-1]
}
