#!/bin/sh
# Runs each fuzzer of the code that reads files. The argument is the time or the number of inputs
# of each fuzzer: fuzz.sh 5s, or fuzz.sh 40000x. An input that fails is kept under testdata/fuzz of
# its package, and every later go test repeats it. `make fuzz` and `make test-long` call this script.
#
# A count gives the same work on every machine. With a time, go test sometimes reports its own
# deadline as a failure.
set -eu
cd "$(dirname "$0")/.."

time=${1:-40000x}
go=${GO:-go}

# The fuzzers of sgemm and simd compare arithmetic, and their tests have cases of their own.
# Reading files needs no OpenGL and no C compiler.
export CGO_ENABLED=0
for fuzzer in \
	dataset:FuzzIDX dataset:FuzzCSV dataset:FuzzDecimal dataset:FuzzImages dataset:FuzzGunzip dataset/packed:FuzzPacked \
	digit:FuzzLoad safetensors:FuzzDecode capsule:FuzzDecode; do
	package=./internal/${fuzzer%:*} name=${fuzzer#*:}
	echo "shadegrad: $package $name, $time" >&2
	# Without a limit on minimising, most of the time goes into making inputs shorter.
	"$go" test "$package" -run "^$name\$" -fuzz "^$name\$" -fuzztime "$time" -fuzzminimizetime 10x
done
