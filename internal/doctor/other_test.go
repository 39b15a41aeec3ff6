package doctor

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"shadegrad/compute"
	"shadegrad/cpu"
	"shadegrad/internal/backends"
	"shadegrad/internal/dataset"
	"shadegrad/internal/simd"
	"shadegrad/shaders"
)

// TestCPUKernels plants a fault in the CPU's kernels at one level. It makes the CPU unusable only at the level in use.
func TestCPUKernels(t *testing.T) {
	levels, use := simd.Levels(), simd.Current()
	for _, bad := range levels {
		t.Run(bad.String(), func(t *testing.T) {
			f := newFake(t)
			wrong := fault(t, "matmul: the last column is not written")
			f.newCPU = func() compute.Backend {
				if simd.Current() == bad {
					return wrong(cpu.New())
				}
				return cpu.New()
			}
			r := f.examine(t, backends.CPU)
			s := step(t, r, "CPU kernels")
			if s.Status != Failed || !strings.Contains(s.Found, "kernels fail at level "+bad.String()+" (matmul_nn, ") {
				t.Errorf("%s, found %q", s.Status, s.Found)
			}
			if r.Usable != (bad != use) {
				t.Errorf("usable %t, though level %s is in use: %s", r.Usable, use, r.Verdict)
			}
			if simd.Current() != use {
				t.Errorf("level %s is left, it was %s", simd.Current(), use)
			}
			if bad == use && len(levels) > 1 && !strings.HasPrefix(s.Advice[0], "set SHADEGRAD_SIMD=") {
				t.Errorf("advice %q", s.Advice)
			}
		})
	}
}

// TestLowerLevel disables the best kernels.
func TestLowerLevel(t *testing.T) {
	levels, use := simd.Levels(), simd.Current()
	if len(levels) == 1 {
		t.Skip("this machine has one level")
	}
	defer simd.Set(use)
	simd.Set(simd.Off)
	best := levels[len(levels)-1].String()
	s := step(t, newFake(t).examine(t, backends.CPU), "CPU")
	if simd.Current() != simd.Off {
		t.Errorf("level %s is left, it was off", simd.Current())
	}
	if want := "SHADEGRAD_SIMD=off disables the faster " + best + ": unset SHADEGRAD_SIMD"; !slices.Equal(s.Advice, []string{want}) {
		t.Errorf("advice %q, want %q", s.Advice, want)
	}
}

// TestFailedDevice examines a device that fails permanently.
func TestFailedDevice(t *testing.T) {
	f := newFake(t)
	f.gpu = func(b compute.Backend) compute.Backend { return &lost{b, 5} }
	s := step(t, f.examine(t, backends.GPU), "kernels")
	if want := "; the device failed, and the other cases were not tried on " + card; s.Status != Failed || !strings.HasSuffix(s.Found, want) {
		t.Errorf("%s: %q, want %q at its end", s.Status, s.Found, want)
	}
}

// lost is a backend that fails after some programs.
type lost struct {
	compute.Backend
	left int
}

var errLost = errors.New("the GPU was reset")

func (b *lost) Compile(p compute.Program) (compute.Executable, error) {
	if b.left--; b.left < 0 {
		return nil, errLost
	}
	return b.Backend.Compile(p)
}

func (b *lost) Sync() error {
	if b.left < 0 {
		return errLost
	}
	return b.Backend.Sync()
}

