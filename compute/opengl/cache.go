//go:build cgo && !nogl

package opengl

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

const (
	cacheFile    = "kernels.json"
	cacheVersion = 1
	// A cache of more bytes is not this program's.
	maxCache = 4 << 20
)

// A cache is what tuners have chosen, by device and by stage. It is only ever a
// convenience: a file that cannot be read or does not say what it should counts as
// empty, one that cannot be written is not.
type cache struct {
	dir    string // "" where there is none
	device string // renderer, driver, and the shaders they were timed with
	// choices are those of this device.
	choices map[string]string
	changed bool
}

// A cacheContent is what the file holds.
type cacheContent struct {
	Version int                          `json:"version"`
	Devices map[string]map[string]string `json:"devices"`
}

// cacheDir returns the directory that the options, the environment or the system
// name, or "".
func cacheDir(o Options) string {
	if o.CacheDir != "" {
		return o.CacheDir
	}
	if dir := os.Getenv(CacheVariable); dir != "" {
		return dir
	}
	dir, err := os.UserCacheDir()
	if err != nil {
		return ""
	}
	return filepath.Join(dir, "shadegrad")
}

// separator ends the part of a device's name that says which device, and not with
// which shaders.
const separator = "; shaders "

// loadCache reads what is remembered of a device.
func loadCache(dir, device, shaders string) *cache {
	c := &cache{dir: dir, device: device + separator + shaders, choices: map[string]string{}}
	if all, err := readCache(dir); err == nil {
		for stage, name := range all.Devices[c.device] {
			c.choices[stage] = name
		}
	}
	return c
}

func readCache(dir string) (content cacheContent, err error) {
	if dir == "" {
		return content, errors.New("there is no cache")
	}
	path := filepath.Join(dir, cacheFile)
	info, err := os.Stat(path)
	if err != nil {
		return content, err
	}
	if !info.Mode().IsRegular() || info.Size() > maxCache {
		return content, fmt.Errorf("%s is no cache", path)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return content, err
	}
	if err := json.Unmarshal(data, &content); err != nil {
		return cacheContent{}, err
	}
	if content.Version != cacheVersion {
		return cacheContent{}, fmt.Errorf("%s is of version %d", path, content.Version)
	}
	return content, nil
}

func (c *cache) get(stage string) string { return c.choices[stage] }

func (c *cache) put(stage, name string) {
	if c.choices[stage] != name {
		c.choices[stage], c.changed = name, true
	}
}

// save writes the file, whole or not at all, if there is something new. What it says
// of other devices stays; of this device, what was timed with other shaders goes.
func (c *cache) save() error {
	if !c.changed || c.dir == "" {
		return nil
	}
	c.changed = false
	content, _ := readCache(c.dir) // what cannot be read is written anew
	devices := map[string]map[string]string{c.device: c.choices}
	own, _, _ := strings.Cut(c.device, separator)
	for device, choices := range content.Devices {
		if name, _, _ := strings.Cut(device, separator); name != own {
			devices[device] = choices
		}
	}
	data, err := json.MarshalIndent(cacheContent{cacheVersion, devices}, "", "\t")
	if err != nil {
		return err
	}
	if err := os.MkdirAll(c.dir, 0o777); err != nil {
		return err
	}
	f, err := os.CreateTemp(c.dir, cacheFile+".*")
	if err != nil {
		return err
	}
	_, err = f.Write(append(data, '\n'))
	err = errors.Join(err, f.Close())
	if err == nil {
		err = os.Rename(f.Name(), filepath.Join(c.dir, cacheFile))
	}
	if err != nil {
		os.Remove(f.Name())
	}
	return err
}
