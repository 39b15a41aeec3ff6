#!/bin/sh
# Checks and installs the tools and packages that building and testing need.
#
#   setup.sh check          fail with a remedy if no suitable Go is installed
#   setup.sh tags           print the build tags for this machine: TAGS, and nogl if OpenGL
#                           cannot be built; explain nogl on stderr
#   setup.sh install-build  install the missing packages to build the GPU backend; never fails,
#                           since without them the build is for the CPU only
#   setup.sh install-test   the same, and Xvfb and Mesa's software OpenGL to run the tests of the
#                           GPU backend; fails if they cannot be installed
#   setup.sh install-long   install what only the long suite needs, with apt-get, and with pip in bin/python; never
#                           fails; without them tests are skipped, or fail with SHADEGRAD_REQUIRE_TOOLS=1
#   setup.sh install-release
#                           install what a release needs besides; never fails
#
# Packages of the system are installed only with apt-get, as root or by sudo. It prints the names of the packages.
set -eu
cd "$(dirname "$0")/.."

go=${GO:-go}

# The headers and libraries of GLFW and go-gl, and EGL, which is loaded if there is no display.
build_debian="pkg-config libegl1 libgl-dev libx11-dev libxcursor-dev libxi-dev libxinerama-dev libxrandr-dev libxxf86vm-dev"
build_fedora="pkgconf-pkg-config mesa-libEGL mesa-libGL-devel libX11-devel libXcursor-devel libXi-devel libXinerama-devel libXrandr-devel libXxf86vm-devel"
build_arch="pkgconf libglvnd mesa libx11 libxcursor libxi libxinerama libxrandr libxxf86vm"
# A virtual display, and software OpenGL by GLX and by EGL, and a Vulkan driver for OpenGL by zink (8 MB to download).
test_debian="xvfb xauth libgl1 libglx-mesa0 libegl1 libegl-mesa0 libgl1-mesa-dri libvulkan1 mesa-vulkan-drivers strace"
# For the long suite: ThreadSanitizer and AddressSanitizer for the kernels, by shaders to SPIR-V to C++ (7 MB to download,
# 43 MB installed), MinGW and Wine to build and run the Windows program (160 MB, 1 GB), and QEMU for the kernels of arm64
# (12 MB, 99 MB). Chromium and Node.js, for pages, take 100 MB and 400 MB.
long_debian="g++ glslang-tools spirv-cross libglm-dev gcc-mingw-w64-x86-64-win32 wine64 qemu-user mandoc"
# For a release: MinGW and an archiver for Windows. MinGW's documentation has its licence.
release_debian="gcc-mingw-w64-x86-64-win32 mingw-w64-common zip"
test_fedora="xorg-x11-server-Xvfb xorg-x11-xauth mesa-libGL mesa-libEGL mesa-dri-drivers vulkan-loader mesa-vulkan-drivers strace"
test_arch="xorg-server-xvfb xorg-xauth mesa vulkan-icd-loader vulkan-swrast strace"

say() { echo "shadegrad: $*" >&2; }

has() { command -v "$1" >/dev/null 2>&1; }

check_go() {
	if ! has "$go"; then
		hint=
		[ -x /usr/local/go/bin/go ] && hint=" /usr/local/go/bin has a Go: add that directory to PATH."
		say "'$go': not found; install Go 1.24 or newer.$hint See https://go.dev/doc/install."
		exit 1
	fi
	# Since 1.21 Go downloads the version that go.mod requires, or says why it cannot.
	if ! version=$("$go" env GOVERSION 2>&1); then
		say "$(command -v "$go"): Go 1.24 or newer is needed, and it cannot be downloaded: $version"
		exit 1
	fi
	minor=${version#go1.}
	minor=${minor%%[!0-9]*}
	case $version in
	go1.*) [ "${minor:-0}" -ge 24 ] && return ;;
	devel* | go[2-9]*) return ;;
	esac
	say "$(command -v "$go"): Go 1.24 or newer is needed, this is ${version:-an older version}. See https://go.dev/doc/install."
	exit 1
}