// TestData examines a built-in set with a damaged byte, and good and bad directories.
func TestData(t *testing.T) {
	f := newFake(t)
	f.openData = func(dir string, _ dataset.Form) (*dataset.Data, error) {
		d, err := dataset.Open(dir)
		if err == nil && dir == "" {
			d.Test.Labels = slices.Clone(d.Test.Labels)
			d.Test.Labels[9_999] ^= 1
		}
		return d, err
	}
	r := f.examine(t, backends.CPU)
	s := step(t, r, "data")
	const want = "MNIST (built in): t10k-labels-idx1-ubyte: expected SHA-256 ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2, found "
	if s.Status != Failed || !strings.HasPrefix(s.Found, want) || r.Usable || !strings.HasPrefix(r.Verdict, "the CPU can be used; the data cannot be used: ") {
		t.Errorf("%s: %q; verdict %q", s.Status, s.Found, r.Verdict)
	}

	f = newFake(t)
	f.openData = openData
	published := filepath.Join("..", "..", "testdata", "mnist")
	r = run(Config{Backend: backends.CPU, Quick: true, Data: published}, f.machine)
	s = step(t, r, "data directory")
	if want := published + ": 60000 training and 10000 test images of 28×28 in 10 classes"; s.Status != OK || s.Found != want || !r.Usable {
		t.Errorf("%s: %q, want %q; verdict %q", s.Status, s.Found, want, r.Verdict)
	}
	if len(s.Values) != 4 || s.Values[3] != (Value{Name: "t10k-labels-idx1-ubyte", Value: "sha256 ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2"}) {
		t.Errorf("values %v", s.Values)
	}
	r = run(Config{Backend: backends.CPU, Quick: true, Data: t.TempDir()}, f.machine)
	if s = step(t, r, "data directory"); s.Status != Failed || r.Usable {
		t.Errorf("an empty directory: %s: %q; verdict %q", s.Status, s.Found, r.Verdict)
	}
}

// TestCache examines directories that not even root can write. Training works without a cache.
func TestCache(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name   string
		dir    string
		err    error
		vars   map[string]string
		advice string
	}{
		{"a file as parent", filepath.Join(file, "shadegrad"), nil, map[string]string{"XDG_CACHE_HOME": file},
			"XDG_CACHE_HOME=" + file + ": set it to a writable directory, or unset it"},
		{"a file", file, nil, map[string]string{"SHADEGRAD_CACHE": file, "XDG_CACHE_HOME": "/x"},
			"SHADEGRAD_CACHE=" + file + ": set it to a writable directory, or unset it"},
		{"none", "", errors.New("neither $XDG_CACHE_HOME nor $HOME are defined"), nil, "set SHADEGRAD_CACHE to a writable directory"},
		{"no permission", filepath.Dir(file), os.ErrPermission, nil,
			"make " + filepath.Dir(file) + " yours: sudo chown $USER " + filepath.Dir(file) + "; or set SHADEGRAD_CACHE to a writable directory"},
		{"a file without variables", file, nil, nil, "make " + file + " a directory, or set SHADEGRAD_CACHE to a writable one"},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := newFake(t)
			f.vars = c.vars
			f.cacheDir = func() (string, error) { return c.dir, c.err }
			r := f.examine(t, backends.CPU)
			s := step(t, r, "cache")
			if s.Status != Failed || !slices.Equal(s.Advice, []string{c.advice}) || !strings.HasSuffix(s.Found, "; timings will not be remembered") {
				t.Errorf("%s: %q, advice %q, want %q", s.Status, s.Found, s.Advice, c.advice)
			}
			if !r.Usable {
				t.Errorf("without a cache: %s", r.Verdict)
			}
		})
	}
	// The examination removes the directories that it made.
	base := t.TempDir()
	f := newFake(t)
	f.cacheDir = func() (string, error) { return filepath.Join(base, "a", "b"), nil }
	if s := step(t, f.examine(t, backends.CPU), "cache"); s.Status != OK {
		t.Errorf("a directory to be made: %s: %s", s.Status, s.Found)
	}
	if entries, err := os.ReadDir(base); err != nil || len(entries) > 0 {
		t.Errorf("left behind: %v, %v", entries, err)
	}
}

func TestDisk(t *testing.T) {
	for free, want := range map[int64]Status{leastSpace: OK, leastSpace - 1: Failed} {
		f := newFake(t)
		f.space = func(string) (int64, bool) { return free, true }
		r := f.examine(t, backends.CPU)
		if s := step(t, r, "disk"); s.Status != want || !strings.HasPrefix(s.Found, "274.7 MiB free in the working directory, ") || !r.Usable {
			t.Errorf("%d bytes: %s: %s", free, s.Status, s.Found)
		}
	}
	f := newFake(t)
	f.space = func(string) (int64, bool) { return 0, false }
	if s := step(t, f.examine(t, backends.CPU), "disk"); s.Status != Untried {
		t.Errorf("not known: %s", s.Status)
	}
	if n, known := freeSpace("."); known && n <= 0 || !known && runtime.GOOS == "linux" {
		t.Errorf("freeSpace here: %d, %t", n, known)
	}
	if n, known := freeSpace(filepath.Join(t.TempDir(), "none")); known {
		t.Errorf("freeSpace of no directory: %d", n)
	}
}

