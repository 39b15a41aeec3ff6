//go:build cgo && !nogl && !darwin

package opengl

import (
	"errors"
	"maps"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/fstest"

	"shadegrad/compute/judge"
	"shadegrad/compute/judge/cases"
	"shadegrad/compute/opengl/fuse"
	"shadegrad/internal/sample"
	"shadegrad/shaders"
)

// A mutant is a kernel with one mistake.
type mutant struct {
	file     string
	old, new string // the mistake; old is in the file once
	op       string // whose cases must find it
	with     string // those with it in their names are tried first
	plain    bool   // it is in the plain product
	groups   int    // of the grid, where it takes a small one
	slice    int    // of sums, where it takes several dispatches
	tile     string // where it is not B4X4
	slots    int    // where it takes sums in parts
	wide     bool   // it is in the wide head
}

// Missing barriers are not among them: TestEveryGroupBarrier and TestReverseOrder remove each. No result can
// show other mistakes: in the clamp of reads at the edge of a product (the values are not used), and precise
// (llvmpipe fuses nothing).
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

	{file: "matmul.comp", old: "sum += a", new: "sum -= a", op: "matmul", plain: true},
	{file: "matmul.comp", old: "total += sum", new: "total = sum", op: "matmul", plain: true},
	{file: "matmul.comp", old: "min(begin + PIECE, kEnd)", new: "min(begin + PIECE, kEnd) - 1u", op: "matmul", plain: true},
	{file: "matmul.comp", old: "aOffset + A_START(i)", new: "A_START(i)", op: "matmul", plain: true},
	{file: "matmul.comp", old: "j += gl_NumWorkGroups.x *", new: "j += 3u *", op: "matmul", plain: true, groups: 2},
	{file: "matmul.comp", old: "float total = dst[dstOffset + i * n + j]", new: "float total = 0.0", op: "matmul", plain: true, slice: 100},
	{file: "matmul.comp", old: "uint begin = kBegin", new: "uint begin = 0u", op: "matmul", plain: true, slice: 100},
	{file: "product.comp", old: "value += dst[at];", new: "", op: "matmul", slice: 100},
	{file: "product.comp", old: "begin = kBegin + slot", new: "begin = slot", op: "matmul", slice: 100},
	{file: "product.comp", old: "dstOffset + slot * m * n", new: "dstOffset", op: "matmul", slots: 3},
	{file: "product.comp", old: "slotOffset + i * n + j;", new: "slotOffset + i * m + j;", op: "matmul"},
	{file: "product.comp", old: "% tilesX * uint(TILE_N)", new: "% tilesX * uint(TILE_M)", op: "matmul"},
	{file: "product.comp", old: "t += gl_NumWorkGroups.x", new: "t += 2u * gl_NumWorkGroups.x", op: "matmul", groups: 1},
	{file: "combine.comp", old: "s < slotCount", new: "s + 1u < slotCount", op: "matmul", slots: 3},
	{file: "combine.comp", old: "z += slots", new: "z -= slots", op: "matmul", slots: 3},
	{file: "combine.comp", old: "s * count + e", new: "s + e", op: "matmul", slots: 3},
	{file: "combine.comp", old: "z += bias", new: "z -= bias", op: "program", with: "batch=100", slots: 3},
	{file: "combine.comp", old: "e % cols", new: "e / cols", op: "program", slots: 3},
	{file: "combine.comp", old: "z = activation(z);", new: "", op: "program", slots: 3},
	{file: "combine.comp", old: "z * derivative(y[yOffset + e])", new: "z * derivative(y[e])", op: "program", slots: 3},
	{file: "operands.glsl", old: "return aOffset + x * k", new: "return x * k", op: "matmul"},
	{file: "operands.glsl", old: "return aOffset + x * m", new: "return aOffset + x * k", op: "matmul", with: "matmul_tn"},
	{file: "operands.glsl", old: "return bOffset + x * k", new: "return bOffset + x * n", op: "matmul", with: "matmul_nt"},
	{file: "operands.glsl", old: "return bOffset + x * n", new: "return bOffset + x", op: "matmul"},
	{file: "tile_blocks.glsl", old: "+= av[s][r] * bv", new: "-= av[s][r] * bv", op: "matmul"},
	{file: "tile_blocks.glsl", old: "total[r][c] += sum[r][c]", new: "total[r][c] = sum[r][c]", op: "matmul", with: "k=131"},
	{file: "tile_blocks.glsl", old: "l += PIECE", new: "l += PIECE + 4u", op: "matmul", with: "k=131"},
	{file: "tile_blocks.glsl", old: "row < m && column < n) finish(", new: "row < m) finish(", op: "matmul"},
	{file: "tile_blocks.glsl", old: "row < m && column < n) finish(", new: "row < m && column + 1u < n) finish(", op: "matmul"},
	{file: "tile_blocks.glsl", old: "row < m && column < n) finish4", new: "row + 1u < m && column < n) finish4", op: "matmul"},
	{file: "tile_blocks.glsl", old: "av[s][r] = v[s]", new: "av[s][r] = v[3 - s]", op: "matmul"},
	{file: "tile_blocks.glsl", old: "bv[s][c + q] = v[q]", new: "bv[s][c + q] = v[q / 2]", op: "matmul"},
	{file: "tile_blocks.glsl", old: "av[s][r + q] = v[q]", new: "av[s][r + q] = v[0]", op: "matmul", with: "matmul_tn"},
	{file: "tile_blocks.glsl", old: "fetchB(columnAt[c] + l + uint(s))", new: "fetchB(columnAt[c] + l)", op: "program", with: "16-32-8"},
	{file: "tile_shared.glsl", old: "av[r / 4][r % 4] * bv[c]", new: "av[r / 4][r % 4] + bv[c]", op: "matmul", tile: "T16"},
	{file: "tile_shared.glsl", old: "turn ^= 1u;", new: "", op: "matmul", tile: "T16"},
	{file: "tile_shared.glsl", old: "read(l + uint(DEPTH), end)", new: "read(l, end)", op: "matmul", tile: "T16"},
	{file: "tile_shared.glsl", old: "hasA(q) && term < end", new: "hasA(q)", op: "matmul", tile: "T16"},
	{file: "tile_shared.glsl", old: "uint(q * INVOCATIONS) < uint(A_QUADS)", new: "uint(q * INVOCATIONS) < uint(2 * A_QUADS)", op: "matmul", tile: "T32X128"},
	{file: "tile_shared.glsl", old: "startB(columnAt[q].w)", new: "startB(columnAt[q].z)", op: "matmul", with: "matmul_nt", tile: "T16"},
	{file: "tile_shared.glsl", old: "sharedB[turn][at.y][at.x] = nextB[q]", new: "sharedB[turn][at.y][0] = nextB[q]", op: "matmul", tile: "T16"},
	{file: "tile_shared.glsl", old: "row < m ? min", new: "row + 4u < m ? min", op: "matmul", tile: "T16"},
	{file: "tile_shared.glsl", old: "d += 4u", new: "d += 8u", op: "matmul", tile: "T16"},
	{file: "tile_shared.glsl", old: "4u * (x + uint(GX * c))", new: "4u * x", op: "matmul", tile: "T128"},
	{file: "tile_shared.glsl", old: "row < m && column < n) finish4", new: "column < n) finish4", op: "matmul", tile: "T16"},
	{file: "tile_shared.glsl", old: "total[r][c] += sum[r][c]", new: "total[r][c] = sum[r][c]", op: "matmul", with: "k=784", tile: "T16"},

	{file: "layer.comp", old: "activation(z + bias", new: "activation(z - bias", op: "program"},
	{file: "layer.comp", old: "outputOf(j + 3u, z.w)", new: "outputOf(j, z.w)", op: "program"},
	{file: "layer.comp", old: "dst[slotOffset + i * n + j]", new: "dst[slotOffset + i * n + j + 1u]", op: "program"},
	{file: "layer.comp", old: "begin = slot * slotLength", new: "begin = 0u", op: "program", slots: 3},
	{file: "layer.comp", old: "t += gl_NumWorkGroups.x", new: "t += 2u * gl_NumWorkGroups.x", op: "program", with: "batch=33", groups: 1},
	{file: "pixels.glsl", old: "return index[firstRow + i]", new: "return index[i]", op: "program", with: "13-17-10"},
	{file: "pixels.glsl", old: "return firstRow + i", new: "return i", op: "program"},
	{file: "pixels.glsl", old: "precise float value = product + shift", new: "precise float value = product", op: "program", with: "shift"},
	{file: "pixels.glsl", old: "precise vec4 value = product + shift", new: "precise vec4 value = product", op: "program", with: "shift"},
	{file: "pixels.glsl", old: "word >> 24u", new: "word >> 25u", op: "program", with: "16-32-8"},
	{file: "pixels.glsl", old: "byteOf(src[at >> 2u], at)", new: "byteOf(src[at >> 2u], 0u)", op: "program"},
	{file: "product_delta.comp", old: "back * derivative(y", new: "back + derivative(y", op: "program"},
	{file: "product_delta.comp", old: "derivative(outputs.z)", new: "derivative(outputs.y)", op: "program"},
	{file: "product_delta.comp", old: "t / tilesX * uint(TILE_M)", new: "t / tilesX * uint(TILE_N)", op: "program"},
	{file: "product_delta.comp", old: "t += gl_NumWorkGroups.x", new: "t += 2u * gl_NumWorkGroups.x", op: "program", groups: 1},
	{file: "product_update.comp", old: "w[(wOffset + e) >> 2u] = weights;", new: "", op: "program", with: "52-24-12"},
	{file: "product_update.comp", old: "v[(vOffset + e) >> 2u] = velocities;", new: "", op: "program", with: "52-24-12"},
	{file: "product_update.comp", old: "total += sum", new: "total = sum", op: "program", with: "batch=520"},
	{file: "product_update.comp", old: "delta * singleB", new: "singleB", op: "program"},
	{file: "product_update.comp", old: "l * m + i", new: "l * m", op: "program"},
	{file: "product_update.comp", old: "e < (kind == SUMS ? m : m * n)", new: "e < m", op: "program"},
	{file: "product_update.comp", old: "unit(q, t - first)", new: "unit(q, t)", op: "program"},
	{file: "product_update.comp", old: "t += gl_NumWorkGroups.x", new: "t += 2u * gl_NumWorkGroups.x", op: "program", groups: 1},
	{file: "head.comp", old: "z += parameterAt(biasOffset + j)", new: "z += 0.0", op: "program"},
	{file: "head.comp", old: "gradient[held()][j] = value;", new: "", op: "program"},
	{file: "head.comp", old: "delta[deltaOffset + i * cols + j] = value;", new: "", op: "program"},
	{file: "head.comp", old: "min(c, cols - 1u) * k + l", new: "min(c, cols - 1u) * k", op: "program"},
	{file: "head.comp", old: "s < slotCount", new: "s + 1u < slotCount", op: "program", slots: 3},
	{file: "head.comp", old: "hiddenBiasOffset + l", new: "hiddenBiasOffset", op: "program", slots: 3},
	{file: "head.comp", old: "rows[(yOffset + e) / UNIT] = z;", new: "", op: "program", slots: 3},
	{file: "head.comp", old: "activationOf(HIDDEN, z.w)", new: "z.w", op: "program", slots: 3},
	{file: "head.comp", old: "z = activationOf(HIDDEN, z);", new: "", op: "program", slots: 3},
	{file: "head.comp", old: "z[c] += piece[c]", new: "z[c] = piece[c]", op: "program", with: "36-370"},
	{file: "head.comp", old: "derivativeOf(HIDDEN, y.x)", new: "derivativeOf(HIDDEN, y.y)", op: "program"},
	{file: "head.comp", old: "y = derivativeOf(HIDDEN, y);", new: "", op: "program"},
	{file: "head.comp", old: "uint c = 1u; c < cols; c++) back", new: "uint c = 1u; c + 1u < cols; c++) back", op: "program"},
	{file: "head.comp", old: "addUp(i, 0u, UNIT, z)", new: "addUp(i, UNIT, UNIT, z)", op: "program"},
	{file: "head.comp", old: "addUp(i, x * UNIT, uint(SIDE) * UNIT, z)", new: "addUp(i, x * UNIT, UNIT, z)", op: "program", wide: true},
	{file: "head.comp", old: "width = uint(SIDE) / 2u", new: "width = uint(SIDE) / 4u", op: "program", with: "batch=33", wide: true},
	{file: "transpose.glsl", old: "((i) * k)", new: "((i) * m)", op: "matmul", plain: true},
	{file: "transpose.glsl", old: "((j) * k)", new: "((j) * n)", op: "matmul", with: "matmul_nt", plain: true},
	{file: "transpose.glsl", old: "FORM == TN || FORM == TT", new: "FORM == TN", op: "matmul", with: "matmul_tt", plain: true},
	{file: "transpose.glsl", old: "FORM == NT || FORM == TT", new: "FORM == NN || FORM == TT", op: "matmul", plain: true},

	{file: "activate.comp", old: "z += bias", new: "z -= bias", op: "activate"},
	{file: "activate.comp", old: "biasOffset + j", new: "biasOffset + i", op: "activate"},
	{file: "activate.comp", old: "exp(weightedSum(i, j) - largest) / sum", new: "exp(weightedSum(i, j) - largest)", op: "activate"},
	{file: "activate.comp", old: "z > largest ? z", new: "z < largest ? z", op: "activate"},
	{file: "activate.comp", old: "softmaxRow(i);", new: "softmaxRow(0u);", op: "activate"},
	{file: "activate.comp", old: "activation(weightedSum(i, j))", new: "weightedSum(i, j)", op: "activate"},
	{file: "activations.glsl", old: "z < 0.0 ? e / (1.0 + e) : 1.0 / (1.0 + e)", new: "1.0 / (1.0 + e)", op: "activate"},
	{file: "activations.glsl", old: "negative(z) ? 0.0 : z", new: "negative(z) ? z : 0.0", op: "activate"},
	{file: "activations.glsl", old: "negative(z) ? 0.0 : z", new: "z < 0.0 ? 0.0 : z", op: "activate", with: "special"},
	{file: "activations.glsl", old: "LEAK * z : z", new: "LEAK * z : max(z, 0.0)", op: "activate", with: "special"},
	{file: "activations.glsl", old: "float e = exp(-abs(z));", new: "if (isnan(z)) return 0.0; float e = exp(-abs(z));", op: "activate", with: "special"},
	{file: "activations.glsl", old: "float s = z * z;", new: "if (isnan(z)) return 0.0; float s = z * z;", op: "activate", with: "special"},
	{file: "activate.comp", old: "sum += exp(weightedSum(i, j) - largest)", new: "if (!isnan(weightedSum(i, j))) sum += exp(weightedSum(i, j) - largest)", op: "activate", with: "special"},
	{file: "activations.glsl", old: "z < 0.0 ? -t : t", new: "t", op: "activate"},
	{file: "activations.glsl", old: "(-1.0 / 3.0 + s", new: "(1.0 / 3.0 + s", op: "activate"},
	{file: "activations.glsl", old: "if (z < -15.0) return -1.0;", new: "if (z < -15.0) return 1.0;", op: "activate"},

	{file: "activations.glsl", old: "return y * (1.0 - y)", new: "return y * (1.0 + y)", op: "delta"},
	{file: "activations.glsl", old: "1.0 - y * y", new: "1.0 - y", op: "delta"},
	{file: "activations.glsl", old: "y > 0.0 ? 1.0 : 0.0", new: "y >= 0.0 ? 1.0 : 0.0", op: "delta"},
	{file: "activations.glsl", old: "return y * (1.0 - y)", new: "return isnan(y) ? 0.0 : y * (1.0 - y)", op: "delta", with: "special"},
	{file: "activations.glsl", old: "return 1.0 - y * y", new: "return isnan(y) ? 0.0 : 1.0 - y * y", op: "delta", with: "special"},
	{file: "activations.glsl", old: "return (AMPLITUDE", new: "return isnan(y) ? 0.0 : (AMPLITUDE", op: "delta", with: "special"},
	{file: "delta.comp", old: "= back[backOffset + e] *", new: "= isnan(back[backOffset + e]) ? 0.0 : back[backOffset + e] *", op: "delta", with: "special"},
	{file: "delta.comp", old: "backOffset + e", new: "e", op: "delta"},
	{file: "delta.comp", old: "yOffset + e", new: "yOffset", op: "delta"},
	{file: "delta.comp", old: "] * derivative", new: "] + derivative", op: "delta"},
	{file: "delta.comp", old: "e < count", new: "e + 1u < count", op: "delta"},

	{file: "loss.glsl", old: "j == c;", new: "j != c;", op: "loss"},
	{file: "loss.glsl", old: "? weight :", new: "? 1.0 :", op: "loss"},
	{file: "loss.glsl", old: "c < max(cols, 2u)", new: "c <= max(cols, 2u)", op: "loss"},
	{file: "loss.glsl", old: "0x7fc00000u", new: "0u", op: "loss"},
	{file: "loss.glsl", old: "2u * (firstRow + i)", new: "2u * i", op: "loss"},
	{file: "loss.glsl", old: "uint at = index[firstRow + i]", new: "uint at = index[i]", op: "loss"},
	{file: "loss.glsl", old: "j < c ? other < mine", new: "j < c ? other <= mine", op: "loss", with: "ties"},
	{file: "loss.glsl", old: "side >= 0.0 : side", new: "side > 0.0 : side", op: "loss", with: "ties"},
	{file: "loss.glsl", old: "targetOn < targetOff ? -above", new: "targetOn < targetOff ? above", op: "loss"},
	{file: "loss.glsl", old: "return activation(z);\n#else\n    return z;", new: "return z;\n#else\n    return z;", op: "loss", with: "relu_mse"},
	{file: "loss.glsl", old: "mass * y - t", new: "y - t", op: "loss"},
	{file: "loss.glsl", old: "2.0 * (y - t) * derivative(y)", new: "2.0 * (y - t)", op: "loss"},
	{file: "loss.glsl", old: "(y - t) - inner", new: "y - t", op: "loss", with: "softmax_mse"},
	{file: "loss.glsl", old: "scale * factor * d", new: "factor * d", op: "loss"},
	{file: "loss.glsl", old: "(1.0 - t) *", new: "(1.0 + t) *", op: "loss"},
	{file: "loss.glsl", old: "+ log(sum)", new: "- log(sum)", op: "loss"},
	{file: "loss.glsl", old: "factor * whole.x", new: "(isnan(whole.x) ? 0.0 : factor * whole.x)", op: "loss", with: "special"},
	{file: "loss.glsl", old: "scale * factor * d", new: "(isnan(d) ? 0.0 : scale * factor * d)", op: "loss", with: "special"},
	{file: "loss.glsl", old: "other <= mine;", new: "!(other > mine);", op: "loss", with: "special"},
	{file: "loss.comp", old: "z += bias", new: "z += 0.0 * bias", op: "loss"},
	{file: "loss.comp", old: "i * cols + j] = value", new: "j] = value", op: "loss"},

	{file: "column_sum.comp", old: "sum += src", new: "sum = src", op: "column_sum"},
	{file: "column_sum.comp", old: "total += sum", new: "total = sum", op: "column_sum"},
	{file: "column_sum.comp", old: "uint i = first;", new: "uint i = first + 1u;", op: "column_sum"},
	{file: "column_sum.comp", old: "width = LANES / 2u", new: "width = LANES / 4u", op: "column_sum"},
	{file: "column_sum.comp", old: "first += gl_NumWorkGroups.x * 8u", new: "first += gl_NumWorkGroups.x * 16u", op: "column_sum", groups: 1},

	{file: "fill.comp", old: "dst[dstOffset + e]", new: "dst[e]", op: "fill"},
	{file: "fill.comp", old: "e < count", new: "e + 1u < count", op: "fill"},
	{file: "fill.comp", old: "= value;", new: "= 0u;", op: "fill"},
	{file: "fill.comp", old: "e += gl_NumWorkGroups.x *", new: "e += 2u * gl_NumWorkGroups.x *", op: "fill", groups: 1},
}

