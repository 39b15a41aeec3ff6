#!/bin/sh
# Lets each fuzzer of what reads files try for a while, fuzz.sh 5s, or so many times, fuzz.sh 40000x. What it finds is kept
# under testdata/fuzz of its package, and every later go test tries it again. Called by
# `make fuzz`. Without -fuzzminimizetime most of the time would go into making inputs shorter.
set -eu
cd "$(dirname "$0")/.."

time=${1:-5s}
go=${GO:-go}

# Those of the kernels (sgemm, simd) compare arithmetic, and have cases of their own in the tests.
# OpenGL is not needed to read files, nor is what it takes to build it.
export CGO_ENABLED=0
for fuzzer in \
	dataset:FuzzIDX dataset:FuzzCSV dataset:FuzzDecimal dataset:FuzzImages dataset:FuzzGunzip dataset/packed:FuzzPacked \
	digit:FuzzLoad safetensors:FuzzDecode capsule:FuzzDecode; do
	package=./internal/${fuzzer%:*} name=${fuzzer#*:}
	echo "shadegrad: $package $name, $time" >&2
	"$go" test "$package" -run "^$name\$" -fuzz "^$name\$" -fuzztime "$time" -fuzzminimizetime 10x
done
