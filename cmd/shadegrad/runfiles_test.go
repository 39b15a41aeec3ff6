package main

import (
	"os"
	"path/filepath"
	"testing"
)

func TestFreeName(t *testing.T) {
	path := filepath.Join(t.TempDir(), "run.checkpoint")
	for _, want := range []string{path, path + ".2", path + ".3"} {
		got := freeName(path)
		if got != want {
			t.Fatalf("got %s, want %s", got, want)
		}
		if err := os.WriteFile(got, nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}
