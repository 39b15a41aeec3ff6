package dataset

import (
	"fmt"

	"shadegrad/internal/dataset/packed"
	"shadegrad/internal/memory"
	"shadegrad/internal/toy"
	"shadegrad/testdata"
)

// builtIn is the MNIST in the program itself.
var builtIn = source{name: "MNIST (built in)", prefix: "built-in MNIST: ", names: customary, file: readBuiltIn}

// builtInFile returns the packed IDX file of role r.
func builtInFile(r role) []byte {
	return [roles][]byte{testdata.TrainImages, testdata.TrainLabels, testdata.TestImages, testdata.TestLabels}[r]
}

// readBuiltIn unpacks the built-in file of role r.
func readBuiltIn(r role, budget *memory.Budget) (*array, error) {
	src := builtInFile(r)
	size, err := packed.Size(src)
	if err != nil {
		return nil, err
	}
	if err := budget.Take(int64(size)); err != nil {
		return nil, fmt.Errorf("no room to unpack it: %w", err)
	}
	data := allocate(size)
	if err := packed.Decode(data, src); err != nil {
		return nil, err
	}
	x, values, err := parseHeader(data[:min(size, maxArrayHeader)], r, int64(size), "")
	if err != nil {
		return nil, err
	}
	x.values = data[x.start : x.start+values]
	return x, nil
}

// builtInNames lists the names of the built-in data sets.
const builtInNames = "mnist, xor, halfplane, spiral and moons"

// IsBuiltIn reports whether Open takes where for a built-in data set instead of a path.
func IsBuiltIn(where string) bool {
	_, ok := toy.Sets[where]
	return ok || where == "" || where == "mnist"
}

// openToy returns a built-in data set of points.
func openToy(t toy.Set) *Data {
	part := func(test bool, n int) Set {
		s := Set{Width: 2, Height: 1, Classes: t.Classes}
		s.Values, s.Labels = t.Points(test, n)
		s.origin = func(i int) string { return fmt.Sprintf("%s: sample %d: label out of range", t.Name, i+1) }
		return s
	}
	return &Data{Name: t.Name, Train: part(false, t.Train), Test: part(true, t.Test)}
}
