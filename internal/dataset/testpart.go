package dataset

import (
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"shadegrad/internal/memory"
	"shadegrad/internal/naming"
	"shadegrad/internal/unpack"
)

// readParts reads a data set. If the options name test data, these replace the test part.
func (p place) readParts(where string) (*Data, error) {
	if n := p.form.Targets.Count; n < 0 {
		return nil, fmt.Errorf("%d columns of targets: expected 0 or more", n)
	}
	from := p.form.TestData
	if from == "" {
		return p.read(where)
	}
	p.form.TestData, p.whole = "", true
	if isTable(where) && isTable(from) { // both have the same columns
		p.fsys, p.name, p.available = unpack.Paths{}, where, memory.Available()
		return p.openPair(tableFiles{naming.Train: where, naming.Test: from})
	}
	p.testOnly = false
	data, err := p.read(where)
	if err != nil {
		return nil, err
	}
	if data.Whole {
		data.Train, data.Whole = data.Test, false
	} else {
		data.addNote(data.Name + " has a test part too, which is not used")
	}
	if p.form.Learned == nil {
		p.form.Learned = &Learned{Classes: data.ClassNames, Features: data.Features, Label: data.Label, Look: data.Look}
	}
	p.testOnly = true
	other, err := p.read(from)
	if err != nil {
		return nil, err
	}
	data.Test = other.Test
	a, b := &data.Train, &data.Test
	if a.Width != b.Width || a.Height != b.Height || (a.Values == nil) != (b.Values == nil) || a.Outputs != b.Outputs {
		return nil, fmt.Errorf("%s: the samples are not like those of %s: %d×%d numbers or pixels, expected %d×%d", from, data.Name, b.Width, b.Height, a.Width, a.Height)
	}
	if data.ClassNames != nil && other.ClassNames != nil {
		for i, label := range b.Labels {
			class := slices.Index(data.ClassNames, other.ClassNames[label])
			if class < 0 {
				return nil, fmt.Errorf("%s: the class %s does not occur in %s", from, strconv.Quote(other.ClassNames[label]), data.Name)
			}
			b.Labels[i] = byte(class)
		}
	}
	if other.Note != "" {
		data.addNote("test data: " + other.Note)
	}
	data.countClasses()
	return data, nil
}

// isTable reports whether a path is that of a CSV file, by its name.
func isTable(where string) bool {
	info, err := os.Stat(where)
	return err == nil && info.Mode().IsRegular() && tableName.MatchString(filepath.Base(where))
}

// stem returns a file's name without the extension.
func stem(file string) string { return strings.TrimSuffix(file, path.Ext(file)) }
