//go:build unix

// Package docs tests the pages of this directory and the README: it runs every command that they show and compares what it
// prints with what the page says.
package docs

import (
	"archive/zip"
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"shadegrad/internal/cli"
)

// asCommand makes the test binary be the command.
const asCommand = "SHADEGRAD_DOCS_COMMAND"

func TestMain(m *testing.M) {
	if os.Getenv(asCommand) != "" {
		os.Exit(cli.Main())
	}
	os.Exit(m.Run())
}

// TestCommands runs the commands of each page in a directory of their own, in their order. The word behind a block's language
// says what the block needs: gpu OpenGL, long the long suite; vary says that its figures depend on the machine, serve that its command runs until Ctrl-C.
func TestCommands(t *testing.T) {
	pages := []string{"../README.md", "guide.md", "data.md", "library.md", "reproducibility.md", "architecture.md", "benchmarks.md", "results.md"}
	for _, page := range pages {
		t.Run(filepath.Base(page), func(t *testing.T) {
			text, err := os.ReadFile(page)
			if err != nil {
				t.Fatal(err)
			}
			dir := workplace(t)
			for _, b := range blocks(string(text)) {
				switch {
				case b.has("long") && testing.Short():
					continue
				case b.has("gpu") && os.Getenv("SHADEGRAD_REQUIRE_GPU") != "1":
					continue // run where the tests of the GPU are
				}
				for _, c := range b.commands {
					run(t, dir, page, b, c)
				}
			}
		})
	}
}

// TestPictures runs the commands in the captions of the pictures, which write the pictures again.
func TestPictures(t *testing.T) {
	page, err := os.ReadFile("guide.md")
	if err != nil {
		t.Fatal(err)
	}
	captions := regexp.MustCompile("`(bin/shadegrad [^`]*(docs/images/[a-z]+\\.(?:png|svg)))`").FindAllStringSubmatch(string(page), -1)
	if len(captions) < 2 {
		t.Fatalf("the page has %d captions with a command", len(captions))
	}
	dir := workplace(t)
	for _, m := range captions {
		run(t, dir, "guide.md", block{words: []string{"sh"}}, command{text: m[1]})
		drawn, err := os.ReadFile(filepath.Join(dir, m[2]))
		if err != nil {
			t.Fatal(err)
		}
		shown, err := os.ReadFile(filepath.Join("..", m[2]))
		if err != nil {
			t.Fatal(err)
		}
		// Levels of SIMD round differently, so the pictures need not be identical.
		if d := len(drawn) - len(shown); d < -len(shown)/20 || d > len(shown)/20 {
			t.Errorf("%s: %d bytes, the one in the repository has %d", m[1], len(drawn), len(shown))
		}
	}
}

// TestTargets checks that each make target that a page names exists.
func TestTargets(t *testing.T) {
	makefile, err := os.ReadFile("../Makefile")
	if err != nil {
		t.Fatal(err)
	}
	pages, err := filepath.Glob("*.md")
	if err != nil || len(pages) < 6 {
		t.Fatal(pages, err)
	}
	for _, page := range append(pages, "../README.md") {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range regexp.MustCompile("(?m)(?:`make ([a-z-]+)|^make ([a-z-]+)$)").FindAllStringSubmatch(string(text), -1) {
			if target := m[1] + m[2]; !strings.Contains(string(makefile), "\n"+target+":") {
				t.Errorf("%s: the Makefile has no target %s", page, target)
			}
		}
	}
}

// TestPackages checks the architecture page's table of packages: it lists each one, and a package imports only packages below
// its own row.
func TestPackages(t *testing.T) {
	page, err := os.ReadFile("architecture.md")
	if err != nil {
		t.Fatal(err)
	}
	module := modulePath(t) + "/"
	row := map[string]int{}
	for i, m := range regexp.MustCompile("(?m)^\\| `([a-z/]+)` \\|").FindAllStringSubmatch(string(page), -1) {
		row[module+m[1]] = i + 1
	}
	list := exec.Command("go", "list", "-f", `{{.ImportPath}} {{join .Imports " "}}`, "../...", "../testdata")
	list.Env = append(os.Environ(), "CGO_ENABLED=1")
	out, err := list.Output()
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range strings.Split(strings.TrimSpace(string(out)), "\n") {
		words := strings.Fields(line)
		if words[0] == module+"docs" {
			continue
		}
		if row[words[0]] == 0 {
			t.Errorf("the table does not list %s", words[0])
		}
		for _, imported := range words[1:] {
			if strings.HasPrefix(imported, module) && row[imported] <= row[words[0]] {
				t.Errorf("%s imports %s, which is above it in the table", words[0], imported)
			}
		}
	}
}

