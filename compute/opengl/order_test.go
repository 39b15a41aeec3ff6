//go:build cgo && !nogl && !darwin

package opengl

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"shadegrad/compute/judge/cases"
	"shadegrad/compute/opengl/fuse"
	"shadegrad/internal/sample"
	"shadegrad/shaders"
)

// An invocationOrder is an order in which a device may run the invocations of a kernel. OpenGL allows every
// order between two barriers; llvmpipe has one, in which some missing barriers do not show.
type invocationOrder struct {
	name   string
	index  string // the index of invocation i of n in a group, in GLSL; "": i
	groups int    // of the grid; 0: any number
}

// invocationOrders begin with the orders that find most mistakes. With a grid of one group, the group works on all
// rows or tiles, one after another, and some invocations may be at the next one.
var invocationOrders = []invocationOrder{
	{name: "shuffled, one group", index: shuffled, groups: 1},
	{name: "mirrored, one group", index: mirrored, groups: 1},
	{name: "shuffled", index: shuffled},
	{name: "mirrored", index: mirrored},
	{name: "natural"},
}

const (
	mirrored = "n - 1u - i"
	shuffled = "(37u * i + 11u) % n" // a permutation, since n is a power of two
)

const mainBegins = "void main() {"

// arrange returns the text of a kernel whose invocations run in the order. The driver decides which of them
// runs first, so they are numbered differently. Groups are numbered from the last.
func (o invocationOrder) arrange(text string) string {
	if o.index == "" {
		return text
	}
	for builtIn, ordered := range map[string]string{"gl_LocalInvocationIndex": "orderedIndex", "gl_LocalInvocationID": "orderedLocal",
		"gl_WorkGroupID": "orderedGroup", "gl_GlobalInvocationID": "orderedGlobal"} {
		text = strings.ReplaceAll(text, builtIn, ordered)
	}
	text = strings.Replace(text, "\n#line", "\nuint orderedIndex; uvec3 orderedLocal, orderedGroup, orderedGlobal;\n#line", 1)
	return strings.ReplaceAll(text, mainBegins, mainBegins+" { uint n = gl_WorkGroupSize.x * gl_WorkGroupSize.y, i = gl_LocalInvocationIndex;"+
		" orderedIndex = "+o.index+"; orderedLocal = uvec3(orderedIndex % gl_WorkGroupSize.x, orderedIndex / gl_WorkGroupSize.x, 0u);"+
		" orderedGroup = gl_NumWorkGroups - 1u - gl_WorkGroupID; orderedGlobal = orderedGroup * gl_WorkGroupSize + orderedLocal; }")
}

var sharedArray = regexp.MustCompile(`(?m)^\s*shared (float|vec4|uint) (\w+)((?:\[[^\]\n]+\])+);.*$`)

// fillShared returns the text of a kernel that begins by filling shared memory with NaN, so that reads of
// elements that were not written show.
func fillShared(text string) string {
	fill := ""
	text = sharedArray.ReplaceAllStringFunc(text, func(line string) string {
		m := sharedArray.FindStringSubmatch(line)
		kind, name, at, size := m[1], m[2], "", "1"
		for d := strings.Count(m[3], "[") - 1; d >= 0; d-- {
			length := name + strings.Repeat("[0]", d) + ".length()"
			at = fmt.Sprintf("[e / (%s) %% %s]", size, length) + at
			size += " * " + length
		}
		value := map[string]string{"float": "uintBitsToFloat(0x7fc00000u)", "vec4": "vec4(uintBitsToFloat(0x7fc00000u))", "uint": "0x7fc00000u"}[kind]
		fill += fmt.Sprintf("\n#ifdef HAS_%s\nfor (int e = int(gl_LocalInvocationIndex); e < %s; e += int(gl_WorkGroupSize.x * gl_WorkGroupSize.y)) %[1]s%[3]s = %[4]s;\n#endif",
			name, size, at, value)
		return line + "\n#define HAS_" + name
	})
	if fill == "" {
		return text
	}
	return strings.ReplaceAll(text, mainBegins, mainBegins+fill+"\nmemoryBarrierShared(); barrier();\n")
}

// use has a backend take its kernels from a set from now on, and plan with options. It deletes the programs of
// kernels whose names begin with kernel.
func use(t *testing.T, b *Backend, set *shaders.Set, planning fuse.Options, s seams, kernel string) {
	t.Helper()
	err := b.call(func(w *worker) {
		w.deletePrograms(kernel)
		w.shaders = set
		s.apply(w)
	})
	if err != nil {
		t.Fatal(err)
	}
	b.planning = planning
	b.planning.MaxTerms = b.limits.slice
}

// TestConformanceInEveryOrder judges kernels whose invocations run in other orders, and whose shared memory
// is NaN at first. Each order uses a different tile.
func TestConformanceInEveryOrder(t *testing.T) {
	t.Parallel()
	b := openTest(t, Options{}, seams{})
	limits := b.limits
	list := cases.SelfTest()
	for _, c := range smallPrograms() {
		if strings.Contains(c.Name, "25-40-30-10") && strings.Contains(c.Name, "scratch") {
			list = append(list, c)
		}
	}
	for turn, o := range invocationOrders[:4] {
		set := shaders.Embedded().Edited(func(_, text string) string { return o.arrange(fillShared(text)) })
		b.limits = limits
		tile := []string{"T16", "T32", "T64", "T32X128"}[turn]
		use(t, b, set, fuse.Options{Tile: tile, Wide: true}, seams{groups: o.groups}, "")
		for i, c := range slices.Backward(list) {
			if o.groups == 0 && c.Op == "program" || sample.Skip(i+turn, 24) {
				continue
			}
			if err := c.Check(b); err != nil {
				t.Errorf("%s: %v", o.name, err)
			}
		}
	}
}

// TestUnwrittenSharedMemory checks that NaN in shared memory shows a read before a write.
func TestUnwrittenSharedMemory(t *testing.T) {
	b := openTest(t, Options{}, seams{})
	const written = "partial[x] = partialSum("
	set := shaders.Embedded().Edited(func(kernel, text string) string {
		if kernel == "square_sum" {
			if !strings.Contains(text, written) {
				t.Fatalf("square_sum.comp does not have %q", written)
			}
			text = strings.Replace(text, written, "if (x < LANES - 1u) "+written, 1)
		}
		return fillShared(text)
	})
	use(t, b, set, fuse.Options{}, seams{}, "")
	for _, c := range cases.SelfTest() {
		if c.Op == "square_sum" && c.Check(b) == nil {
			t.Errorf("%s passes, although a partial sum is not written", c.Name)
		}
	}
}