# cpu_only reports whether the build is for the CPU only: OpenGL ends before 4.3 on macOS, or the user asked for it.
cpu_only() {
	[ "${CGO_ENABLED:-}" = 0 ] || [ "$("$go" env GOOS)" = darwin ] && return
	case " $(echo "${TAGS:-} ${GOFLAGS:-}" | tr ',=' '  ') " in
	*" nogl "*) return 0 ;;
	esac
	return 1
}

# can_build_gl reports whether a program with the headers and libraries of GLFW compiles and links.
# This is more reliable than a list of packages, and takes a tenth of a second.
can_build_gl() {
	[ "$("$go" env CGO_ENABLED)" = 1 ] || return
	cc=$("$go" env CC)
	has "${cc%% *}" || return
	[ "$(uname -s)" = Linux ] || return 0 # GLFW needs nothing more on Windows
	has pkg-config || return
	flags=$(pkg-config --cflags --libs gl 2>/dev/null) || return
	probe=$(mktemp -d) || return
	cat >"$probe/probe.c" <<-'C'
		#include <GL/glx.h>
		#include <X11/Xlib.h>
		#include <X11/XKBlib.h>
		#include <X11/Xcursor/Xcursor.h>
		#include <X11/extensions/XInput2.h>
		#include <X11/extensions/Xinerama.h>
		#include <X11/extensions/Xrandr.h>
		#include <X11/extensions/xf86vmode.h>
		int main(void) { return 0; }
	C
	status=0
	# shellcheck disable=SC2086 # both hold several words
	$cc "$probe/probe.c" -o "$probe/probe" $flags \
		-lX11 -lXrandr -lXxf86vm -lXi -lXcursor -lXinerama >/dev/null 2>&1 || status=1
	rm -rf "$probe"
	return $status
}

# can_run_gl reports whether all that the tests of the GPU backend need is installed.
can_run_gl() {
	has xvfb-run && has Xvfb && has xauth || return
	if has dpkg-query; then
		# shellcheck disable=SC2086 # a list
		[ "$(dpkg-query -W -f '${db:Status-Status}\n' $test_debian 2>/dev/null | grep -cx installed)" = \
			"$(echo $test_debian | wc -w)" ]
		return
	fi
	libraries=$(PATH=$PATH:/sbin:/usr/sbin ldconfig -p 2>/dev/null) || return
	case $libraries in *libEGL.so.1*) ;; *) return 1 ;; esac
	case $libraries in *libGL.so.1*) ;; *) return 1 ;; esac
}

# as_root runs a command as root, if necessary by sudo, which may ask for a password.
# why_not_install has checked that a terminal is there.
as_root() {
	if [ "$(id -u)" = 0 ]; then
		"$@"
	elif sudo -n true 2>/dev/null; then
		sudo -n "$@"
	else
		sudo "$@"
	fi
}

# why_not_install prints the reason if packages cannot be installed.
why_not_install() {
	if ! has apt-get; then
		echo "apt-get was not found"
	elif [ "$(id -u)" != 0 ] && ! has sudo; then
		echo "this is not root, and sudo was not found"
	elif [ "$(id -u)" != 0 ] && ! sudo -n true 2>/dev/null && ! [ -t 0 ]; then
		echo "this is not root, and sudo needs a password but has no terminal"
	fi
}

apt() {
	as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=120 "$@"
}

# install_packages installs the packages, or sets $reason and fails.
install_packages() {
	reason=$(why_not_install)
	[ -z "$reason" ] || return
	say "installing $* (apt-get)"
	log=$(mktemp)
	# The package lists may be missing or out of date.
	if apt install -y --no-install-recommends "$@" >"$log" 2>&1 ||
		{ apt update && apt install -y --no-install-recommends "$@"; } >"$log" 2>&1; then
		rm -f "$log"
		return
	fi
	reason="apt-get failed: $(grep -m1 -E '^E:|Failed to fetch' "$log" || tail -n1 "$log")"
	rm -f "$log"
	return 1
}