// modulePath returns the module's path, which make rename changes.
func modulePath(t *testing.T) string {
	t.Helper()
	out, err := exec.Command("go", "list", "-m").Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(out))
}

// TestConstraint checks that OpenGL is linked where the architecture page says: with cgo, except on macOS.
func TestConstraint(t *testing.T) {
	for _, c := range []struct {
		system, cgo string
		want        bool
	}{
		{"linux", "1", true}, {"windows", "1", true}, {"darwin", "1", false}, {"linux", "0", false},
	} {
		list := exec.Command("go", "list", "-deps", "../cmd/shadegrad")
		list.Env = append(os.Environ(), "GOOS="+c.system, "CGO_ENABLED="+c.cgo)
		out, err := list.Output()
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(out), "github.com/go-gl/") != c.want {
			t.Errorf("GOOS=%s CGO_ENABLED=%s: OpenGL is linked: %v, want %v", c.system, c.cgo, !c.want, c.want)
		}
	}
}

// TestLineMatches checks that the comparison finds what differs.
func TestLineMatches(t *testing.T) {
	for _, c := range []struct {
		want, got string
		same      bool
	}{
		{"accuracy 98.33%; 0.12 s, 512185 images/s", "accuracy 98.31%; 3.60 s, 9 images/s", true},
		{"accuracy 98.33%; 0.12 s", "accuracy 91.33%; 0.12 s", false},
		{"60000 images in 10 classes", "60000 images in 11 classes", false},
		{"cpu: AMD EPYC, AVX2 kernels, 2 threads", "cpu: Intel Xeon, AVX-512 kernels, 64 threads", true},
		{"cpu: AMD EPYC, AVX2 kernels, 2 threads; chosen", "cpu: AMD EPYC, AVX2 kernels, 1 of 2 threads: CPU quota; chosen", true},
		{"it is a 7: …", "it is a 7: 7 with 99%", true},
		{"it is a 7: …", "it is a 1: 7 with 99%", false},
		{"saved digits", "saved digits.safetensors", false},
	} {
		if lineMatches(c.want, c.got, false) != c.same {
			t.Errorf("%q and %q: want %v", c.want, c.got, c.same)
		}
	}
	if firstMissing([]string{"a", "…", "c"}, []string{"a", "b", "b", "c"}, false) != "" {
		t.Error("an ellipsis does not stand for two lines")
	}
	if firstMissing([]string{"a", "c"}, []string{"a", "b", "c"}, false) != "c" || firstMissing([]string{"a"}, []string{"a", "b"}, false) == "" {
		t.Error("a line too many is not found")
	}
}

// A block is a code block of a page.
type block struct {
	words    []string // of the line that opens it: the language, then what it needs
	commands []command
}

// A command is a line to type, with the line of the page it stands on, and the lines that the page shows below it.
type command struct {
	text string
	line int
	want []string
}

func (b block) has(word string) bool { return slices.Contains(b.words, word) }

// blocks returns the blocks of shell commands of a page, with output (console) or without (sh).
func blocks(page string) []block {
	var list []block
	inside := false
	for i, line := range strings.Split(page, "\n") {
		if words, fence := strings.CutPrefix(line, "```"); fence {
			inside = words != "" && (strings.HasPrefix(words, "console") || strings.HasPrefix(words, "sh"))
			if inside {
				list = append(list, block{words: strings.Fields(words)})
			}
			continue
		}
		if !inside {
			continue
		}
		b := &list[len(list)-1]
		text, typed := strings.CutPrefix(line, "$ ")
		switch {
		case typed || !b.has("console") && line != "":
			b.commands = append(b.commands, command{text: text, line: i + 1})
		case len(b.commands) > 0:
			last := &b.commands[len(b.commands)-1]
			last.want = append(last.want, line)
		}
	}
	return list
}

