//go:build cgo && !nogl

package opengl

import (
	"errors"
	"os"
	"strings"
	"testing"
	"testing/fstest"

	"shadegrad/compute/judge"
	"shadegrad/shaders"
)

// A mutant is a kernel with one mistake.
type mutant struct {
	file     string
	old, new string // the mistake; old is in the file once
	op       string // whose cases must find it
	naive    bool   // it is in the plain product
	groups   int    // of the grid, where it takes a small one
	slice    int    // of sums, where it takes several dispatches
}

// Not among them, because no result can tell: a barrier of the backend that is
// left out (llvmpipe does dispatches one after another; TestHazards looks after
// those), the clamp of reads at the edge of a product (what is read there is not
// used), and precise (llvmpipe fuses nothing).
var mutants = []mutant{
	{file: "gather.comp", old: "scale * float", new: "scale + float", op: "gather"},
	{file: "gather.comp", old: "product + shift", new: "product - shift", op: "gather"},
	{file: "gather.comp", old: "index[firstRow + i]", new: "index[i]", op: "gather"},
	{file: "gather.comp", old: "uint row = firstRow + i", new: "uint row = i", op: "gather"},
	{file: "gather.comp", old: "j < cols", new: "j < cols - 1u", op: "gather"},
	{file: "gather.comp", old: "dstOffset + i * cols + j", new: "i * cols + j", op: "gather"},
	{file: "gather.comp", old: "i += gl_NumWorkGroups.y", new: "i += gl_NumWorkGroups.y + 1u", op: "gather", groups: 2},
	{file: "bytes.glsl", old: "i & 3u", new: "i & 1u", op: "gather"},
	{file: "bytes.glsl", old: "8u *", new: "4u *", op: "gather"},

	{file: "matmul.comp", old: "sum += a", new: "sum -= a", op: "matmul", naive: true},
	{file: "matmul.comp", old: "total += sum", new: "total = sum", op: "matmul", naive: true},
	{file: "matmul.comp", old: "min(begin + PIECE, kEnd)", new: "min(begin + PIECE, kEnd) - 1u", op: "matmul", naive: true},
	{file: "matmul.comp", old: "aOffset + A_START(i)", new: "A_START(i)", op: "matmul", naive: true},
	{file: "matmul.comp", old: "j += gl_NumWorkGroups.x *", new: "j += 3u *", op: "matmul", naive: true, groups: 2},
	{file: "matmul.comp", old: "float total = dst[dstOffset + i * n + j]", new: "float total = 0.0", op: "matmul", naive: true, slice: 100},
	{file: "matmul.comp", old: "uint begin = kBegin", new: "uint begin = 0u", op: "matmul", naive: true, slice: 100},
	{file: "matmul_blocked.comp", old: "begin = kBegin", new: "begin = 0u", op: "matmul", slice: 100},
	{file: "matmul_blocked.comp", old: "dst[at] += total[r][c]", new: "dst[at] = total[r][c]", op: "matmul", slice: 100},
	{file: "matmul_blocked.comp", old: "sum[r][c] += av", new: "sum[r][c] -= av", op: "matmul"},
	{file: "matmul_blocked.comp", old: "total[r][c] += sum", new: "total[r][c] = sum", op: "matmul"},
	{file: "matmul_blocked.comp", old: "row < m && col < n", new: "row < m", op: "matmul"},
	{file: "matmul_blocked.comp", old: "row < m && col < n", new: "row < m && col + 1u < n", op: "matmul"},
	{file: "matmul_blocked.comp", old: "l = begin; l < end", new: "l = begin + 1u; l < end", op: "matmul"},
	{file: "matmul_blocked.comp", old: "bOffset + B_START", new: "B_START", op: "matmul"},
	{file: "matmul_blocked.comp", old: "i += gl_NumWorkGroups.y * height", new: "i += gl_NumWorkGroups.y * height * 2u", op: "matmul", groups: 1},
	{file: "transpose.glsl", old: "((i) * k)", new: "((i) * m)", op: "matmul"},
	{file: "transpose.glsl", old: "((j) * k)", new: "((j) * n)", op: "matmul"},
	{file: "transpose.glsl", old: "FORM == TN || FORM == TT", new: "FORM == TN", op: "matmul"},
	{file: "transpose.glsl", old: "FORM == NT || FORM == TT", new: "FORM == NN || FORM == TT", op: "matmul"},

	{file: "activate.comp", old: "z += bias", new: "z -= bias", op: "activate"},
	{file: "activate.comp", old: "biasOffset + j", new: "biasOffset + i", op: "activate"},
	{file: "activate.comp", old: "exp(weightedSum(i, j) - largest) / sum", new: "exp(weightedSum(i, j) - largest)", op: "activate"},
	{file: "activate.comp", old: "z > largest ? z", new: "z < largest ? z", op: "activate"},
	{file: "activate.comp", old: "softmaxRow(i);", new: "softmaxRow(0u);", op: "activate"},
	{file: "activate.comp", old: "activation(weightedSum(i, j))", new: "weightedSum(i, j)", op: "activate"},
	{file: "activations.glsl", old: "z < 0.0 ? e / (1.0 + e) : 1.0 / (1.0 + e)", new: "1.0 / (1.0 + e)", op: "activate"},
	{file: "activations.glsl", old: "z < 0.0 ? 0.0 : z", new: "z < 0.0 ? z : 0.0", op: "activate"},
	{file: "activations.glsl", old: "z < 0.0 ? -t : t", new: "t", op: "activate"},
	{file: "activations.glsl", old: "(-1.0 / 3.0 + s", new: "(1.0 / 3.0 + s", op: "activate"},
	{file: "activations.glsl", old: "if (z < -15.0) return -1.0;", new: "if (z < -15.0) return 1.0;", op: "activate"},

	{file: "activations.glsl", old: "return y * (1.0 - y)", new: "return y * (1.0 + y)", op: "delta"},
	{file: "activations.glsl", old: "1.0 - y * y", new: "1.0 - y", op: "delta"},
	{file: "activations.glsl", old: "y > 0.0 ? 1.0 : 0.0", new: "y >= 0.0 ? 1.0 : 0.0", op: "delta"},
	{file: "delta.comp", old: "backOffset + e", new: "e", op: "delta"},
	{file: "delta.comp", old: "yOffset + e", new: "yOffset", op: "delta"},
	{file: "delta.comp", old: "] * derivative", new: "] + derivative", op: "delta"},
	{file: "delta.comp", old: "e < count", new: "e + 1u < count", op: "delta"},

	{file: "loss.comp", old: "j == c;", new: "j != c;", op: "loss"},
	{file: "loss.comp", old: "? weight :", new: "? 1.0 :", op: "loss"},
	{file: "loss.comp", old: "c < max(cols, 2u)", new: "c <= max(cols, 2u)", op: "loss"},
	{file: "loss.comp", old: "0x7fc00000u", new: "0u", op: "loss"},
	{file: "loss.comp", old: "2u * (firstRow + i)", new: "2u * i", op: "loss"},
	{file: "loss.comp", old: "uint at = index[firstRow + i]", new: "uint at = index[i]", op: "loss"},
	{file: "loss.comp", old: "j < c ? other < mine", new: "j < c ? other <= mine", op: "loss"},
	{file: "loss.comp", old: "side >= 0.0 : side", new: "side > 0.0 : side", op: "loss"},
	{file: "loss.comp", old: "targetOn < targetOff ? -above", new: "targetOn < targetOff ? above", op: "loss"},
	{file: "loss.comp", old: "return activation(z);\n#else\n    return z;", new: "return z;\n#else\n    return z;", op: "loss"},
	{file: "loss.comp", old: "targets * y - t", new: "y - t", op: "loss"},
	{file: "loss.comp", old: "2.0 * (y - t) * derivative(y)", new: "2.0 * (y - t)", op: "loss"},
	{file: "loss.comp", old: "(y - t) - inner", new: "y - t", op: "loss"},
	{file: "loss.comp", old: "scale * factor * d", new: "factor * d", op: "loss"},
	{file: "loss.comp", old: "(1.0 - t) *", new: "(1.0 + t) *", op: "loss"},
	{file: "loss.comp", old: "+ log(sum)", new: "- log(sum)", op: "loss"},
	{file: "loss.comp", old: "z += bias", new: "z += 0.0 * bias", op: "loss"},

	{file: "column_sum.comp", old: "memoryBarrierShared();\n        barrier();", new: "", op: "column_sum"},
	{file: "column_sum.comp", old: "memoryBarrierShared();\n            barrier();", new: "", op: "column_sum"},
	{file: "column_sum.comp", old: "sum += src", new: "sum = src", op: "column_sum"},
	{file: "column_sum.comp", old: "total += sum", new: "total = sum", op: "column_sum"},
	{file: "column_sum.comp", old: "uint i = first;", new: "uint i = first + 1u;", op: "column_sum"},
	{file: "column_sum.comp", old: "width = LANES / 2u", new: "width = LANES / 4u", op: "column_sum"},
	{file: "column_sum.comp", old: "first += gl_NumWorkGroups.x * 8u", new: "first += gl_NumWorkGroups.x * 16u", op: "column_sum", groups: 1},

	{file: "update.comp", old: "momentum * v", new: "v", op: "update"},
	{file: "update.comp", old: "kept + velocity", new: "kept - velocity", op: "update"},
	{file: "update.comp", old: "v[vOffset + e] = velocity;", new: "", op: "update"},
	{file: "update.comp", old: "learningRate * velocity", new: "velocity", op: "update"},
	{file: "update.comp", old: "w[wOffset + e] - change", new: "w[wOffset + e] + change", op: "update"},
	{file: "update.comp", old: "g[gOffset + e]", new: "g[gOffset]", op: "update"},

	{file: "fill.comp", old: "dst[dstOffset + e]", new: "dst[e]", op: "fill"},
	{file: "fill.comp", old: "e < count", new: "e + 1u < count", op: "fill"},
	{file: "fill.comp", old: "= value;", new: "= 0u;", op: "fill"},
	{file: "fill.comp", old: "e += gl_NumWorkGroups.x *", new: "e += 2u * gl_NumWorkGroups.x *", op: "fill", groups: 1},
}

