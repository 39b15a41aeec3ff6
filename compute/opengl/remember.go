//go:build cgo && !nogl && !darwin

package opengl

import (
	"maps"
	"strings"
	"time"

	"shadegrad/internal/cache"
)

const (
	choicesFile    = "kernels.json"
	choicesVersion = 2
)

// A memory holds the choices of tuners by device and stage. A file that cannot be read counts as
// empty; a file that cannot be written is not written.
type memory struct {
	dir     string            // "" without a cache
	device  string            // renderer, driver and shaders
	choices map[string]record // of this device, by stage
	changed bool
}

// A record is what is known of a stage.
type record struct {
	// Choice is the name of the choice that the last run used.
	Choice string `json:"choice"`
	// Partial means that the search had no time to end. Then Tried has the times of the choices that it
	// tried, and the next run continues the search.
	Partial bool                     `json:"partial,omitempty"`
	Tried   map[string]time.Duration `json:"tried,omitempty"`
}

// separator stands in a device's name before the digest of the shaders.
const separator = "; shaders "

// remembered returns the stored choices of a device.
func remembered(dir, device, shaders string) *memory {
	if dir == "" {
		dir, _ = cache.Dir() // without a directory nothing is stored
	}
	m := &memory{dir: dir, device: device + separator + shaders, choices: map[string]record{}}
	maps.Copy(m.choices, m.load()[m.device])
	return m
}

// load returns the choices of all devices.
func (m *memory) load() map[string]map[string]record {
	if m.dir == "" {
		return nil
	}
	all, err := cache.Load[map[string]map[string]record](m.dir, choicesFile, choicesVersion)
	if err != nil {
		return nil
	}
	return all
}

func (m *memory) get(stage string) record { return m.choices[stage] }

func (m *memory) put(stage string, r record) {
	m.choices[stage], m.changed = r, true
}

// save writes the file if a record is new. It keeps the choices of other devices and removes those
// that this device made with other shaders.
func (m *memory) save() error {
	if !m.changed || m.dir == "" {
		return nil
	}
	m.changed = false
	all := map[string]map[string]record{m.device: m.choices}
	own, _, _ := strings.Cut(m.device, separator)
	for device, choices := range m.load() {
		if name, _, _ := strings.Cut(device, separator); name != own {
			all[device] = choices
		}
	}
	return cache.Save(m.dir, choicesFile, choicesVersion, all)
}
