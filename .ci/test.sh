#!/bin/sh
# Runs the tests.
#
#   test.sh        gofmt, go vet, go test -short, and the tests of the Python scripts (make test)
#   test.sh long   go test without -short, and the fuzzers (make test-long); what computes is also
#                  built for arm64 and tested by QEMU, with -short
#
# Go's tests run twice: with cgo under Xvfb, so that the GPU backend is tested too, and then
# without cgo and without SIMD. The second run omits packages whose code is the same in both, and
# the commands of the documentation. Of the command it tests only what computes and what opens a GPU.
# At the end the script prints how long each package took.
#
# With SHADEGRAD_REQUIRE_GPU=1 the script fails if the tests of the GPU backend cannot run, and with
# SHADEGRAD_REQUIRE_TOOLS=1 if those of the sanitizers, of MinGW, of Wine, of arm64 or with Python's packages cannot.
# SHADEGRAD_PYTHON names the Python that has the packages of .ci/requirements.txt, if it is not bin/python.
set -eu
cd "$(dirname "$0")/.."

go=${GO:-go}
say() { echo "shadegrad: $*" >&2; }

case ${1:-short} in
short)
	kind=-short
	deadline=45m # make test takes about 5 minutes on two cores; this allows for much slower machines
	;;
long)
	kind=
	deadline=3h
	;;
*)
	say "usage: test.sh [long]"
	exit 2
	;;
esac

# The pattern ./... omits directories named testdata.
packages="./... ./testdata"

sh .ci/setup.sh check

gpu=no
display=
if [ "$kind" != -short ]; then
	sh .ci/setup.sh install-long
	export SHADEGRAD_PYTHON="${SHADEGRAD_PYTHON:-$PWD/bin/python/bin/python}"
fi
if sh .ci/setup.sh install-test; then
	gpu=yes
	if [ "$(uname -s)" = Linux ]; then
		# Without -noreset the server restarts when its last client leaves. A client that
		# connects during the restart finds no display.
		display="xvfb-run -a --server-args=-noreset"
	fi
	# Most of the time goes into compiling kernels. Mesa's llvmpipe compiles them almost twice
	# as fast without optimisation.
	export GALLIVM_PERF="${GALLIVM_PERF:-nopt}"
	if [ "$kind" = -short ]; then
		# Small networks take longer with threads of llvmpipe, which wait for each other.
		export LP_NUM_THREADS="${LP_NUM_THREADS:-0}"
	fi
fi
if [ "$gpu" = yes ]; then
	export SHADEGRAD_REQUIRE_GPU=1
elif [ "${SHADEGRAD_REQUIRE_GPU:-}" = 1 ]; then
	say "the tests of the GPU backend cannot run, but SHADEGRAD_REQUIRE_GPU=1 requires them"
	exit 1
else
	say "the tests of the GPU backend are omitted, or skipped where they find no OpenGL"
fi
tags=$(sh .ci/setup.sh tags)

log=$(mktemp)
failed=

# report prints the log's lines "ok PACKAGE SECONDS", the slowest package first.
report() {
	say "seconds per package"
	awk '/^RUN /{run = substr($0, 5)} /^(ok|FAIL)[ \t]/ && $3 ~ /s$/ {printf "%8.1f  %s%s\n", $3, $2, run}' "$log" | sort -rn >&2
	rm -f "$log"
	[ -z "$failed" ] || say "tests failed: $failed"
}
trap report EXIT

# run runs a go test command and copies its output to the log. NAME distinguishes the two runs.
run() {
	name=$1
	shift
	say "go test${kind:+ $kind}${name:+,$name}"
	echo "RUN $name" >>"$log"
	{ "$@" 2>&1 || echo "FAIL	(exit status $?)"; } | tee -a "$log"
	if grep -q '^FAIL' "$log"; then
		failed=$(awk '/^FAIL\t/{print $2}' "$log" | tr '\n' ' ')
		exit 1
	fi
}

