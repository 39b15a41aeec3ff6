// Command shadegrad trains multilayer perceptrons on MNIST-class data, on a GPU
// through OpenGL compute shaders or on the CPU. "shadegrad help" lists its commands.
package main

import (
	"os"

	"shadegrad/internal/cli"
)

func main() { os.Exit(cli.Main()) }
