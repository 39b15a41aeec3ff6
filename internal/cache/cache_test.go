package cache

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

type fact struct{ A, B int }

func TestSaveAndLoad(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "not", "there", "yet")
	for _, want := range []map[string]fact{{"x": {1, 2}}, {"x": {3, 4}, "y": {5, 6}}} {
		if err := Save(dir, "facts.json", 3, want); err != nil {
			t.Fatal(err)
		}
		got, err := Load[map[string]fact](dir, "facts.json", 3)
		if err != nil || len(got) != len(want) || got["x"] != want["x"] || got["y"] != want["y"] {
			t.Errorf("%v, error %v; want %v", got, err, want)
		}
	}
	if _, err := Load[map[string]fact](dir, "facts.json", 4); err == nil {
		t.Error("another version is loaded")
	}
	left, err := os.ReadDir(dir)
	if err != nil || len(left) != 1 {
		t.Errorf("the directory has %v, want the file alone (error %v)", left, err)
	}
}

// TestDamaged loads files that differ from what was saved.
func TestDamaged(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "facts.json")
	for _, text := range []string{"", "{", `{"version":1,"value":7}`, `{"version":"1"}`, strings.Repeat(" ", largest+1) + "{}"} {
		if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
		if v, err := Load[map[string]fact](dir, "facts.json", 1); err == nil {
			t.Errorf("%.20q: loaded as %v", text, v)
		}
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(path, 0o777); err != nil {
		t.Fatal(err)
	}
	if _, err := Load[map[string]fact](dir, "facts.json", 1); err == nil {
		t.Error("a directory is loaded")
	}
	if err := Save(dir, "facts.json", 1, map[string]fact{}); err == nil {
		t.Error("saved over a directory")
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 1 {
		t.Errorf("%v are left, error %v", left, err)
	}
}

func TestDir(t *testing.T) {
	t.Setenv(Variable, "/somewhere")
	if dir, err := Dir(); err != nil || dir != "/somewhere" {
		t.Errorf("%q, error %v", dir, err)
	}
	t.Setenv(Variable, "")
	if want, err := os.UserCacheDir(); err == nil {
		if dir, err := Dir(); err != nil || dir != filepath.Join(want, "shadegrad") {
			t.Errorf("%q, error %v", dir, err)
		}
	}
}
