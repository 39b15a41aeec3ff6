#!/bin/sh
# Runs each fuzzer of the code that reads files. The argument is the time or the number of inputs
# of each fuzzer: fuzz.sh 5s, or fuzz.sh 10000x. A failing input is saved under testdata/fuzz of its
# package, and every later go test repeats it. `make fuzz` and `make test-long` call this script.
#
# A number of inputs is the same work on every machine. With a time, go test sometimes reports its
# own deadline as a failure.
set -eu
cd "$(dirname "$0")/.."

time=${1:-10000x}
go=${GO:-go}

# The fuzzers of sgemm and simd are omitted: they compare arithmetic, and their tests have enough cases.
# The readers work without OpenGL and a C compiler.
export CGO_ENABLED=0
for fuzzer in \
	dataset:FuzzIDX dataset:FuzzArrays dataset:FuzzCSV dataset:FuzzOpen table/dialect:FuzzDecimal dataset:FuzzImages unpack:FuzzGunzip dataset/packed:FuzzPacked \
	picture:FuzzPicture picture/tree:FuzzLabels digit:FuzzPrepare safetensors:FuzzDecode onnx:FuzzDecode exchange:FuzzONNX exchange:FuzzNpz capsule:FuzzDecode compare:FuzzRead; do
	package=./internal/${fuzzer%:*} name=${fuzzer#*:}
	echo "shadegrad: $package $name, $time" >&2
	# Without this limit, most of the time goes into minimising inputs.
	"$go" test "$package" -run "^$name\$" -fuzz "^$name\$" -fuzztime "$time" -fuzzminimizetime 10x
done
