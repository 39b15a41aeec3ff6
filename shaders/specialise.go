package shaders

import (
	"fmt"
	"maps"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// A Source is the text of a specialised kernel, for the driver's compiler.
type Source struct {
	Name string // such as matmul_tn or activate_relu_bias
	Text string
	// Files are the files of Text. Their indices are the file numbers of #line.
	Files []string
}

// Specialise returns the source of a kernel with its options set. The text depends only on
// the files and the defines. An error names the file, and the line if there is one.
func (s *Set) Specialise(kernel string, defines Defines) (Source, error) {
	file := kernel + ".comp"
	text, err := s.read(file)
	if err != nil {
		return Source{}, fmt.Errorf("kernel %s: %w", kernel, err)
	}
	version, body, _ := strings.Cut(strings.ReplaceAll(text, "\r\n", "\n"), "\n")
	if !strings.HasPrefix(version, "#version ") {
		return Source{}, fmt.Errorf("%s:1: the first line must be a #version, such as #version 430", file)
	}
	opts := options(text)
	if err := check(kernel, opts, defines); err != nil {
		return Source{}, err
	}
	x := expansion{set: s}
	x.text.WriteString(version + "\n")
	for _, name := range slices.Sorted(maps.Keys(defines)) {
		fmt.Fprintf(&x.text, "#define %s %s\n", name, defines[name])
	}
	if err := x.add(file, body, 2, nil); err != nil {
		return Source{}, err
	}
	expanded := strings.Map(ascii, x.text.String())
	if s.edit != nil {
		expanded = s.edit(kernel, expanded)
	}
	return Source{Name: variantName(kernel, opts, defines), Text: expanded, Files: x.files}, nil
}

// ascii replaces characters that are not ASCII. GLSL allows them in comments since 4.20, but
// not every compiler accepts them.
func ascii(r rune) rune {
	if r > 0x7e {
		return '?'
	}
	return r
}

// An expansion is the part of a source that has been written.
type expansion struct {
	set   *Set
	text  strings.Builder
	files []string
}

// add appends the text of a file, which begins with line first, and replaces its #include
// lines. chain lists the files that are being included.
func (x *expansion) add(file, text string, first int, chain []string) error {
	number := len(x.files)
	x.files = append(x.files, file)
	chain = append(chain, file)
	x.line(first, number)
	for i, line := range lines(text) {
		m := directive.FindStringSubmatch(line)
		switch {
		case m == nil:
			x.text.WriteString(line + "\n")
		case m[1] == "include":
			if err := x.include(file, m[2], chain); err != nil {
				return fmt.Errorf("%s:%d: %w", file, first+i, err)
			}
			x.line(first+i+1, number)
		default:
			return fmt.Errorf("%s:%d: #version may only be the first line of a kernel", file, first+i)
		}
	}
	return nil
}

// line writes the directive that gives the next line a number in a file.
func (x *expansion) line(line, file int) { fmt.Fprintf(&x.text, "#line %d %d\n", line, file) }

var (
	directive = regexp.MustCompile(`^\s*#\s*(include|version)\b(.*)$`)
	quoted    = regexp.MustCompile(`^\s*"([^"]+)"\s*(//.*)?$`)
)

// include adds the file that an #include line of another file names.
func (x *expansion) include(from, rest string, chain []string) error {
	m := quoted.FindStringSubmatch(rest)
	if m == nil {
		return fmt.Errorf(`write #include "file.glsl", not #include %s`, strings.TrimSpace(rest))
	}
	name := path.Join(path.Dir(from), m[1])
	if slices.Contains(chain, name) {
		return fmt.Errorf("%s includes itself: %s", name, strings.Join(append(chain, name), ", which includes "))
	}
	if slices.Contains(x.files, name) {
		return nil
	}
	text, err := x.set.read(name)
	if err != nil {
		return fmt.Errorf("#include: %w", err)
	}
	return x.add(name, text, 1, chain)
}

// location matches a place in a driver's log: Mesa writes "1:12(5): error" and "1:12: error",
// NVIDIA "1(12) : error", and AMD, Intel and Apple "ERROR: 1:12: ".
var location = regexp.MustCompile(`^((?:ERROR|WARNING): )?(\d+)(?::(\d+)(?:\((\d+)\))?|\((\d+)\)) ?: `)

// Rewrite replaces file numbers by names in the log of a driver that compiled the source:
// "1:12(5): error" becomes "activations.glsl:12:5: error". Other lines do not change.
func (s Source) Rewrite(log string) string {
	list := strings.Split(strings.TrimRight(log, "\r\n\x00 "), "\n")
	for i, line := range list {
		m := location.FindStringSubmatchIndex(line)
		if m == nil {
			continue
		}
		group := func(n int) string {
			if m[2*n] < 0 {
				return ""
			}
			return line[m[2*n]:m[2*n+1]]
		}
		number, err := strconv.Atoi(group(2))
		if err != nil || number >= len(s.Files) {
			continue
		}
		place := s.Files[number] + ":" + group(3) + group(5)
		if column := group(4); column != "" {
			place += ":" + column
		}
		list[i] = group(1) + place + ": " + line[m[1]:]
	}
	return strings.Join(list, "\n")
}
