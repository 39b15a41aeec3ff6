// Package spec holds what the kernels of all architectures share: how their signatures are read, and the
// constants of their algorithms.
package spec

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/types"
	"strings"
)

// A Signature is a parsed list of parameters and at most one result.
type Signature struct {
	Params []Param
	Result string
}

// A Param is a parameter with its type.
type Param struct{ Name, Kind string }

// Parse parses a signature without "func". It panics if there is a syntax error.
func Parse(text string) (s Signature) {
	e, err := parser.ParseExpr("func" + text)
	if err != nil {
		panic(fmt.Sprintf("signature %q: %v", text, err))
	}
	f := e.(*ast.FuncType)
	for _, field := range f.Params.List {
		for _, name := range field.Names {
			s.Params = append(s.Params, Param{name.Name, types.ExprString(field.Type)})
		}
	}
	if f.Results != nil {
		s.Result = types.ExprString(f.Results.List[0].Type)
	}
	return s
}

// Wrap breaks a text into lines of at most 90 bytes.
func Wrap(text string) (lines []string) {
	for i, word := range strings.Fields(text) {
		if last := len(lines) - 1; i > 0 && len(lines[last])+1+len(word) <= 90 {
			lines[last] += " " + word
		} else {
			lines = append(lines, word)
		}
	}
	return lines
}

// These are the constants of simd/exp.go, which derives them. The tests of package simd
// check both with the same tolerances.
const (
	Log2E = 1.4426950408889634
	Ln2Hi = 0.693359375
	Ln2Lo = -2.12194440e-4

	C2 = 0.499999934478
	C3 = 0.166665206317
	C4 = 0.0416683880453
	C5 = 0.00836871687973
	C6 = 0.00138145986467

	ExpMax  = 89
	ExpMin  = -104
	TanhMax = 10
)

// StepFields lists the fields of simd.Step in order.
var StepFields = []string{"rate", "clip", "l2", "l1", "shrink", "mu", "newMu", "rho", "newRho", "grown", "epsilon"}

// SumBlock is sumBlock of package simd.
const SumBlock = 16

// DotRows is the number of rows of B that dots multiplies by the row of A at a time.
const DotRows = 4