# install_build installs what the build of the GPU backend needs, or sets $reason and fails.
install_build() {
	if cpu_only || can_build_gl; then
		return
	fi
	compiler=
	cc=$("$go" env CC)
	has "${cc%% *}" || compiler="gcc libc6-dev"
	# shellcheck disable=SC2086 # lists
	install_packages $compiler $build_debian || return
	can_build_gl && return
	reason="the packages are installed, but a program still cannot be built with them"
	return 1
}

# install_python installs the packages of .ci/requirements.txt in bin/python, or sets $reason and fails.
install_python() {
	[ -z "${SHADEGRAD_PYTHON:-}" ] || return 0
	cmp -s .ci/requirements.txt bin/python/requirements.txt && return
	say "installing Python's packages of .ci/requirements.txt in bin/python (pip)"
	log=$(mktemp)
	if "${PYTHON:-python3}" -m venv --clear bin/python >"$log" 2>&1 &&
		bin/python/bin/python -m pip install -q --disable-pip-version-check -r .ci/requirements.txt >"$log" 2>&1; then
		cp .ci/requirements.txt bin/python/
		rm -f "$log"
		return
	fi
	reason=$(tail -n1 "$log")
	rm -f "$log"
	return 1
}

case ${1:-} in
check)
	check_go
	;;
tags)
	tags=${TAGS:-}
	if [ "$("$go" env GOOS)" = darwin ]; then
		say "building for the CPU only: the GPU backend needs OpenGL 4.3, and macOS stops at 4.1"
	elif cpu_only; then
		say "building for the CPU only, because of CGO_ENABLED=0 or the tag nogl"
	elif ! can_build_gl; then
		tags="${tags:+$tags,}nogl"
		say "building for the CPU only; the GPU backend needs a C compiler and these packages:" \
			"Debian, Ubuntu: $build_debian; Fedora: $build_fedora; Arch: $build_arch"
	fi
	echo "$tags"
	;;
install-build)
	check_go
	install_build || say "cannot install what the GPU backend needs: $reason"
	;;
install-test)
	check_go
	if cpu_only; then
		say "the tests of the GPU backend cannot run with CGO_ENABLED=0, with the tag nogl, or on macOS"
		exit 1
	fi
	if ! install_build; then
		say "cannot install what the GPU backend needs: $reason"
		exit 1
	fi
	can_run_gl && exit
	# shellcheck disable=SC2086 # a list
	if ! install_packages $test_debian; then
		say "cannot install what the tests of the GPU backend need: $reason." \
			"Debian, Ubuntu: $test_debian; Fedora: $test_fedora; Arch: $test_arch"
		exit 1
	fi
	;;
install-long)
	# shellcheck disable=SC2086 # a list
	has g++ && has mandoc && has spirv-cross && has glslangValidator && has x86_64-w64-mingw32-gcc && [ -x /usr/lib/wine/wine64 ] && has qemu-aarch64 && [ -e /usr/include/glm/vec4.hpp ] || ! has apt-get ||
		install_packages $long_debian || say "tests of sanitizers, MinGW, Wine and arm64 cannot run: $reason"
	browser=
	has chromium || browser=chromium
	has npm || browser="$browser nodejs npm" # from another source npm comes with Node.js
	# shellcheck disable=SC2086 # a list
	[ -z "$browser" ] || ! has apt-get || install_packages $browser || say "tests of pages cannot run: $reason"
	install_python || say "tests with Python's packages cannot run: $reason"
	;;
install-release)
	check_go
	install_build || say "cannot install what the GPU backend needs: $reason"
	# shellcheck disable=SC2086 # a list
	has x86_64-w64-mingw32-gcc && has zip ||
		install_packages $release_debian || say "cannot install what the archive for Windows needs: $reason; Debian, Ubuntu: $release_debian"
	;;
*)
	say "usage: setup.sh check|tags|install-build|install-test|install-long|install-release"
	exit 2
	;;
esac
