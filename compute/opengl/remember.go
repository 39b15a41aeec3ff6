//go:build cgo && !nogl

package opengl

import (
	"maps"
	"strings"

	"shadegrad/internal/cache"
)

const (
	choicesFile    = "kernels.json"
	choicesVersion = 1
)

// A memory is what tuners have chosen, by device and by stage. It is only ever a
// convenience: a file that cannot be read counts as empty, one that cannot be
// written is not.
type memory struct {
	dir    string // "" where there is none
	device string // renderer, driver, and the shaders they were timed with
	// choices are those of this device.
	choices map[string]string
	changed bool
}

// separator ends the part of a device's name that says which device, and not with
// which shaders.
const separator = "; shaders "

// remembered returns what is remembered of a device.
func remembered(dir, device, shaders string) *memory {
	if dir == "" {
		dir, _ = cache.Dir() // where there is none nothing is remembered
	}
	m := &memory{dir: dir, device: device + separator + shaders, choices: map[string]string{}}
	maps.Copy(m.choices, m.load()[m.device])
	return m
}

// load returns the choices of all devices.
func (m *memory) load() map[string]map[string]string {
	if m.dir == "" {
		return nil
	}
	all, err := cache.Load[map[string]map[string]string](m.dir, choicesFile, choicesVersion)
	if err != nil {
		return nil
	}
	return all
}

func (m *memory) get(stage string) string { return m.choices[stage] }

func (m *memory) put(stage, name string) {
	if m.choices[stage] != name {
		m.choices[stage], m.changed = name, true
	}
}

// save writes the file if there is something new. What it says of other devices stays;
// of this device, what was timed with other shaders goes.
func (m *memory) save() error {
	if !m.changed || m.dir == "" {
		return nil
	}
	m.changed = false
	all := map[string]map[string]string{m.device: m.choices}
	own, _, _ := strings.Cut(m.device, separator)
	for device, choices := range m.load() {
		if name, _, _ := strings.Cut(device, separator); name != own {
			all[device] = choices
		}
	}
	return cache.Save(m.dir, choicesFile, choicesVersion, all)
}