// TestCases checks that the examination covers all kernels, with fewer cases if it is quick.
func TestCases(t *testing.T) {
	kernels := func(quick bool) int {
		set := map[string]bool{}
		for _, c := range judgeCases(quick) {
			set[c.Kernel] = true
		}
		return len(set)
	}
	if q, a := kernels(true), kernels(false); q < 20 || a < q || len(judgeCases(false)) < 1000 {
		t.Errorf("%d kernels if quick, %d otherwise, in %d cases", q, a, len(judgeCases(false)))
	}
}

// TestSystems reads os-release and checks the command that installs packages.
func TestSystems(t *testing.T) {
	p := packages{debian: "a", fedora: "b", arch: "c"}
	for text, want := range map[string]string{
		"ID=debian":                                    "sudo apt-get install a",
		"ID=ubuntu\nID_LIKE=debian":                    "sudo apt-get install a",
		"ID=linuxmint\nID_LIKE=\"ubuntu debian\"":      "sudo apt-get install a",
		"ID='fedora'":                                  "sudo dnf install b",
		"ID=\"rocky\"\nID_LIKE=\"rhel centos fedora\"": "sudo dnf install b",
		"ID=manjaro\nID_LIKE=arch":                     "sudo pacman -S c",
		"ID=void":                                      "install the packages that are called, in Debian and Ubuntu: a; in Fedora: b; in Arch: c",
		"":                                             "install the packages that are called, in Debian and Ubuntu: a; in Fedora: b; in Arch: c",
	} {
		s := readSystem(fstest.MapFS{"usr/lib/os-release": {Data: []byte(text)}}, "linux", false)
		if got := s.install(p); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
	if s := readSystem(fstest.MapFS{}, "plan9", true); s.name != "plan9" || s.asRoot("x") != "x" {
		t.Errorf("%+v", s)
	}
}

// TestCovering checks that the combinations contain each value of each option once.
func TestCovering(t *testing.T) {
	set := shaders.Embedded()
	kernels, err := set.Kernels()
	if err != nil {
		t.Fatal(err)
	}
	for _, kernel := range kernels {
		options, err := set.Options(kernel)
		if err != nil {
			t.Fatal(err)
		}
		values, got := 1, map[string]bool{}
		for _, o := range options {
			values += max(1, len(o.Values)-1)
		}
		list := covering(options)
		if len(list) != values {
			t.Errorf("%s: %d combinations, want %d", kernel, len(list), values)
		}
		for i, attempts := range list {
			for name, v := range attempts[0] {
				got[name+"="+v] = true
			}
			for _, d := range attempts {
				if _, err := set.Specialise(kernel, d); err != nil {
					t.Error(err)
				}
				for name, v := range attempts[0] { // all attempts keep the changed option
					if i > 0 && list[0][0][name] != v && d[name] != v {
						t.Errorf("%s: attempt %v is without %s=%s", kernel, d, name, v)
					}
				}
			}
		}
		for _, o := range options {
			all := o.Values
			if len(all) == 0 {
				all = []string{"1"}
			}
			for _, v := range all {
				if !got[o.Name+"="+v] {
					t.Errorf("%s: %s=%s is in none of %d combinations", kernel, o.Name, v, len(list))
				}
			}
		}
	}
}

// TestShaders compiles shader sets with faults other than syntax errors.
func TestShaders(t *testing.T) {
	const fill = "#version 430\n// option A\nlayout(local_size_x = 1) in;\nvoid main() {}\n"
	for _, c := range []struct {
		name  string
		files fstest.MapFS
		found string
	}{
		{"none", fstest.MapFS{}, "no file is named *.comp"},
		{"one is missing", fstest.MapFS{"fill.comp": {Data: []byte(fill)}}, "shaders (a file system): kernel activate is missing"},
	} {
		f := newFake(t)
		x := &exam{Config: Config{Opener: backends.Opener{Shaders: shaders.New(c.files)}}, machine: f.machine}
		if s := x.shaders(f.window); s.Status != Failed || s.Found != c.found {
			t.Errorf("%s: %s: %q, want %q", c.name, s.Status, s.Found, c.found)
		}
	}
	for _, c := range []struct {
		name, text string
		want       []string
	}{
		{"includes a missing file", strings.Replace(fill, "void", "#include \"none.glsl\"\nvoid", 1), nil},
		{"refuses all", fill + "#error never\n", []string{"kernel fill refuses each combination with map[]"}},
	} {
		d := &fakeDevice{refuses: "#error never", log: "0:5: #error never"}
		_, refusal, err := compileKernel(d, shaders.New(fstest.MapFS{"fill.comp": {Data: []byte(c.text)}}), "fill")
		if !slices.Equal(refusal, c.want) || (err != nil) != (c.want == nil) {
			t.Errorf("%s: %q, %v", c.name, refusal, err)
		}
	}
}

// TestPrivate checks that a report does not name the user's home directory.
func TestPrivate(t *testing.T) {
	home := filepath.Join(t.TempDir(), "somebody")
	t.Setenv("HOME", home)
	t.Setenv("USERPROFILE", home) // Windows
	r := &Report{Verdict: "in " + home, Steps: []Step{{Found: home, Log: []string{home}, Advice: []string{home}, Values: []Value{{Value: home + "/x"}}}}}
	r.Private()
	s := r.Steps[0]
	if s.Values[0].Value != "~/x" || strings.Contains(r.Verdict+s.Found+s.Log[0]+s.Advice[0], "somebody") {
		t.Errorf("%+v", r)
	}
}

// TestDataOfNumbers examines data sets that are not read from IDX files: the report describes them, and has the digests of
// the sets instead of the files.
func TestDataOfNumbers(t *testing.T) {
	f := newFake(t)
	f.openData = openData
	csv := filepath.Join(t.TempDir(), "houses.csv")
	if err := os.WriteFile(csv, []byte("rooms,area,price\n"+strings.Repeat("1.5,2.5,3.25\n2,0.5,-1.5\n", 20)), 0o666); err != nil {
		t.Fatal(err)
	}
	targets := dataset.Form{Targets: dataset.Columns{Count: 1}}
	for _, x := range []struct {
		where string
		form  dataset.Form
		found string
	}{
		{"xor", dataset.Form{}, "xor: 4 training and 4 test rows with 2 columns of numbers in 2 classes"},
		{csv, targets, csv + ": 32 training and 8 test rows with 2 columns of numbers, and 1 of targets"},
		{"mnist", dataset.Form{Limit: 20}, "mnist: 20 training and 10000 test images of 28×28 in 10 classes"},
	} {
		d, err := openData(x.where, x.form)
		if err != nil {
			t.Fatal(err)
		}
		r := run(Config{Backend: backends.CPU, Quick: true, Data: x.where, Form: x.form}, f.machine)
		want := []Value{{Name: "training set", Value: "sha256 " + d.Train.Digest()}, {Name: "test set", Value: "sha256 " + d.Test.Digest()}}
		if s := step(t, r, "data directory"); s.Status != OK || s.Found != x.found || !slices.Equal(s.Values, want) || !r.Usable {
			t.Errorf("%s: %q %v, want %q %v; verdict %q", s.Status, s.Found, s.Values, x.found, want, r.Verdict)
		}
	}
	r := run(Config{Backend: backends.CPU, Quick: true, Data: csv}, f.machine)
	if s := step(t, r, "data directory"); s.Status != Failed || r.Usable || !strings.Contains(s.Found, "can be the label") {
		t.Errorf("targets as labels: %s: %q; verdict %q", s.Status, s.Found, r.Verdict)
	}
}
