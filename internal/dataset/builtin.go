package dataset

import (
	"errors"
	"fmt"

	"shadegrad/internal/dataset/packed"
	"shadegrad/internal/memory"
	"shadegrad/testdata"
)

// builtIn is the MNIST in the program itself.
var builtIn = source{"MNIST (built in)", "built-in MNIST: ", customary, readBuiltIn}

// builtInFile returns the packed IDX file of role r.
func builtInFile(r role) []byte {
	return [roles][]byte{testdata.TrainImages, testdata.TrainLabels, testdata.TestImages, testdata.TestLabels}[r]
}

// readBuiltIn unpacks the built-in file of role r.
func readBuiltIn(r role, budget *memory.Budget) (*idxFile, error) {
	src := builtInFile(r)
	size, err := packed.Size(src)
	if err != nil {
		return nil, err
	}
	if err := take(budget, int64(size)); err != nil {
		return nil, fmt.Errorf("no room to unpack it: %w", err)
	}
	data := allocate(size)
	if err := packed.Decode(data, src); err != nil {
		return nil, err
	}
	header := headerSize(r.magic())
	if size < header {
		return nil, errors.New("truncated")
	}
	x, values, err := parseHeader(data[:header], r.magic(), int64(size), "")
	if err != nil {
		return nil, err
	}
	x.values = data[header : header+values]
	return x, nil
}
