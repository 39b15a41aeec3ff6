package shaders

import (
	"fmt"
	"path"
	"regexp"
	"strconv"
	"strings"
)

// A Source is the text of one specialisation of a kernel, ready for a compiler.
type Source struct {
	Name string // matmul_tn, activate_relu_bias
	Text string
	// Files are the files that Text was made of; their places in the list are
	// the numbers that #line gives them.
	Files []string
}

// Specialise makes the source of a kernel with its options set. The text depends
// on nothing but the files and the defines. An error names the file, and the line
// where there is one.
func (s *Set) Specialise(kernel string, defines Defines) (Source, error) {
	file := kernel + ".comp"
	text, err := s.read(file)
	if err != nil {
		return Source{}, fmt.Errorf("kernel %s: %w", kernel, err)
	}
	version, body, _ := strings.Cut(strings.ReplaceAll(text, "\r\n", "\n"), "\n")
	if !strings.HasPrefix(version, "#version ") {
		return Source{}, fmt.Errorf("%s:1: the first line must be #version, as #version 430", file)
	}
	opts := options(text)
	if err := check(kernel, opts, defines); err != nil {
		return Source{}, err
	}
	x := expansion{set: s}
	x.text.WriteString(version + "\n")
	for _, name := range sorted(defines) {
		fmt.Fprintf(&x.text, "#define %s %s\n", name, defines[name])
	}
	if err := x.add(file, body, 2, nil); err != nil {
		return Source{}, err
	}
	return Source{Name: variantName(kernel, opts, defines), Text: strings.Map(ascii, x.text.String()), Files: x.files}, nil
}

// ascii replaces what is not ASCII. GLSL allows it in comments since 4.20, but
// not every compiler has heard of it.
func ascii(r rune) rune {
	if r > 0x7e {
		return '?'
	}
	return r
}

// An expansion is a source in the making.
type expansion struct {
	set   *Set
	text  strings.Builder
	files []string
}

// add appends the text of a file, which begins at its line first, with the files
// it includes in their places. chain is the files that are being included.
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
			return fmt.Errorf("%s:%d: #version must be the first line of a kernel, and be nowhere else", file, first+i)
		}
	}
	return nil
}

// line tells the compiler that what follows is a line of a file.
func (x *expansion) line(line, file int) { fmt.Fprintf(&x.text, "#line %d %d\n", line, file) }

var (
	directive = regexp.MustCompile(`^\s*#\s*(include|version)\b(.*)$`)
	quoted    = regexp.MustCompile(`^\s*"([^"]+)"\s*(//.*)?$`)
)

// include adds the file that a line of another asks for.
func (x *expansion) include(from, rest string, chain []string) error {
	m := quoted.FindStringSubmatch(rest)
	if m == nil {
		return fmt.Errorf(`write #include "file.glsl", not #include %s`, strings.TrimSpace(rest))
	}
	name := path.Join(path.Dir(from), m[1])
	if contains(chain, name) {
		return fmt.Errorf("%s includes itself: %s", name, strings.Join(append(chain, name), ", which includes "))
	}
	if contains(x.files, name) {
		return nil
	}
	text, err := x.set.read(name)
	if err != nil {
		return fmt.Errorf("#include: %w", err)
	}
	return x.add(name, text, 1, chain)
}

// location is a place in a driver's log, in the ways they are written:
// "1:12(5): error" and "1:12: error" by Mesa, "1(12) : error" by NVIDIA,
// "ERROR: 1:12: " by AMD, Intel and Apple.
var location = regexp.MustCompile(`^((?:ERROR|WARNING): )?(\d+)(?::(\d+)(?:\((\d+)\))?|\((\d+)\)) ?: `)

// Rewrite replaces, in the log of a driver that compiled the source, the numbers
// of files and lines by names: "1:12(5): error" becomes "activations.glsl:12:5:
// error". What it does not understand it leaves.
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