// TestMutants changes kernels, one mistake at a time, and expects the judge to find each.
func TestMutants(t *testing.T) {
	all := slices.Concat(mutants, trainingMutants)
	files := map[string][]mutant{}
	for _, m := range all {
		files[m.file] = append(files[m.file], m)
	}
	courts := make(chan *court, runtime.GOMAXPROCS(0))
	for range cap(courts) {
		courts <- newCourt(t)
	}
	var tried, failed atomic.Int32
	kinds := map[string]bool{} // of the mutants so far
	t.Run("files", func(t *testing.T) {
		for _, file := range slices.Sorted(maps.Keys(files)) {
			var chosen []mutant
			for i, m := range files[file] {
				if first := m.addKinds(kinds); first || !sample.Skip(i, 28) {
					chosen = append(chosen, m)
				}
			}
			t.Run(file, func(t *testing.T) {
				t.Parallel()
				c := <-courts
				defer func() { courts <- c }()
				for _, m := range chosen {
					tried.Add(1)
					if c.finds(t, m) {
						failed.Add(1)
					}
				}
			})
		}
	})
	t.Logf("%d mutated shaders, %d failed the judge", tried.Load(), failed.Load())

	kernels, err := shaders.Embedded().Kernels()
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range kernels {
		// The results of kernels that measure a device are not used.
		if files[name+".comp"] == nil && !strings.HasPrefix(name, "peak_") {
			t.Errorf("no mutant of kernel %s was tried", name)
		}
	}
}

