package shaders

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"
)

//go:embed *.comp *.glsl
var files embed.FS

// Variable is the name of the environment variable that FromEnvironment reads.
const Variable = "SHADEGRAD_SHADERS"

// A Set is a directory of kernels and of the files they include.
type Set struct {
	files  fs.FS
	origin string
	edit   func(kernel, text string) string // nil: none
}

// Embedded returns the kernels that are part of the program.
func Embedded() *Set { return &Set{files: files, origin: "built in"} }

// New returns the kernels of a directory. It reads nothing yet.
func New(dir fs.FS) *Set { return &Set{files: dir, origin: "a file system"} }

// FromEnvironment returns the kernels of the directory that SHADEGRAD_SHADERS names, or the
// embedded ones if it is not set. It returns an error if the directory has no kernels.
func FromEnvironment() (*Set, error) {
	dir := os.Getenv(Variable)
	if dir == "" {
		return Embedded(), nil
	}
	s := &Set{files: os.DirFS(dir), origin: dir}
	if _, err := s.Kernels(); err != nil {
		var pathErr *fs.PathError
		if errors.As(err, &pathErr) {
			err = pathErr.Err // its path is ".", the directory itself
		}
		return nil, fmt.Errorf("%s=%s: %w", Variable, dir, err)
	}
	return s, nil
}

// Edited returns a set with the kernels of s, changed by edit. It is called with the name of a kernel
// and the text of a specialisation, which has all included files, and returns the text to compile.
func (s *Set) Edited(edit func(kernel, text string) string) *Set {
	return &Set{files: s.files, origin: s.origin, edit: edit}
}

// Origin says where the kernels come from: "built in", or a directory.
func (s *Set) Origin() string { return s.origin }

// Kernels returns the kernels' names, sorted.
func (s *Set) Kernels() ([]string, error) {
	entries, err := fs.ReadDir(s.files, ".")
	if err != nil {
		return nil, err
	}
	var names []string
	for _, e := range entries {
		if name, ok := strings.CutSuffix(e.Name(), ".comp"); ok && !e.IsDir() {
			names = append(names, name)
		}
	}
	if len(names) == 0 {
		return nil, fmt.Errorf("no file is named *.comp")
	}
	return names, nil
}

// Digest returns a short text that depends on the contents of all files.
func (s *Set) Digest() string {
	h := sha256.New()
	entries, _ := fs.ReadDir(s.files, ".") // files that cannot be read are part of no kernel
	for _, e := range entries {
		if text, err := s.read(e.Name()); err == nil {
			fmt.Fprintf(h, "%s %d %s", e.Name(), len(text), text)
		}
	}
	return hex.EncodeToString(h.Sum(nil)[:6])
}

// An Option is a property of a kernel that specialisation fixes.
type Option struct {
	Name string
	// Values are the possible values. An option without values is set to 1, or not set.
	Values []string
}

// Defines are values of options: {"F": "TANH", "BIAS": "1"}.
type Defines map[string]string

var optionLine = regexp.MustCompile(`^\s*//\s*option\s+([A-Z][A-Z0-9_]*)(?:\s*=\s*([A-Z0-9_]+(?:\s*\|\s*[A-Z0-9_]+)*))?(?:\s|$)`)

// Options returns the options that a kernel declares, in the order of the file.
func (s *Set) Options(kernel string) ([]Option, error) {
	text, err := s.read(kernel + ".comp")
	if err != nil {
		return nil, err
	}
	return options(text), nil
}

func options(text string) []Option {
	var list []Option
	for _, line := range lines(text) {
		m := optionLine.FindStringSubmatch(line)
		if m == nil {
			continue
		}
		o := Option{Name: m[1]}
		for _, v := range strings.Split(m[2], "|") {
			if v = strings.TrimSpace(v); v != "" {
				o.Values = append(o.Values, v)
			}
		}
		list = append(list, o)
	}
	return list
}

// Variants returns the combinations of a kernel's options in a fixed order: all of them, or
// if there are more than most, that many, spread evenly. A kernel may refuse a combination
// with #error.
func (s *Set) Variants(kernel string, most int) ([]Defines, error) {
	opts, err := s.Options(kernel)
	if err != nil {
		return nil, err
	}
	total := 1
	for _, o := range opts {
		total *= len(o.choices())
	}
	count, stride := total, 1
	if count > most {
		// A stride that is coprime to the total visits no combination twice. One near the
		// golden section leaves no large gaps.
		count, stride = most, int(float64(total)*0.618)
		for gcd(stride, total) != 1 {
			stride++
		}
	}
	var list []Defines
	for i := range count {
		list = append(list, combination(opts, i*stride%total))
	}
	return list, nil
}

// choices returns the values of an option. "" stands for an option that is not set.
func (o Option) choices() []string {
	if len(o.Values) == 0 {
		return []string{"", "1"}
	}
	return o.Values
}

// combination returns the combination of options with a number, counted from 0; the last
// option varies fastest.
func combination(opts []Option, number int) Defines {
	d := Defines{}
	for i := len(opts) - 1; i >= 0; i-- {
		values := opts[i].choices()
		if v := values[number%len(values)]; v != "" {
			d[opts[i].Name] = v
		}
		number /= len(values)
	}
	return d
}

func gcd(a, b int) int {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}

// check returns an error unless defines give each option one of its values, and no other
// name a value.
func check(kernel string, opts []Option, defines Defines) error {
	known := map[string]bool{}
	for _, o := range opts {
		known[o.Name] = true
		value, given := defines[o.Name]
		switch {
		case len(o.Values) == 0 && given && value != "1":
			return fmt.Errorf("%s.comp: option %s is %q; want 1, or no value", kernel, o.Name, value)
		case len(o.Values) > 0 && !slices.Contains(o.Values, value):
			return fmt.Errorf("%s.comp: option %s is %q; want one of %s", kernel, o.Name, value, strings.Join(o.Values, ", "))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(defines)) {
		if !known[name] {
			return fmt.Errorf("%s.comp has no option %s", kernel, name)
		}
	}
	return nil
}

// variantName returns the name of a specialisation, such as activate_tanh_bias.
func variantName(kernel string, opts []Option, defines Defines) string {
	name := kernel
	for _, o := range opts {
		value, given := defines[o.Name]
		if !given {
			continue
		}
		if len(o.Values) == 0 {
			value = o.Name
		}
		name += "_" + strings.ToLower(value)
	}
	return name
}

// read returns the text of a file of the set.
func (s *Set) read(name string) (string, error) {
	if !fs.ValidPath(name) {
		return "", fmt.Errorf("%s is outside the directory of shaders", path.Clean(name))
	}
	data, err := fs.ReadFile(s.files, name)
	return string(data), err
}

func lines(text string) []string {
	text = strings.ReplaceAll(text, "\r\n", "\n")
	return strings.Split(strings.TrimSuffix(text, "\n"), "\n")
}
