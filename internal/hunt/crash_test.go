//go:build linux

package hunt

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"shadegrad/internal/model"
	"shadegrad/internal/train"
)

// An operation is a system call that changes the directory of a run or makes changes durable.
type operation struct {
	kind string // create, write, sync, rename, remove or syncdir
	name string
	to   string // of a rename
	data []byte // of a write
}

// TestCrashStates records the system calls of a run and builds every state that a crash may leave on the disk, by the
// rules of POSIX: a write is durable after an fsync of its file, and a change of names after an fsync of the directory.
// Before that any of them may be lost, in any order, and a write may be torn. (Pillai et al., "All File Systems Are Not
// Created Equal", OSDI 2014, do the same for databases.) In every state the files are whole, and once a checkpoint is
// durable, the run can be resumed or is complete.
func TestCrashStates(t *testing.T) {
	ops, final := record(t)
	check := newChecker(t, final)
	states, bad := check.all(ops)
	t.Logf("%d operations, %d states", len(ops), states)
	if states < 2*len(ops) {
		t.Errorf("%d states are too few", states)
	}
	for _, b := range bad {
		t.Error(b)
	}
	// The search must find what it searches for.
	for _, kind := range []string{"sync", "syncdir"} {
		without := slices.DeleteFunc(slices.Clone(ops), func(o operation) bool { return o.kind == kind })
		if states, bad := check.all(without); len(bad) == 0 {
			t.Errorf("without %s no state of %d is bad", kind, states)
		}
	}
}

// record returns the operations of a run on its files, and the content of the network at the end.
func record(t *testing.T) (ops []operation, final []byte) {
	t.Helper()
	r := newRun(t)
	cmd := r.command(traced(t, "-y", "-xx", "-s", "1048576", "-e", "trace=openat,write,fsync,renameat,unlinkat"), begin...)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	dir, err := filepath.EvalSymlinks(r.dir)
	if err != nil {
		t.Fatal(err)
	}
	// strace prints every string and every path in hexadecimal digits.
	line := regexp.MustCompile(`(?m)^\d+ +(\w+)\((.*)\) = (\d+)`)
	text := regexp.MustCompile(`(?:\\x[0-9a-f]{2})+`)
	for _, m := range line.FindAllStringSubmatch(string(r.read("trace")), -1) {
		var args []string
		for _, s := range text.FindAllString(m[2], -1) {
			b, err := hex.DecodeString(strings.ReplaceAll(s, `\x`, ""))
			if err != nil {
				t.Fatal(err)
			}
			args = append(args, string(b))
		}
		at := func(i int) string { return strings.TrimPrefix(args[i], dir+"/") }
		o := operation{name: at(0)}
		switch m[1] {
		case "openat":
			if o.kind, o.name = "create", at(1); !strings.Contains(m[2], "O_CREAT") {
				continue
			}
		case "write":
			if o.kind = "write"; len(args) < 2 {
				continue
			}
			o.data = []byte(args[1])
		case "fsync":
			if o.kind = "sync"; args[0] == dir {
				o.kind = "syncdir"
			}
		case "renameat":
			o.kind, o.name, o.to = "rename", at(1), at(3)
		case "unlinkat":
			o.kind, o.name = "remove", at(1)
		}
		if o.kind == "syncdir" || o.name == network || o.name == checkpoint || strings.Contains(o.name, ".partial-") {
			ops = append(ops, o)
		}
	}
	for _, kind := range []string{"create", "write", "sync", "rename", "remove", "syncdir"} {
		if !slices.ContainsFunc(ops, func(o operation) bool { return o.kind == kind }) {
			t.Fatalf("the trace has no %s", kind)
		}
	}
	return ops, r.read(network)
}

// A checker judges states. It remembers contents, because most states share them.
type checker struct {
	t     *testing.T
	final []byte
	path  string
	whole map[string]error // by name and content
}

func newChecker(t *testing.T, final []byte) *checker {
	return &checker{t, final, filepath.Join(t.TempDir(), "state"), map[string]error{}}
}

// load returns an error if a file has a damaged content.
func (c *checker) load(name string, content []byte) error {
	key := name + "\x00" + string(content)
	err, known := c.whole[key]
	if known {
		return err
	}
	if err := os.WriteFile(c.path, content, 0o644); err != nil {
		c.t.Fatal(err)
	}
	if name == network {
		_, err = model.Load(c.path)
	} else {
		_, err = train.LoadCheckpoint(c.path)
	}
	c.whole[key] = err
	return err
}

