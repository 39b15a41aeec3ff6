package dataset

import (
	"archive/zip"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"

	"shadegrad/internal/atomicfile"
	"shadegrad/internal/naming"
)

// A role is the purpose of a file of arrays. Errors are reported in this order.
type role int

const (
	trainImages role = iota
	trainLabels
	testImages
	testLabels
	validationImages
	validationLabels
	roles
)

// customary holds the file name of each role in the original MNIST.
var customary = [roles]string{
	"train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte",
}

// images reports whether the role's file holds images.
func (r role) images() bool { return r%2 == 0 }

// magic returns the magic number of the role's file in the original MNIST.
func (r role) magic() uint32 {
	if r.images() {
		return imagesMagic
	}
	return labelsMagic
}

// An arrayName is the parsed name of an IDX, npy or npz file of images or labels.
type arrayName struct {
	role  role
	whole bool   // the name does not state a part
	set   string // the words that do not state a part or the content, joined by hyphens
	idx   bool   // it is like MNIST's names
}

// words divides a name into words.
func words(name string) []string {
	return strings.FieldsFunc(name, func(c rune) bool { return strings.ContainsRune("-_. ", c) })
}

var joinedName = regexp.MustCompile(`^(x|y)(train|test|val)$|^(train|test|t10k|val)(images|labels|x|y)$`)

// parseName parses the name of a file of images or labels in lower or upper case, such as
// emnist-letters-train-images-idx3-ubyte.gz, y_kannada_MNIST_test or k49-train-imgs.npz.
func parseName(name string) (n arrayName, ok bool) {
	name = strings.TrimSuffix(strings.ToLower(name), ".gz")
	ext := path.Ext(name)
	// The names that numpy.savez gives to arrays without one: the first must be images, the second labels.
	content, positional := map[string]string{"arr_0.npy": "images", "arr_1.npy": "labels"}[name]
	part := naming.Whole
	var rest []string
	words := words(name)
	if ext == ".npy" || ext == ".npz" {
		words = words[:len(words)-1]
	}
	for i := 0; i < len(words); i++ {
		w := words[i]
		if m := joinedName.FindStringSubmatch(w); m != nil {
			words = slices.Insert(words, i+1, m[2]+m[4])
			w = m[1] + m[3]
		}
		switch p := naming.PartOf(w); w {
		case "label", "labels", "y", "target", "targets":
			content = "labels"
		case "image", "images", "imgs", "img", "x", "data", "patterns": // patterns as in Infinite MNIST
			if content == "" {
				content = "images"
			}
		case "ubyte", "ubytes", "byte", "int", "idx", "idx1", "idx2", "idx3":
			n.idx = true
		default:
			if p == naming.Whole {
				rest = append(rest, w)
			} else {
				part = p
			}
		}
	}
	n.whole, n.set = part == naming.Whole, strings.Join(rest, "-")
	if positional {
		n.set = ""
	}
	n.role = map[naming.Part]role{naming.Test: testImages, naming.Validation: validationImages}[part]
	if content == "labels" {
		n.role++
	}
	switch ext {
	case ".npy", ".npz":
		ok = content != ""
	case "":
		ok = content != "" && (!n.whole || n.idx)
	default: // a dot before idx
		ok = content != "" && n.idx && !slices.Contains(rest, words[len(words)-1])
	}
	return n, ok && !hidden(name)
}

// arrayFiles returns the names of the files of each wanted role in the directory; found is false if there are none. If only is
// not nil, the files must belong to the set of that name.
func (p place) arrayFiles(wanted []role, only *string) (names [roles]string, found bool, err error) {
	entries, err := fs.ReadDir(p.fsys, ".")
	if err != nil {
		return names, false, fmt.Errorf("%s: %w", p.name, atomicfile.Cause(err))
	}
	// Some archives unpack each file into a directory of the file's name. Such a directory counts only if there is
	// nothing else.
	var candidates, directories [roles][]string
	whole := true
	parts := slices.ContainsFunc(entries, func(e fs.DirEntry) bool {
		n, ok := parseName(e.Name())
		return ok && !n.whole
	})
	for _, e := range entries {
		n, ok := parseName(e.Name())
		switch dir := p.isDir(".", e); {
		case !ok, n.whole && parts, only != nil && n.set != *only, dir && !n.idx, path.Ext(e.Name()) == ".npz" && !hasLabels(entries, n):
		case dir:
			directories[n.role] = append(directories[n.role], e.Name())
		default:
			candidates[n.role] = append(candidates[n.role], e.Name())
			whole = whole && (n.whole || !n.idx && n.role != testImages && n.role != testLabels)
		}
	}
	first := "" // file, of a wanted role if there is one
	for r := range roles {
		if len(candidates[r]) == 0 {
			candidates[r] = directories[r]
		}
		for i, name := range candidates[r] {
			// The directory is sorted: a name precedes the same name with .gz.
			switch {
			case i == 0:
				names[r] = name
			case name != names[r]+".gz":
				return names, true, fmt.Errorf("%s: both %s and %s could hold the %s; %s", p.name, names[r], name, r, p.chooseOne())
			}
		}
		if n, _ := parseName(first); names[r] != "" && (first == "" || !slices.Contains(wanted, n.role)) {
			first = names[r]
		}
	}
	if first == "" {
		return names, false, nil
	}
	if first == "arr_0.npy" && exists(p.fsys, "arr_2.npy") {
		return names, true, fmt.Errorf("%s: several arrays without names; save them as numpy.savez(FILE, x_train=…, y_train=…, x_test=…, y_test=…)", p.name)
	}
	of, _ := parseName(first)
	for _, r := range wanted {
		switch n, _ := parseName(names[r]); {
		case names[r] == "" && r >= testImages && names[r^1] == "" && (whole || p.whole || r >= validationImages):
			// The test part is taken from the training part. A validation part is optional.
		case names[r] == "":
			return names, true, fmt.Errorf("%s: %s is missing (with or without .gz), which goes with %s", p.name, sibling(first, r), first)
		case n.set != of.set:
			return names, true, fmt.Errorf("%s: %s and %s belong to different data sets; %s", p.name, first, names[r], p.chooseOne())
		}
	}
	return names, true, nil
}

// chooseOne is the remedy where several files could hold the data.
func (p place) chooseOne() string {
	if _, ok := p.fsys.(*zip.Reader); ok {
		return "unpack the archive and choose one with -data=DIRECTORY/FILE"
	}
	return "choose one with -data=DIRECTORY/FILE"
}

// hasLabels reports whether a directory has the labels of an image file, or the images of a label file. An npz
// file without a counterpart is likely to hold both.
func hasLabels(entries []fs.DirEntry, n arrayName) bool {
	return slices.ContainsFunc(entries, func(e fs.DirEntry) bool {
		other, ok := parseName(e.Name())
		n.idx = other.idx
		other.role ^= 1
		return ok && other == n
	})
}

// sibling returns the name of role r's file next to the file name.
func sibling(name string, r role) string {
	if n, _ := parseName(name); !n.idx || n.whole {
		return "a file of " + r.String()
	}
	prefix, test := "", "t10k-"
	if at := strings.Index(name, "train-"); at >= 0 {
		prefix = name[:at]
	} else if at := strings.Index(name, "test-"); at >= 0 {
		prefix, test = name[:at], "test-"
	} else if at := strings.Index(name, "t10k-"); at >= 0 {
		prefix = name[:at]
	}
	return prefix + strings.Replace(customary[r], "t10k-", test, 1)
}

func (r role) String() string {
	return [roles]string{"training images", "training labels", "test images", "test labels", "validation images", "validation labels"}[r]
}