// workplace returns a directory that has what the pages' commands use: the program, the repository's example files, and data
// sets under the names that the pages give them.
func workplace(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	root, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for _, sub := range []string{"bin", "docs/images", "fashion", "pictures/three", "pictures/seven", "kannada", "parquet", "cache"} {
		if err := os.MkdirAll(filepath.Join(dir, sub), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	link := func(target, name string) {
		if err := os.Symlink(target, filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	link(self, "bin/shadegrad")
	link(filepath.Join(root, "testdata"), "testdata")
	link(filepath.Join(root, "docs/images/curve.py"), "docs/images/curve.py")
	link(filepath.Join(root, "internal/exchange/testdata/torch-net.onnx"), "torch.onnx")
	for _, name := range []string{"train-images-idx3-ubyte.gz", "train-labels-idx1-ubyte.gz", "t10k-images-idx3-ubyte.gz", "t10k-labels-idx1-ubyte.gz"} {
		link(filepath.Join(root, "testdata/mnist", name), filepath.Join("fashion", name))
	}
	for name, target := range map[string]string{
		"mnist.npz":             "containers/mnist.npz",
		"emnist":                "emnist_letters",
		"qmnist":                "qmnist_labels_of_8_columns",
		"digit-recognizer":      "kaggle",
		"optdigits.tra":         "csv/label_last_without_names.tra",
		"optdigits.tes":         "csv/label_last_without_names.tes",
		"parquet/" + parquet[0]: "containers/" + parquet[0],
		"parquet/" + parquet[1]: "containers/" + parquet[1],
	} {
		link(filepath.Join(root, "testdata/cases", target), name)
	}
	iris, err := os.ReadFile(filepath.Join(root, "testdata/cases/csv/text_label_last_called_species.csv"))
	if err != nil {
		t.Fatal(err)
	}
	_, rows, _ := strings.Cut(string(iris), "\n") // the published file has no header
	if err := os.WriteFile(filepath.Join(dir, "iris.data"), []byte(rows), 0o600); err != nil {
		t.Fatal(err)
	}
	writeKannada(t, filepath.Join(root, "testdata/cases/containers/mnist.npz"), filepath.Join(dir, "kannada"))
	writePictures(t, filepath.Join(dir, "pictures"))
	return dir
}

// parquet are the names of the files in which Hugging Face publishes MNIST.
var parquet = []string{"test-00000-of-00001.parquet", "train-00000-of-00001.parquet"}

// writeKannada writes the arrays of an npz file as Kannada-MNIST publishes them: each in its own npz file, called arr_0.
func writeKannada(t *testing.T, from, dir string) {
	t.Helper()
	archive, err := zip.OpenReader(from)
	if err != nil {
		t.Fatal(err)
	}
	defer archive.Close()
	for _, part := range []string{"train", "test"} {
		for array, name := range map[string]string{"x_": "X_kannada_MNIST_", "y_": "y_kannada_MNIST_"} {
			values, err := fs.ReadFile(archive, array+part+".npy")
			if err != nil {
				t.Fatal(err)
			}
			var npz bytes.Buffer
			w := zip.NewWriter(&npz)
			f, err := w.Create("arr_0.npy")
			if err != nil {
				t.Fatal(err)
			}
			if _, err := f.Write(values); err != nil {
				t.Fatal(err)
			}
			if err := w.Close(); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(dir, name+part+".npz"), npz.Bytes(), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// run runs a command and compares its output with the page. A command fails if and only if the page says so, by a last line
// that begins with the program's name.
func run(t *testing.T, dir, page string, b block, c command) {
	t.Helper()
	if strings.HasPrefix(c.text, "make ") {
		return // CI runs make train and make test
	}
	if strings.Contains(c.text, "train -backend=gpu") && !strings.Contains(c.text, "-limit=") {
		c.text += " -limit=1000" // software OpenGL would take minutes for all images
	}
	sh := exec.CommandContext(t.Context(), "sh", "-c", c.text)
	sh.Dir = dir
	sh.Env = append(os.Environ(), asCommand+"=1", "SHADEGRAD_CACHE="+filepath.Join(dir, "cache"), "LIBGL_ALWAYS_SOFTWARE=1", "CI=", "GOMAXPROCS=1")
	if b.has("serve") {
		serve(t, sh)
		return
	}
	out, err := sh.CombinedOutput()
	got := strings.Split(strings.TrimRight(string(out), "\n"), "\n")
	at := fmt.Sprintf("%s:%d: %s", filepath.Base(page), c.line, c.text)
	fails := strings.HasPrefix(got[len(got)-1], "shadegrad: ")
	if status := sh.ProcessState.ExitCode(); (err != nil) != fails {
		t.Errorf("%s: exit status %d\n%s", at, status, out)
		return
	}
	if !b.has("console") {
		if fails {
			t.Errorf("%s: failed\n%s", at, out)
		}
		return
	}
	want := c.want
	for len(want) > 0 && want[len(want)-1] == "" {
		want = want[:len(want)-1]
	}
	if missing := firstMissing(want, got, b.has("vary")); missing != "" {
		t.Errorf("%s: the page shows\n\t%s\nthe command printed\n%s", at, missing, out)
	}
}

// serve runs a command until it prints the address of a page, and ends it by Ctrl-C, which is no failure.
func serve(t *testing.T, sh *exec.Cmd) {
	t.Helper()
	sh.Args[2] = "exec " + sh.Args[2]
	out, err := sh.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := sh.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil || !strings.HasPrefix(line, "http://127.0.0.1:") {
		t.Errorf("%s: printed %q, %v", sh.Args[2], line, err)
	}
	if err := errors.Join(sh.Process.Signal(os.Interrupt), sh.Wait()); err != nil {
		t.Errorf("%s: %v", sh.Args[2], err)
	}
}

// firstMissing returns the first line that a page shows and the output does not have in its place, or "". A line of "…" alone
// stands for any number of lines.
func firstMissing(want, got []string, vary bool) string {
	skip := false
	for _, w := range want {
		if w == "…" {
			skip = true
			continue
		}
		i := 0
		if skip {
			for i < len(got) && !lineMatches(w, got[i], vary) {
				i++
			}
		}
		if i == len(got) || !lineMatches(w, got[i], vary) {
			return w
		}
		got, skip = got[i+1:], false
	}
	if len(got) > 0 && !skip {
		return "(the end)"
	}
	return ""
}

var (
	// tokens are what a line is compared by: an ellipsis, a figure of time, speed or size, the processor, a number, white space.
	tokens  = regexp.MustCompile(`…|\d[\d.]*(?: ?(?:s|ms|µs|ns|images/s|samples/s|GiB|MiB|KiB)\b)|AMD EPYC|AVX2 kernels|AVX-512 kernels|NEON kernels|\b2 threads|\d+(?:\.\d+)?(?:e[+-]?\d+)?|\s+`)
	measure = `\d[\d.e+]*(?: ?(?:s|ms|µs|ns|images/s|samples/s|GiB|MiB|KiB)\b)`
)

// lineMatches reports whether a line of output is what the page shows. "…" stands for any text. Figures of time and speed and
// the processor's name may be others; a number with a point may be off by 2% or by two of its last digit, since levels of SIMD
// round differently; a whole number must be the same, unless figures vary.
func lineMatches(want, got string, vary bool) bool {
	var pattern strings.Builder
	var numbers []string
	pattern.WriteString("^")
	last := 0
	for _, m := range tokens.FindAllStringIndex(want, -1) {
		pattern.WriteString(regexp.QuoteMeta(want[last:m[0]]))
		last = m[1]
		switch token := want[m[0]:m[1]]; {
		case token == "…":
			pattern.WriteString(".*?")
		case strings.TrimSpace(token) == "":
			pattern.WriteString(`\s+`)
		case token == "AMD EPYC":
			pattern.WriteString(".+?")
		case strings.HasSuffix(token, " kernels"):
			pattern.WriteString("(?:AVX2 kernels|AVX-512 kernels|NEON kernels|gonum.*?)")
		case token == "2 threads":
			pattern.WriteString(`\d+(?: of \d+)? threads?(?:: CPU \w+)?`)
		case token[len(token)-1] < '0' || token[len(token)-1] > '9':
			pattern.WriteString(measure)
		default:
			pattern.WriteString(`(\d+(?:\.\d+)?(?:e[+-]?\d+)?)`)
			numbers = append(numbers, token)
		}
	}
	pattern.WriteString(regexp.QuoteMeta(want[last:]) + `\s*$`)
	found := regexp.MustCompile(pattern.String()).FindStringSubmatch(got)
	if found == nil {
		return false
	}
	for i, w := range numbers {
		if !vary && !near(w, found[i+1]) {
			return false
		}
	}
	return true
}

// near reports whether a number is the page's, within what levels of SIMD may differ.
func near(want, got string) bool {
	_, digits, point := strings.Cut(want, ".")
	if !point {
		return want == got
	}
	w, err := strconv.ParseFloat(want, 64)
	g, err2 := strconv.ParseFloat(got, 64)
	mantissa, _, _ := strings.Cut(digits, "e")
	unit := math.Pow(10, -float64(len(mantissa)))
	return err == nil && err2 == nil && math.Abs(w-g) <= max(2.001*unit, 0.02*math.Abs(w))
}
