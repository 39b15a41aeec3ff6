package main

import (
	"os"
	"regexp"
	"slices"
	"testing"
)

// TestPage checks that docs/kernels-amd.md lists the variants of today's planner, and that none spills: the planner has no
// list of variants that are not candidates on a GPU.
func TestPage(t *testing.T) {
	if testing.Short() {
		t.Skip("a part of the long suite: while kernels change, the page may be older")
	}
	list, err := variants()
	if err != nil {
		t.Fatal(err)
	}
	var want []string
	for _, s := range list {
		want = append(want, s.Name)
	}
	text, err := os.ReadFile("../../../docs/kernels-amd.md")
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, m := range regexp.MustCompile("(?m)^\\| `(\\w+)` \\|.*\\| (\\d+) \\|$").FindAllStringSubmatch(string(text), -1) {
		got = append(got, m[1])
		if m[2] != "0" {
			t.Errorf("%s spills %s registers; the planner must not offer it on that GPU", m[1], m[2])
		}
	}
	slices.Sort(want)
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Errorf("docs/kernels-amd.md is out of date; run make kernels-amd\nit lists %d variants, not %d:\n%q\n%q", len(got), len(want), got, want)
	}
}
