// Command gen writes the assembly of package simd, and the Go declarations that
// go with it. From the package's directory:
//
//	go generate .
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"

	"github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/pass"
	"github.com/mmcloughlin/avo/printer"
)

// files names the files after what their kernels do.
var files = []struct {
	name string
	emit func(*gen)
}{
	{"vector", vectors},
	{"exp", exponentials},
	{"reduce", reductions},
	{"transpose", func(g *gen) { transpositions(g); prefetches(g) }},
	{"sparse", sparseProducts},
	{"step", steps},
	{"peak", peaks},
	{"random", randoms},
	{"warp", warps},
}

func main() {
	dir := flag.String("dir", ".", "the directory to write to")
	flag.Parse()
	for _, f := range files {
		if err := write(*dir, f.name, f.emit); err != nil {
			fmt.Fprintf(os.Stderr, "gen: %s: %v\n", f.name, err)
			os.Exit(1)
		}
	}
}

// write makes one file of assembly, for both levels, and its declarations.
func write(dir, name string, emit func(*gen)) error {
	c := build.NewContext()
	c.ConstraintExpr("amd64")
	for _, wide := range []bool{false, true} {
		emit(&gen{Context: c, wide: wide, table: name})
	}
	file, err := c.Result()
	if err != nil {
		return err
	}
	if err := pass.Compile.Execute(file); err != nil {
		return err
	}
	if err := checkRegisters(file); err != nil {
		return err
	}
	cfg := printer.Config{Name: "internal/simd/gen", Pkg: "simd"}
	for ext, p := range map[string]printer.Printer{
		"_amd64.s":       printer.NewGoAsm(cfg),
		"_amd64_decl.go": printer.NewStubs(cfg),
	} {
		text, err := p.Print(file)
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(dir, name+ext), text, 0o644); err != nil {
			return err
		}
	}
	return nil
}