if [ "$kind" = -short ]; then
	say "gofmt"
	unformatted=$("$("$go" env GOROOT)/bin/gofmt" -l .)
	if [ -n "$unformatted" ]; then
		say "not formatted; run gofmt -w:" "$unformatted"
		exit 1
	fi
	say "go vet"
	# shellcheck disable=SC2086 # lists
	"$go" vet ${tags:+-tags "$tags"} $packages
	# shellcheck disable=SC2086
	CGO_ENABLED=0 "$go" vet $packages
fi

# shellcheck disable=SC2086
run "" $display "$go" test $kind -timeout "$deadline" ${tags:+-tags "$tags"} $packages

export CGO_ENABLED=0 SHADEGRAD_SIMD=off
unset SHADEGRAD_REQUIRE_GPU
# shellcheck disable=SC2086
"$go" build $packages
module=$("$go" list -m | sed 's/\./\\./g')
# shellcheck disable=SC2086
differ=$("$go" list -test -f '{{.ImportPath}} {{join .Deps " "}}' $packages |
	grep -E " $module/internal/(simd|glctx)( |\$)" | grep -vE "^$module/(docs|internal/hunt|internal/exchange|internal/wine|internal/release|internal/cli|internal/cli/reading)\." | sed -n 's/^\([^ ]*\)\.test .*/\1/p')
# shellcheck disable=SC2086
run " no cgo, no SIMD" "$go" test $kind -timeout "$deadline" $differ
# shellcheck disable=SC2086
run " no cgo, no SIMD" "$go" test $kind -timeout "$deadline" \
	-run '^Test(NoSupport|Doctor(NoSupport|CPU|Wrong)|Bench$|Gradcheck|Verify|Verbose|Shadow(Catches|Resumes)|SIMD|Threads)' ./internal/cli

if [ "$kind" = "" ]; then
	# What cannot run here must at least compile, tests too. Windows is built with cgo, so that the GPU backend is, and macOS
	# for arm64, whose assembly go vet checks.
	say "go vet for macOS and Windows"
	# shellcheck disable=SC2086
	GOOS=darwin GOARCH=arm64 "$go" vet $packages
	if command -v x86_64-w64-mingw32-gcc >/dev/null; then
		# shellcheck disable=SC2086
		GOOS=windows GOARCH=amd64 CGO_ENABLED=1 CC=x86_64-w64-mingw32-gcc "$go" vet $packages
	elif [ "${SHADEGRAD_REQUIRE_TOOLS:-}" = 1 ]; then
		say "SHADEGRAD_REQUIRE_TOOLS=1, but MinGW is missing"
		exit 1
	fi
	unset SHADEGRAD_SIMD
	if [ "$("$go" env GOHOSTARCH)" = arm64 ]; then
		say "the tests above have run on arm64"
	elif command -v qemu-aarch64 >/dev/null; then
		# These run the kernels, or compare exactly. All tests would take many minutes under QEMU.
		arm64="env GOARCH=arm64 $go test -short -timeout $deadline -exec qemu-aarch64"
		run " arm64" $arm64 ./internal/simd ./internal/mlp
		run " arm64" $arm64 -run '^TestConformance$/^neon$' ./cpu
		run " arm64" $arm64 -run '^Test(Sizes|Scalars|BytesSizes|GatherIsExact|TouchesNothingElse|BytesTouchNothingElse)$/neon' ./internal/sgemm
	elif [ "${SHADEGRAD_REQUIRE_TOOLS:-}" = 1 ]; then
		say "the tests of arm64 cannot run without qemu-aarch64, but SHADEGRAD_REQUIRE_TOOLS=1 requires them"
		exit 1
	else
		say "the tests of arm64 are omitted: qemu-aarch64 is missing"
	fi
	sh .ci/fuzz.sh "${FUZZTIME:-10000x}"
else
	# The scripts that compare shadegrad with other programs, and those that train the presets, are in Python.
	python=${PYTHON:-python3}
	if "$python" -c 'import sys; sys.exit(sys.version_info < (3, 9))' 2>/dev/null; then
		for scripts in internal/bench/peers internal/recipe/records; do
			say "tests of the scripts in $scripts"
			(cd "$scripts" && "$python" -B -m unittest)
		done
	else
		say "the tests of the Python scripts are omitted: '$python' is missing, or older than Python 3.9"
	fi
fi
say "all tests passed"
