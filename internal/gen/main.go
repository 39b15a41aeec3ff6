// Command gen writes the generated files of packages simd and sgemm: the assembly, its
// declarations in Go, and the Go code that selects the kernels of a level. Its argument
// is the package:
//
//	go run -C internal/gen . simd
package main

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/pass"
	"github.com/mmcloughlin/avo/printer"
)

// A file is a file of assembly for amd64, and one for arm64.
type file struct {
	name   string
	levels []string
	emit   func(*gen)
	neon   func(*neon)
}

var both = []string{"AVX2", "AVX512"}

// files lists the files of each package.
var files = map[string][]file{
	"simd": {
		{"vector", both, vectors, neonVectors},
		{"exp", both, exponentials, neonExponentials},
		{"reduce", both, reductions, neonReductions},
		{"transpose", both, func(g *gen) { transpositions(g); prefetches(g) }, neonTranspositions},
		{"sparse", both, sparseProducts, neonSparse},
		{"step", both, steps, neonSteps},
		{"peak", both, peaks, neonPeaks},
		{"random", both, randoms, nil},
		{"warp", both, warps, nil},
	},
	"sgemm": {
		{"avx2", []string{"AVX2"}, products, nil},
		{"avx512", []string{"AVX512"}, products, nil},
		{"neon", nil, nil, neonProducts},
	},
}

func main() {
	if len(os.Args) != 2 || files[os.Args[1]] == nil {
		fmt.Fprintln(os.Stderr, "usage: gen simd | sgemm")
		os.Exit(2)
	}
	if err := generate(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "gen:", err)
		os.Exit(1)
	}
}

// generate writes the generated files of a package.
func generate(name string) error {
	p := &goPackage{name: name}
	output := map[string][]byte{}
	for _, f := range files[name] {
		if err := f.print(p, output); err != nil {
			return fmt.Errorf("%s: %w", f.name, err)
		}
		if f.neon != nil {
			x := &neon{pkg: p}
			f.neon(x)
			x.print(f.name, output)
		}
	}
	if err := p.print(output); err != nil {
		return err
	}
	for base, text := range output {
		if err := os.WriteFile(filepath.Join("..", name, base), text, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// print adds the assembly for amd64 and its declarations to output.
func (f *file) print(p *goPackage, output map[string][]byte) error {
	if f.emit == nil {
		return nil
	}
	c := build.NewContext()
	c.ConstraintExpr("amd64")
	tables := map[string]operand.Mem{}
	for _, level := range f.levels {
		f.emit(&gen{Context: c, pkg: p, file: f.name, tables: tables, wide: level == "AVX512"})
	}
	code, err := c.Result()
	if err != nil {
		return err
	}
	if err := pass.Compile.Execute(code); err != nil {
		return err
	}
	if err := checkRegisters(code); err != nil {
		return err
	}
	cfg := printer.Config{Name: generator, Pkg: p.name}
	if output[f.name+"_amd64.s"], err = printer.NewGoAsm(cfg).Print(code); err != nil {
		return err
	}
	output[f.name+"_amd64_decl.go"], err = printer.NewStubs(cfg).Print(code)
	return err
}
