package recipe

import (
	"fmt"
	"strings"

	"shadegrad/internal/flags"
)

// A Preset is a recipe with a name: the flags of "shadegrad train" that make it, so that the command line
// can be shown and changed.
type Preset struct {
	Name    string
	Network string // the layers and their activations
	Source  string // the publication or the kind of tutorial
	Figure  string // the expected result, with its set
	Time    string // on two cores of an AMD EPYC (Zen 4), about
	Differs string // how it differs from the source, and why; empty if it does not
	// Flags make the recipe. Only the seed has the default value.
	Flags []flags.Assignment
}

// Args returns the flags as arguments of a command line.
func (p *Preset) Args() []string { return flags.Names(p.Flags) }

// Presets lists every preset, those of the tutorials first.
func Presets() []*Preset {
	return []*Preset{&xor, &mnistOnline, &halfplane, &sizesPreset, &softmax,
		&lecun1998, &lecun1998Deep, &kerasMLP, &hinton2012, &simard2003, &ciresan2010Small, &ciresan2010}
}

// FindPreset returns the preset of a name.
func FindPreset(name string) (*Preset, error) {
	for _, p := range Presets() {
		if p.Name == name {
			return p, nil
		}
	}
	return nil, fmt.Errorf("unknown preset %q (available: %s)", name, strings.Join(PresetNames(), ", "))
}

// presetName parses the name of a preset.
func presetName(s string) (string, error) {
	_, err := FindPreset(s)
	return s, err
}

// PresetNames lists the names of all presets.
func PresetNames() []string {
	var list []string
	for _, p := range Presets() {
		list = append(list, p.Name)
	}
	return list
}

// assignments parses flags separated by white space. No value contains any.
func assignments(text string) []flags.Assignment {
	var list []flags.Assignment
	for _, field := range strings.Fields(text) {
		name, value, _ := strings.Cut(strings.TrimPrefix(field, "-"), "=")
		list = append(list, flags.Assignment{Name: name, Value: value})
	}
	return list
}
