// Package cgroup reads the limits of the control groups of this process. Its functions take the files below Linux's root,
// which have no groups on other systems.
package cgroup

import (
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"
)

// A Group is the directory of a control group.
type Group struct {
	Dir     string
	Unified bool // the group belongs to version 2 of control groups
}

// Groups returns the groups of the process that can limit a resource, such as "memory" or "cpu", and their parents. In a
// container the path of a group is often that of the host, and only the root of the mounted directory exists.
func Groups(root fs.FS, controller string) []Group {
	text, err := fs.ReadFile(root, "proc/self/cgroup")
	if err != nil {
		return nil
	}
	var list []Group
	for _, line := range strings.Split(string(text), "\n") {
		// hierarchy:controllers:path; version 2 has no controllers.
		parts := strings.SplitN(line, ":", 3)
		var mounts []string
		switch {
		case len(parts) < 3:
		case parts[0] == "0" && parts[1] == "":
			mounts = []string{""}
		case slices.Contains(strings.Split(parts[1], ","), controller):
			mounts = slices.Compact([]string{controller, parts[1]}) // "cpu" is usually a link to "cpu,cpuacct"
		}
		for _, mount := range mounts {
			top := path.Join("sys/fs/cgroup", mount)
			for dir := path.Join(top, parts[2]); strings.HasPrefix(dir, top); dir = path.Dir(dir) {
				list = append(list, Group{dir, mount == ""})
			}
		}
	}
	return list
}

// Number reads the number in a file, or in its line that begins with key.
func Number(root fs.FS, name string, key ...string) (int64, bool) {
	text, err := fs.ReadFile(root, name)
	if err != nil {
		return 0, false
	}
	for _, line := range strings.Split(string(text), "\n") {
		f := strings.Fields(line)
		if len(f) == len(key)+1 && (len(key) == 0 || f[0] == key[0]) {
			n, err := strconv.ParseInt(f[len(key)], 10, 64)
			return n, err == nil
		}
	}
	return 0, false
}

// CPUs returns the CPU quota of the process in CPUs, such as 0.5, or 0 without a limit.
func CPUs(root fs.FS) float64 {
	least := 0.0
	for _, g := range Groups(root, "cpu") {
		quota, period, ok := g.quota(root)
		if cpus := float64(quota) / float64(period); ok && (least == 0 || cpus < least) {
			least = cpus
		}
	}
	return least
}

// quota returns the CPU time that a group may use per period, and the period, in the same unit.
func (g Group) quota(root fs.FS) (quota, period int64, ok bool) {
	if g.Unified { // "50000 100000", or "max 100000"
		text, err := fs.ReadFile(root, path.Join(g.Dir, "cpu.max"))
		f := strings.Fields(string(text))
		if err != nil || len(f) != 2 {
			return 0, 0, false
		}
		quota, err = strconv.ParseInt(f[0], 10, 64)
		if err != nil {
			return 0, 0, false
		}
		period, err = strconv.ParseInt(f[1], 10, 64)
		ok = err == nil
	} else {
		var ok1 bool
		quota, ok1 = Number(root, path.Join(g.Dir, "cpu.cfs_quota_us")) // -1 without a limit
		period, ok = Number(root, path.Join(g.Dir, "cpu.cfs_period_us"))
		ok = ok && ok1
	}
	return quota, period, ok && quota > 0 && period > 0
}