// A court is a backend that runs mutants, and the judge's cases. Several courts work in parallel.
type court struct {
	backend *Backend
	limits  limits
	cases   map[string][]judge.Case // by op
}

// newCourt opens a court, which is closed when the test ends.
func newCourt(t *testing.T) *court {
	t.Helper()
	b := openTest(t, Options{}, seams{})
	c := &court{b, b.limits, map[string][]judge.Case{}}
	for _, one := range cases.All() {
		c.cases[one.Op] = append(c.cases[one.Op], one.Cached())
	}
	// Fused programs and small cases come first: they find most mistakes soonest.
	slices.SortStableFunc(c.cases["program"], func(a, b judge.Case) int { return rank(a) - rank(b) })
	return c
}

// finds reports whether the judge finds the mistake of a mutant.
func (c *court) finds(t *testing.T, m mutant) bool {
	t.Helper()
	c.backend.limits = c.limits
	m.plant(t, c.backend)
	list := c.cases[m.op]
	if m.with != "" {
		list = slices.Clone(list)
		slices.SortStableFunc(list, func(a, b judge.Case) int { return m.order(a) - m.order(b) })
	}
	return m.found(t, c.backend, list)
}

// addKinds adds the op of a mutant and the settings that it needs. It reports whether the mutant
// is the first of one of these kinds.
func (m mutant) addKinds(kinds map[string]bool) (first bool) {
	for kind, is := range map[string]bool{m.op: true, "plain": m.plain, "groups": m.groups > 0, "slice": m.slice > 0,
		"tile": m.tile != "", "slots": m.slots > 0, "wide": m.wide} {
		if is && !kinds[kind] {
			kinds[kind], first = true, true
		}
	}
	return first
}

