#!/bin/sh
# All tests: formatting, vet, the tests under Xvfb with the GPU's, the build for
# the CPU alone with its tests, and those of the benchmarks' scripts. Called by
# `make test`.
#
# SHADEGRAD_REQUIRE_GPU=1 makes it a failure that the GPU's tests cannot run.
set -eu
cd "$(dirname "$0")/.."

go=${GO:-go}
say() { echo "shadegrad: $*" >&2; }

# Go's ./... leaves out directories called testdata.
packages="./... ./testdata"

sh .ci/setup.sh check

gpu=no
display=
if sh .ci/setup.sh install-test; then
	gpu=yes
	if [ "$(uname -s)" = Linux ]; then
		# Without -noreset the server starts anew whenever its last client leaves, and
		# who comes just then finds no display.
		display="xvfb-run -a --server-args=-noreset"
	fi
fi
if [ "$gpu" = yes ]; then
	export SHADEGRAD_REQUIRE_GPU=1
elif [ "${SHADEGRAD_REQUIRE_GPU:-}" = 1 ]; then
	say "SHADEGRAD_REQUIRE_GPU=1, but the GPU's tests cannot run"
	exit 1
else
	say "the GPU's tests are left out, or skipped where they find no OpenGL"
fi
tags=$(sh .ci/setup.sh tags)

say "gofmt"
unformatted=$("$("$go" env GOROOT)/bin/gofmt" -l .)
if [ -n "$unformatted" ]; then
	say "not formatted (gofmt -w):" "$unformatted"
	exit 1
fi

# shellcheck disable=SC2086 # lists
{
	say "go vet"
	"$go" vet ${tags:+-tags "$tags"} $packages

	say "go test${tags:+ -tags $tags}${display:+, under Xvfb}"
	$display "$go" test ${tags:+-tags "$tags"} $packages

	say "go test without cgo, and without SIMD"
	export CGO_ENABLED=0 SHADEGRAD_SIMD=off
	unset SHADEGRAD_REQUIRE_GPU
	"$go" build $packages
	"$go" vet $packages
	"$go" test $packages
}

# The benchmarks against other programs, and what trains the presets, are in Python, which
# nothing else needs.
python=${PYTHON:-python3}
if "$python" -c 'import sys; sys.exit(sys.version_info < (3, 9))' 2>/dev/null; then
	for scripts in peers records; do
		say "tests of testdata/$scripts"
		(cd "testdata/$scripts" && "$python" -B -m unittest)
	done
else
	say "the tests of testdata/peers and testdata/records are left out: $python is missing, or older than Python 3.9"
fi
say "all tests passed"