// all judges every state after each operation. It returns their number and what is wrong with the first bad ones.
func (c *checker) all(ops []operation) (states int, bad []string) {
	seen := map[string]bool{}
	for n := 0; n <= len(ops) && len(bad) == 0; n++ {
		resumable := c.durable(ops[:n])
		eachState(ops[:n], func(files map[string][]byte) {
			states++
			key := fmt.Sprintf("%t %q", resumable, files)
			if seen[key] {
				return
			}
			seen[key] = true
			for name, content := range files {
				if err := c.load(name, content); err != nil {
					bad = append(bad, fmt.Sprintf("after operation %d: %s is damaged: %v", n, name, err))
				}
			}
			if _, ok := files[checkpoint]; resumable && !ok && !bytes.Equal(files[network], c.final) {
				bad = append(bad, fmt.Sprintf("after operation %d: there is neither a checkpoint nor the final network", n))
			}
		})
	}
	return states, bad
}

// durable reports whether a checkpoint was durable after some of the operations.
func (c *checker) durable(ops []operation) bool {
	renamed := false
	for _, o := range ops {
		renamed = renamed || o.kind == "rename" && o.to == checkpoint
		if renamed && (o.kind == "syncdir" || o.kind == "remove") { // a removal follows the sync, if there is one
			return true
		}
	}
	return false
}

// eachState calls f with the network and the checkpoint, as far as they exist, in each state that a crash after the
// operations may leave.
func eachState(ops []operation, f func(files map[string][]byte)) {
	lastSyncDir := -1
	for i, o := range ops {
		if o.kind == "syncdir" {
			lastSyncDir = i
		}
	}
	var pending []int // changes of names that may be lost
	for i, o := range ops {
		if i > lastSyncDir && (o.kind == "create" || o.kind == "rename" || o.kind == "remove") {
			pending = append(pending, i)
		}
	}
	for lost := range 1 << len(pending) {
		names := map[string]string{} // the name under which a file was created, by its name now
		for i, o := range ops {
			if k := slices.Index(pending, i); k >= 0 && lost>>k&1 != 0 {
				continue
			}
			switch o.kind {
			case "create":
				names[o.name] = o.name
			case "rename":
				if created, ok := names[o.name]; ok {
					delete(names, o.name)
					names[o.to] = created
				}
			case "remove":
				delete(names, o.name)
			}
		}
		files := map[string][]byte{}
		eachContent(ops, names, []string{network, checkpoint}, files, f)
	}
}

// eachContent chooses a content for each of the names that exist, and calls f with all of them.
func eachContent(ops []operation, names map[string]string, left []string, files map[string][]byte, f func(map[string][]byte)) {
	if len(left) == 0 {
		f(maps.Clone(files))
		return
	}
	created, ok := names[left[0]]
	if !ok {
		eachContent(ops, names, left[1:], files, f)
		return
	}
	for _, content := range contents(ops, created) {
		files[left[0]] = content
		eachContent(ops, names, left[1:], files, f)
	}
	delete(files, left[0])
}

// contents returns what a file can contain: each write that no sync made durable is lost, torn or done. Of more than four
// such writes only the last four vary.
func contents(ops []operation, created string) [][]byte {
	writes := slices.DeleteFunc(slices.Clone(ops), func(o operation) bool {
		return o.name != created || o.kind != "write" && o.kind != "sync"
	})
	synced := 0
	for i, o := range writes {
		if o.kind == "sync" {
			synced = i + 1
		}
	}
	list := [][]byte{nil}
	end := 0
	for i, o := range writes {
		if o.kind == "sync" {
			continue
		}
		kept := []int{len(o.data)}
		if i >= max(synced, len(writes)-4) {
			kept = []int{0, len(o.data) / 2, len(o.data)}
		}
		var next [][]byte
		for _, before := range list {
			for _, n := range kept {
				content := slices.Clone(before)
				if n > 0 {
					content = append(content, make([]byte, max(0, end-len(content)))...) // a hole
					content = append(content, o.data[:n]...)
				}
				next = append(next, content)
			}
		}
		list, end = next, end+len(o.data)
	}
	return list
}
