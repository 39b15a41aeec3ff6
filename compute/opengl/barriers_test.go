//go:build cgo && !nogl && !darwin

package opengl

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"shadegrad/compute"
)

// barriers returns the number of barriers that runs of ops take after a barrier.
func barriers(t *testing.T, b *Backend, runs int, ops ...compute.Op) int {
	t.Helper()
	e := mustCompile(t, b, "barriers", ops...)
	defer e.Release()
	if err := b.call((*worker).settle); err != nil {
		t.Fatal(err)
	}
	before := b.Counts().Barriers
	for range runs {
		e.Run(compute.Args{})
	}
	if err := b.Sync(); err != nil {
		t.Fatal(err)
	}
	return int(b.Counts().Barriers - before)
}

func TestBarriersOnlyWhereNeeded(t *testing.T) {
	b := openTest(t, Options{}, seams{})
	m, err := b.Alloc(6, 4)
	if err != nil {
		t.Fatal(err)
	}
	top, bottom, other := m.RowRange(0, 3), m.RowRange(3, 3), compute.Mat{}
	if other, err = b.Alloc(3, 4); err != nil {
		t.Fatal(err)
	}
	copyTo := func(dst, src compute.Mat) compute.Op { return compute.Activate{Dst: dst, Src: src} }
	for _, c := range []struct {
		name string
		runs int
		ops  []compute.Op
		want int
	}{
		{"independent", 1, []compute.Op{compute.Fill{Dst: top}, compute.Fill{Dst: bottom}, compute.Fill{Dst: other}}, 0},
		{"a chain", 1, []compute.Op{compute.Fill{Dst: top}, copyTo(bottom, top), copyTo(other, bottom)}, 2},
		{"two readers", 1, []compute.Op{compute.Fill{Dst: top}, copyTo(bottom, top), copyTo(other, top)}, 1},
		{"from run to run", 3, []compute.Op{compute.Fill{Dst: top}}, 2},
		{"readers from run to run", 2, []compute.Op{compute.Fill{Dst: top}, copyTo(other, top)}, 3},
	} {
		if got := barriers(t, b, c.runs, c.ops...); got != c.want {
			t.Errorf("%s: %d barriers, want %d", c.name, got, c.want)
		}
	}
}

// TestMemoryBarriersAreListed checks that docs/barriers.md has each function that makes a memory barrier, with
// a test of this package that fails without it.
func TestMemoryBarriersAreListed(t *testing.T) {
	page, err := os.ReadFile("../../docs/barriers.md")
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	functions := map[string][]string{} // the names of functions that call a function, by its name
	tests := ""
	for _, name := range files {
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range file.Decls {
			f, ok := d.(*ast.FuncDecl)
			switch {
			case !ok:
			case strings.HasSuffix(name, "_test.go"):
				tests += " `" + f.Name.Name + "`"
			default:
				ast.Inspect(f, func(n ast.Node) bool {
					if call, ok := n.(*ast.SelectorExpr); ok {
						functions[call.Sel.Name] = append(functions[call.Sel.Name], fullName(f))
					}
					return true
				})
			}
		}
	}
	if direct := functions["MemoryBarrier"]; len(direct) != 1 || direct[0] != "(*worker).barrier" {
		t.Errorf("glMemoryBarrier is called by %v, want only by (*worker).barrier", direct)
	}
	for _, name := range functions["barrier"] {
		if name == "(*worker).barrier" { // which calls that of the instrument
			continue
		}
		_, row, found := strings.Cut(string(page), "\n| `"+name+"` | ")
		row, _, _ = strings.Cut(row, "\n")
		cells := strings.Split(row, " | ")
		if test := strings.TrimSuffix(cells[len(cells)-1], " |"); !found || !strings.Contains(tests, " "+test) {
			t.Errorf("docs/barriers.md has no row of %s with a test", name)
		}
	}
}

// fullName returns the name of a function as the runtime prints it, without the package.
func fullName(f *ast.FuncDecl) string {
	if f.Recv == nil {
		return f.Name.Name
	}
	if star, ok := f.Recv.List[0].Type.(*ast.StarExpr); ok {
		return fmt.Sprintf("(*%s).%s", star.X, f.Name.Name)
	}
	return fmt.Sprintf("%s.%s", f.Recv.List[0].Type, f.Name.Name)
}
