//go:build cgo && !nogl && !darwin

package opengl

import (
	"errors"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"shadegrad/compute/judge"
	"shadegrad/compute/judge/cases"
	"shadegrad/compute/opengl/fuse"
	"shadegrad/internal/sample"
	"shadegrad/shaders"
)

// A groupBarrier is a call of barrier() in a kernel.
type groupBarrier struct {
	kernel string
	file   string // that has the call
	number int    // among those of the kernel
	reason string // the comment above it
}

var barrierCall = regexp.MustCompile(`\bbarrier\(\);`)

// groupBarriers returns all calls of barrier() in kernels. A call in an included file counts for each kernel
// that includes it. Each must follow memoryBarrierShared(), which GLSL 4.3 asks for and no result can show: drivers
// make shared memory visible at barrier() in any case.
func groupBarriers(t *testing.T) []groupBarrier {
	t.Helper()
	set := shaders.Embedded()
	kernels, err := set.Kernels()
	if err != nil {
		t.Fatal(err)
	}
	var list []groupBarrier
	for _, kernel := range kernels {
		variants, err := set.Variants(kernel, 1)
		if err != nil {
			t.Fatal(err)
		}
		source, err := set.Specialise(kernel, variants[0])
		if err != nil {
			t.Fatal(err)
		}
		file, number, reason, before := 0, 0, "", ""
		for _, line := range strings.Split(source.Text, "\n") {
			line = strings.TrimSpace(line)
			comment, isComment := strings.CutPrefix(line, "// ")
			switch {
			case strings.HasPrefix(line, "#line "):
				fmt.Sscanf(line, "#line %d %d", new(int), &file)
			case isComment:
				reason = strings.TrimSpace(reason + " " + comment)
			case barrierCall.MatchString(line):
				if before != "memoryBarrierShared();" {
					t.Errorf("%s: %s follows %q, not memoryBarrierShared()", source.Files[file], line, before)
				}
				list = append(list, groupBarrier{kernel, source.Files[file], number, reason})
				number++
				reason = ""
			case line != "memoryBarrierShared();":
				reason = ""
			}
			before = line
		}
	}
	return list
}

// replaced returns shaders with a replacement for the call, whose invocations run in an order.
func (g groupBarrier) replaced(replacement string, o invocationOrder) *shaders.Set {
	return shaders.Embedded().Edited(func(kernel, text string) string {
		if kernel == g.kernel {
			n := -1
			text = barrierCall.ReplaceAllStringFunc(text, func(call string) string {
				if n++; n == g.number {
					return replacement
				}
				return call
			})
		}
		return o.arrange(text)
	})
}

// row returns the barrier's row in docs/barriers.md, up to the name of an order. Of the comment it has the first
// sentence.
func (g groupBarrier) row() string {
	sentence, _, _ := strings.Cut(g.reason, ". ")
	return fmt.Sprintf("| `%s` | `%s` | %s | ", g.kernel, g.file, strings.TrimSuffix(sentence, "."))
}

// cases returns cases that run the kernel. Those of programs have several tiles and pieces in each kernel.
func (g groupBarrier) cases() []judge.Case {
	op := map[string]string{"product": "matmul"}[g.kernel]
	if op == "" {
		op = g.kernel
	}
	isOp := func(c judge.Case) bool { return c.Op == op }
	list := slices.DeleteFunc(cases.SelfTest(), func(c judge.Case) bool { return !isOp(c) })
	if len(list) == 0 {
		for _, c := range cases.All() {
			if c.Op == "program" && strings.Contains(c.Name, "25-40-30-10") && strings.Contains(c.Name, "scratch") {
				list = append(list, c)
			}
		}
	}
	return list
}

// notCompiled stands for an order if the preprocessor removes a barrier from all variants of a kernel.
const notCompiled = "not in its code"

// failing returns the first order in which the judge finds that the barrier is missing, or "". It uses the
// first tile in shared memory whose code has the barrier.
func (g groupBarrier) failing(t *testing.T, b *Backend, original limits) string {
	t.Helper()
	for _, tile := range fuse.TileNames() {
		if tile[0] != 'T' {
			continue // it has no barriers
		}
		set := func(replacement string, o invocationOrder) {
			b.limits = original
			use(t, b, g.replaced(replacement, o), fuse.Options{Tile: tile, Wide: true}, seams{groups: o.groups}, g.kernel)
		}
		defer set("barrier();", invocationOrders[0]) // the programs of other barriers use this kernel
		var with []judge.Case
		set("undeclared();", invocationOrders[0])
		for _, c := range g.cases() {
			if refused := (*CompileError)(nil); errors.As(c.Check(b), &refused) {
				with = append(with, c)
			}
		}
		for _, o := range invocationOrders {
			set("", o)
			for _, c := range with {
				if err := c.Check(b); err != nil {
					if failure := (*judge.Failure)(nil); errors.As(err, &failure) && failure.Cause != nil {
						t.Fatal(err)
					}
					return o.name
				}
			}
		}
		if len(with) > 0 {
			return ""
		}
	}
	return notCompiled
}

// TestEveryGroupBarrier takes each barrier() out of each kernel and expects the judge to find it in some order
// of invocations. docs/barriers.md lists the barriers with these orders.
func TestEveryGroupBarrier(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../../docs/barriers.md")
	if err != nil {
		t.Fatal(err)
	}
	b := openTest(t, Options{}, seams{})
	if !b.Info().Software {
		t.Skip("a hardware GPU may run the invocations of a small group in step, and then needs no barrier")
	}
	original := b.limits
	for i, g := range groupBarriers(t) {
		row := g.row()
		if !sample.Skip(i, 5) {
			failing := g.failing(t, b, original)
			if failing == "" {
				t.Errorf("%s without this barrier passes in every order: %s", g.kernel, g.reason)
			}
			row += failing + " |\n"
		}
		if !strings.Contains(string(page), row) {
			t.Errorf("docs/barriers.md has no row %q", row)
		}
	}
}
