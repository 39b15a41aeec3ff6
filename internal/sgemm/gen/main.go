// The command gen writes the kernels of package sgemm for one instruction set:
//
//	go run -C gen . -isa=avx512 -out=../avx512_amd64.s -stubs=../avx512_amd64.go -pkg=sgemm
package main

import (
	"flag"
	"fmt"
	"os"

	. "github.com/mmcloughlin/avo/build"
)

func main() {
	name := flag.String("isa", "avx512", "the instruction set: avx2 or avx512")
	flag.Parse()
	s, ok := sets[*name]
	if !ok {
		fmt.Fprintf(os.Stderr, "gen: no instruction set %q\n", *name)
		os.Exit(2)
	}
	ConstraintExpr("amd64")
	for rows := 1; rows <= s.rows; rows++ {
		tile(s, rows)
	}
	packRows(s)
	packTransposed(s)
	gatherRows(s)
	gatherTransposed(s)
	prefetch(s)
	dots(s)
	Generate()
}
