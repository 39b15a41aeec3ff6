// Command shadegrad trains multilayer perceptrons on MNIST-class data, on a GPU
// through OpenGL compute shaders or on the CPU. "shadegrad help" says how.
package main

import (
	"os"
	"time"

	"shadegrad/internal/glctx"
)

// started is as near to the start of the process as a Go program can ask.
var started = time.Now()

func main() {
	os.Exit(glctx.Main(func() int {
		a := &app{name: os.Args[0], stdout: os.Stdout, stderr: os.Stderr, env: os.Getenv, started: started}
		return a.run(os.Args[1:])
	}))
}
