#!/bin/sh
# Builds the archives of a release from the commit of this checkout, on Linux:
#
#   release.sh [TARGET...]
#
# A target is one of those below, by default each of them. In $OUT, by default bin/release, the script writes for each an
# archive and its SBOM in CycloneDX's format, then SHA256SUMS of all of them. VERSION is by default the tag, or the
# commit if it has no tag.
#
# The same commit, Go and C compilers give the same bytes in any directory: times are those of the commit, and the
# archives list their files in order. Each program records its Go: go version -m shadegrad.
#
# SBOM=no omits the SBOMs, whose tool takes minutes to compile the first time.
set -eu
umask 022
export LC_ALL=C TZ=UTC
cd "$(dirname "$0")/.."

go=${GO:-go}
out=${OUT:-bin/release}
gpu="linux-amd64 windows-amd64" # cgo, with the GPU backend
all="$gpu linux-amd64-static linux-arm64-static darwin-arm64 darwin-amd64"
glibc=2.34 # Debian 12, Ubuntu 22.04, RHEL 9, which the guide names
sbom=github.com/CycloneDX/cyclonedx-gomod/cmd/cyclonedx-gomod@v1.10.0

say() { echo "shadegrad: $*" >&2; }

targets=${*:-$all}
for target in $targets; do
	case " $all " in
	*" $target "*) ;;
	*)
		say "$target: unknown target (available: $all)"
		exit 2
		;;
	esac
done
if ! commit=$(git rev-parse --verify -q HEAD); then
	say "a release needs a git checkout: the version and all times are those of the commit"
	exit 1
fi
if [ -n "${VERSION:-}" ] && [ -n "$(git status --porcelain)" ]; then
	say "a release with VERSION=$VERSION needs a checkout without changes; commit them, or omit VERSION"
	exit 1
fi
version=${VERSION:-$(git describe --tags --always --dirty)}
epoch=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct)}
module=$("$go" list -m)

# Nothing of the environment may change the programs.
unset GOOS GOARCH GOEXPERIMENT CC CGO_CFLAGS CGO_CPPFLAGS CGO_LDFLAGS
export GOFLAGS="-trimpath -buildvcs=false" GOAMD64=v1 GOARM64=v8.0 CGO_ENABLED=0
root=$("$go" env GOROOT)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# build compiles the program for a target into a file.
build() {
	system=${1%%-*} machine=${1#*-} cgo=0 cc=
	machine=${machine%-static}
	case " $gpu " in *" $1 "*) cgo=1 ;; esac
	[ "$1" != windows-amd64 ] || cc=x86_64-w64-mingw32-gcc
	GOOS=$system GOARCH=$machine CGO_ENABLED=$cgo ${cc:+env CC=$cc} "$go" build -o "$2" \
		-ldflags "-s -w -buildid= -X $module/internal/cli.releaseVersion=$version -X $module/internal/cli.releaseCommit=$commit" \
		./cmd/shadegrad
}

# licences prints the licences of what a program contains: Go's library, the modules, and MNIST; on Windows also
# MinGW's startup code.
licences() {
	title "Go's standard library" "$root/LICENSE"
	"$go" version -m "$1" | awk '$1 == "dep" {print $2}' | while read -r name; do
		dir=$("$go" list -m -f '{{.Dir}}' "$name")
		files=$(find "$dir" -maxdepth 2 -type f \( -iname 'licen[cs]e*' -o -iname 'copying*' -o -iname 'notice*' -o -name PATENTS \
			-o -path '*/THIRD_PARTY_LICENSES/*' \) | sort)
		if [ -z "$files" ]; then
			say "$name: no licence in $dir"
			exit 1
		fi
		for file in $files; do title "$name: ${file#"$dir"/}" "$file"; done
	done
	title "the MNIST files" testdata/mnist/README.md
	case $1 in *.exe) title "MinGW-w64" /usr/share/doc/mingw-w64-common/copyright ;; esac
}

title() {
	printf '\n%s\n%s\n\n' "$1" "$(printf %s "$1" | sed 's/./=/g')"
	tr -d '\r' <"$2"
}

mkdir -p "$out"
out=$(cd "$out" && pwd)
rm -f "$out"/shadegrad-* "$out/SHA256SUMS"

# The program of this machine writes the manual page and the completions, which are the same for all.
mkdir -p "$work/common/completions"
"$go" build -ldflags "-X $module/internal/cli.releaseVersion=$version" -o "$work/here" ./cmd/shadegrad
"$work/here" man >"$work/common/shadegrad.1"
for shell in bash zsh fish; do
	"$work/here" completion $shell >"$work/common/completions/shadegrad.$shell"
done
cp -R LICENSE README.md "$work/common"
mkdir "$work/common/docs"
cp -R docs/*.md docs/images "$work/common/docs"

for target in $targets; do
	say "$target"
	name=shadegrad-$version-$target
	stage=$work/$target/shadegrad
	exe=$stage/shadegrad
	[ "$target" != windows-amd64 ] || exe=$exe.exe
	mkdir -p "$stage"
	cp -R "$work/common/." "$stage"
	build "$target" "$exe"
	if [ "$target" = linux-amd64 ]; then
		needed=$(objdump -T "$exe" | grep -o 'GLIBC_[0-9.]*' | sed 's/.*_//' | sort -V | tail -n1)
		if [ "$(printf '%s\n' "$glibc" "$needed" | sort -V | tail -n1)" != "$glibc" ]; then
			say "$target needs glibc $needed, not $glibc as documented; build it on an older system"
			exit 1
		fi
	fi
	licences "$exe" >"$stage/LICENSES-THIRD-PARTY.txt"
	if [ "${SBOM:-}" != no ]; then
		"$go" run "$sbom" bin -json -noserial -notimestamp -std -version "$version" -output "$out/$name.cdx.json" "$exe"
	fi
	chmod -R u=rwX,go=rX "$stage"
	find "$stage" -exec touch -h -d "@$epoch" {} +
	cd "$work/$target"
	case $target in
	windows-*) find shadegrad -type f | sort | zip -q -9 -X -@ "$out/$name.zip" ;;
	*)
		tar --sort=name --format=ustar --mtime="@$epoch" --owner=0 --group=0 --numeric-owner -cf - shadegrad |
			gzip -9n >"$out/$name.tar.gz"
		;;
	esac
	cd "$OLDPWD"
	rm -r "${work:?}/$target"
done
cd "$out"
large=$(find . -size +25000k)
if [ -n "$large" ]; then
	say "larger than 25 MB:" "$large"
	exit 1
fi
sha256sum shadegrad-* >SHA256SUMS
ls -l >&2