// order returns the order of cases for a mutant.
func (m mutant) order(c judge.Case) int {
	if strings.Contains(c.Name, m.with) && (c.Op != "program" || strings.Contains(c.Name, "scratch")) {
		return 0
	}
	return 1
}

// found checks that one of the judge's cases finds the planted mistake.
func (m mutant) found(t *testing.T, b *Backend, cases []judge.Case) bool {
	t.Helper()
	var found error
	for _, c := range cases {
		if found = c.Check(b); found != nil {
			break
		}
	}
	var failure *judge.Failure
	switch {
	case found == nil:
		t.Errorf("%s with %q for %q passes all %d cases of %s", m.file, m.new, m.old, len(cases), m.op)
		return false
	case errors.As(found, &failure) && failure.Cause != nil:
		t.Errorf("%s with %q for %q was refused, so it is not a mutant: %v", m.file, m.new, m.old, found)
		return false
	}
	return true
}

// rank returns the position of a case among the programs; small ones come first.
func rank(c judge.Case) int {
	r := 0
	if !strings.Contains(c.Name, "scratch") {
		r = 2
	}
	for _, large := range []string{"784", "841", "600", "300", "370", "batch=520"} {
		if strings.Contains(c.Name, large) {
			return r + 1
		}
	}
	return r
}

// planning returns the options under which the mutant's code runs.
func (m mutant) planning() fuse.Options {
	// This tile takes software OpenGL the least time to compile.
	p := fuse.Options{Tile: "B4X4", Slots: m.slots, Wide: m.wide}
	if m.tile != "" {
		p.Tile = m.tile
	}
	return p
}

// plant gives a backend the shaders with the mutant's mistake, and the options and limits under which they
// run. Opening a backend for each mutant would take longer than judging it.
func (m mutant) plant(t *testing.T, b *Backend) {
	t.Helper()
	set := editedShaders(t, m.file, m.old, m.new)
	use(t, b, set, m.planning(), seams{groups: m.groups, slice: m.slice}, "")
	b.planning.Plain = m.plain
}

// editedShaders returns this project's shaders with one text replaced, which one of them must have exactly
// once.
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
		t.Fatalf("no file %s", file)
	}
	return shaders.New(dir)
}
