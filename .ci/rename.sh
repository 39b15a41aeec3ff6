#!/bin/sh
# Changes the path of the module, by which other modules import its packages and go install finds the program:
#
#   rename.sh example.org/me/shadegrad
#
# It changes go.mod, the imports, and every other text that names a package by its path. The name of the program stays.
set -eu
export LC_ALL=C
cd "$(dirname "$0")/.."

go=${GO:-go}
new=${1:-}
say() { echo "shadegrad: $*" >&2; }
refuse() {
	say "MODULE=$new: $*; want a path such as example.org/me/shadegrad"
	exit 2
}

case $new in
"") refuse "no path given" ;;
*[!A-Za-z0-9._~/-]*) refuse "a character that a module path must not contain" ;;
*/*) ;;
*) refuse "the path of a repository has a slash" ;;
esac
case /$new/ in
*/.* | *./*) refuse "an element begins or ends with a dot" ;;
*/v[01]/) refuse "a path ends with v2 or a higher version, or with none" ;;
esac
case ${new%%/*} in
*[!a-z0-9.-]* | -*) refuse "the first element, ${new%%/*}, is not a domain in lower case" ;;
*.*) ;;
*) refuse "the first element, ${new%%/*}, has no dot, so go install would look for it in Go's own library" ;;
esac
old=$("$go" list -m)
[ "$new" != "$old" ] || exit 0

# Go's own rule: it refuses what it could not download.
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cp go.mod "$work"
why=$("$go" mod edit -module "$new" "$work/go.mod" 2>&1) || refuse "${why#go: }"

# Packages are below these directories. What precedes the path is no part of a longer one, such as cmd/shadegrad.
literal=$(printf %s "$old" | sed 's/\./\\./g')
below='cmd|compute|cpu|docs|internal|shaders|testdata'
find . \( -name .git -o -path ./bin \) -prune -o -type f \( -name '*.go' -o -name go.mod -o -name '*.md' -o -name '*.py' \
	-o -name '*.sh' -o -name '*.yml' -o -name Makefile \) -print >"$work/files"
while read -r file; do
	sed -E -e "s#(^|[^A-Za-z0-9_./~-])$literal/($below)([^A-Za-z0-9_-]|\$)#\\1$new/\\2\\3#g" "$file" >"$work/new"
	case $file in */go.mod) sed -i.old -E "s#^module $literal(/|\$)#module $new\\1#" "$work/new" ;; esac
	cmp -s "$file" "$work/new" || cat "$work/new" >"$file"
done <"$work/files"

# The order of imports depends on the path.
"$("$go" env GOROOT)/bin/gofmt" -l -w cmd compute cpu docs internal shaders testdata >/dev/null
"$go" list ./... >/dev/null
say "the module is $new, before $old"
