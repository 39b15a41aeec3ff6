package dataset

import (
	"errors"
	"fmt"
	"io/fs"
	"regexp"
	"strings"
)

// A role is the purpose of an IDX file. Faults are reported in this order.
type role int

const (
	trainImages role = iota
	trainLabels
	testImages
	testLabels
	roles
)

// customary holds the file name of each role in the original MNIST.
var customary = [roles]string{
	"train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte",
}

// magic returns the magic number of the role's file.
func (r role) magic() uint32 {
	if r == trainImages || r == testImages {
		return imagesMagic
	}
	return labelsMagic
}

// fileName matches the names of files in MNIST's format: the customary ones, those with a dot before idx, and those of
// EMNIST, with a prefix, and test for t10k.
var fileName = regexp.MustCompile(`^(?:(.+)[-_.])?(train|t10k|test)-(images[-.]idx3|labels[-.]idx1)-ubyte(?:\.gz)?$`)

// parseName returns the role of a file and the prefix of its name.
func parseName(name string) (r role, prefix string, ok bool) {
	m := fileName.FindStringSubmatch(name)
	if m == nil {
		return 0, "", false
	}
	if m[2] != "train" {
		r = testImages
	}
	if strings.HasPrefix(m[3], "labels") {
		r++
	}
	return r, m[1], true
}

// find returns the name of the file of each wanted role in the directory fsys. Errors do not name the directory.
func find(fsys fs.FS, wanted []role) (names [roles]string, err error) {
	entries, err := fs.ReadDir(fsys, ".")
	if err != nil {
		return names, reason(err)
	}
	// Some archives unpack each file into a directory of the file's name. Such a directory counts only if there is
	// nothing else, for the message.
	var candidates, directories [roles][]string
	for _, e := range entries {
		r, _, ok := parseName(e.Name())
		if !ok {
			continue
		}
		if e.IsDir() {
			directories[r] = append(directories[r], e.Name())
		} else {
			candidates[r] = append(candidates[r], e.Name())
		}
	}
	found := ""
	for _, r := range wanted {
		if len(candidates[r]) == 0 {
			candidates[r] = directories[r]
		}
		for i, name := range candidates[r] {
			// The directory is sorted: a name precedes the same name with .gz.
			switch {
			case i == 0:
				names[r] = name
			case name != names[r]+".gz":
				return names, fmt.Errorf("both %s and %s could hold the %s; keep one of them in this directory", names[r], name, r)
			}
		}
		if found == "" {
			found = names[r]
		}
	}
	if found == "" {
		var looked []string
		for _, r := range wanted {
			looked = append(looked, customary[r])
		}
		return names, errors.New("no data found; looked for " + strings.Join(looked, ", ") +
			", each with or without .gz, a dot before idx, a prefix, or test for t10k")
	}
	_, prefix, _ := parseName(found)
	for _, r := range wanted {
		if names[r] == "" {
			return names, fmt.Errorf("%s is missing (with or without .gz), which goes with %s", sibling(found, r), found)
		}
		if _, p, _ := parseName(names[r]); p != prefix {
			return names, fmt.Errorf("%s and %s belong to different data sets; keep one of them in this directory", found, names[r])
		}
	}
	return names, nil
}

// sibling returns the name of role r's file next to the file name.
func sibling(name string, r role) string {
	_, prefix, _ := parseName(name)
	if prefix == "" {
		return customary[r]
	}
	s := name[:len(prefix)+1] + customary[r]
	if !strings.Contains(name, "t10k-") {
		s = strings.Replace(s, "t10k-", "test-", 1)
	}
	return s
}

func (r role) String() string {
	return [roles]string{"training images", "training labels", "test images", "test labels"}[r]
}
