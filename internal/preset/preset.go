// Package preset holds recipes by name: the networks that the tutorials teach, and those
// whose results on MNIST were published.
//
// A preset is data: the flags of "shadegrad train" that make its recipe, so that whoever
// asks for one can be shown the command line it stands for, and change any of it.
package preset

import "strings"

// A Preset is a recipe with a name.
type Preset struct {
	Name    string
	Network string // its layers and what they compute, for people
	Source  string // who published it, or what it is from
	Figure  string // what it is expected to come to, with the set it is measured on
	Time    string // about how long it takes on two cores of an AMD EPYC (Zen 4)
	Differs string // where it is not as the source has it, and why; empty where it is
	// Flags make the recipe. They leave nothing that decides the outcome to the command's
	// usual choices, but the seed.
	Flags []Flag
}

// A Flag is a flag of "shadegrad train" as the command line has it; a Value of "" is a
// flag that stands alone.
type Flag struct{ Name, Value string }

// String returns the flag as it is written: "-hidden=300".
func (f Flag) String() string {
	if f.Value == "" {
		return "-" + f.Name
	}
	return "-" + f.Name + "=" + f.Value
}

// Args returns the flags as they are written.
func (p *Preset) Args() []string {
	args := make([]string, len(p.Flags))
	for i, f := range p.Flags {
		args[i] = f.String()
	}
	return args
}

// All lists every preset, those of the tutorials first.
func All() []*Preset {
	return []*Preset{&xor, &mnistOnline, &halfplane, &sizes, &softmax,
		&lecun1998, &lecun1998Deep, &kerasMLP, &hinton2012, &simard2003, &ciresan2010Small, &ciresan2010}
}

// Find returns the preset of a name.
func Find(name string) (*Preset, bool) {
	for _, p := range All() {
		if p.Name == name {
			return p, true
		}
	}
	return nil, false
}

// Names lists the names of all presets.
func Names() []string {
	var list []string
	for _, p := range All() {
		list = append(list, p.Name)
	}
	return list
}

// flags makes a list of flags from text: they are separated by white space, and none of
// the values has any.
func flags(text string) []Flag {
	var list []Flag
	for _, field := range strings.Fields(text) {
		name, value, _ := strings.Cut(strings.TrimPrefix(field, "-"), "=")
		list = append(list, Flag{name, value})
	}
	return list
}