// TestMutants changes kernels, one mistake at a time, and wants the judge to find
// each of them.
func TestMutants(t *testing.T) {
	cases := map[string][]judge.Case{}
	for _, c := range judge.Cases() {
		cases[c.Op] = append(cases[c.Op], c)
	}
	mutated := map[string]bool{}
	failed := 0
	for _, m := range mutants {
		mutated[m.file] = true
		kernel := Blocked
		if m.naive {
			kernel = Naive
		}
		b := openTest(t, Options{Shaders: m.apply(t), MatMul: kernel}, seams{groups: m.groups, slice: m.slice})
		var found error
		for _, c := range cases[m.op] {
			if found = c.Check(b); found != nil {
				break
			}
		}
		var refused *CompileError
		switch {
		case found == nil:
			t.Errorf("%s with %q for %q passes all %d cases of %s", m.file, m.new, m.old, len(cases[m.op]), m.op)
		case errors.As(found, &refused):
			t.Errorf("%s with %q for %q is no mutant: %v", m.file, m.new, m.old, found)
		default:
			failed++
		}
		if err := b.Close(); err != nil {
			t.Error(err)
		}
	}
	t.Logf("%d mutated shaders tried, %d failed the judge", len(mutants), failed)

	kernels, err := shaders.Embedded().Kernels()
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range kernels {
		if !mutated[name+".comp"] {
			t.Errorf("no mutant of kernel %s was tried", name)
		}
	}
}

// apply returns the shaders with the mutant's mistake in them.
func (m mutant) apply(t *testing.T) *shaders.Set {
	t.Helper()
	return editedShaders(t, m.file, m.old, m.new)
}

// editedShaders returns this project's shaders with a text that is in one of them
// once replaced.
func editedShaders(t *testing.T, file, old, new string) *shaders.Set {
	t.Helper()
	dir := fstest.MapFS{}
	const root = "../../shaders"
	entries, err := os.ReadDir(root)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		data, err := os.ReadFile(root + "/" + e.Name())
		if err != nil {
			t.Fatal(err)
		}
		if e.Name() == file {
			if n := strings.Count(string(data), old); n != 1 {
				t.Fatalf("%s has %q %d times, want once", file, old, n)
			}
			data = []byte(strings.Replace(string(data), old, new, 1))
		}
		dir[e.Name()] = &fstest.MapFile{Data: data}
	}
	if dir[file] == nil {
		t.Fatalf("there is no %s", file)
	}
	return shaders.New(dir)
}
