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

// A memory holds the choices of tuners by device and stage. A file that cannot be read counts as
// empty; a file that cannot be written is not written.
type memory struct {
	dir     string            // "" without a cache
	device  string            // renderer, driver and shaders
	choices map[string]string // of this device, by stage
	changed bool
}

// separator stands in a device's name before the digest of the shaders.
const separator = "; shaders "

// remembered returns the stored choices of a device.
func remembered(dir, device, shaders string) *memory {
	if dir == "" {
		dir, _ = cache.Dir() // without a directory nothing is stored
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

// save writes the file if a choice is new. It keeps the choices of other devices and removes those
// that this device made with other shaders.
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
