// Command pack writes the built-in data files from the published files of MNIST.
//
//	go run ./internal/dataset/packed/pack testdata/mnist/*.gz
//
// writes the data of each FILE.gz to FILE.packed, in the form of shadegrad/internal/dataset/packed.
package main

import (
	"compress/gzip"
	"fmt"
	"io"
	"os"
	"strings"

	"shadegrad/internal/dataset/packed"
)

func main() {
	for _, path := range os.Args[1:] {
		if err := pack(path); err != nil {
			fmt.Fprintf(os.Stderr, "pack: %s: %v\n", path, err)
			os.Exit(1)
		}
	}
}

func pack(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	r, err := gzip.NewReader(f)
	if err != nil {
		return err
	}
	data, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	return os.WriteFile(strings.TrimSuffix(path, ".gz")+".packed", packed.Encode(data), 0o644)
}
