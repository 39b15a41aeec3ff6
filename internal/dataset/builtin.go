package dataset

import (
	"fmt"

	"shadegrad/internal/dataset/packed"
	"shadegrad/internal/memory"
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
