#!/bin/sh
# What building and testing need from the machine, and how to get it.
#
#   setup.sh check          fail, with what to do, unless there is a Go that can build this
#   setup.sh tags           print the build tags that fit the machine: TAGS, and nogl where
#                           OpenGL cannot be built; say so on stderr
#   setup.sh install-build  install what the GPU backend needs to be built, where it is missing;
#                           never fails: without it the build is for the CPU alone
#   setup.sh install-test   the same, and Xvfb and Mesa's software OpenGL to run its tests; fails
#                           where they cannot be had
#
# It installs with apt-get alone, as root or by sudo, and says what.
set -eu
cd "$(dirname "$0")/.."

go=${GO:-go}

# What GLFW and go-gl include and link, and EGL, which is loaded where there is no display.
build_debian="pkg-config libegl1 libgl-dev libx11-dev libxcursor-dev libxi-dev libxinerama-dev libxrandr-dev libxxf86vm-dev"
build_fedora="pkgconf-pkg-config mesa-libEGL mesa-libGL-devel libX11-devel libXcursor-devel libXi-devel libXinerama-devel libXrandr-devel libXxf86vm-devel"
build_arch="pkgconf libglvnd mesa libx11 libxcursor libxi libxinerama libxrandr libxxf86vm"
# A display without a screen, and OpenGL without a GPU, by GLX and by EGL.
test_debian="xvfb xauth libgl1 libglx-mesa0 libegl1 libegl-mesa0 libgl1-mesa-dri"
test_fedora="xorg-x11-server-Xvfb xorg-x11-xauth mesa-libGL mesa-libEGL mesa-dri-drivers"
test_arch="xorg-server-xvfb xorg-xauth mesa"

say() { echo "shadegrad: $*" >&2; }

has() { command -v "$1" >/dev/null 2>&1; }

check_go() {
	if ! has "$go"; then
		hint=
		[ -x /usr/local/go/bin/go ] && hint=" There is one in /usr/local/go/bin: add that to PATH."
		say "Go 1.24 or newer is needed, and there is no '$go' here.$hint See https://go.dev/doc/install."
		exit 1
	fi
	# A Go since 1.21 fetches the version that go.mod asks for, or says why not.
	if ! version=$("$go" env GOVERSION 2>&1); then
		say "Go 1.24 or newer is needed, and $(command -v "$go") cannot become that: $version"
		exit 1
	fi
	minor=${version#go1.}
	minor=${minor%%[!0-9]*}
	case $version in
	go1.*) [ "${minor:-0}" -ge 24 ] && return ;;
	devel* | go[2-9]*) return ;;
	esac
	say "Go 1.24 or newer is needed, and $(command -v "$go") is ${version:-too old to say}. See https://go.dev/doc/install."
	exit 1
}

# cpu_only reports whether the user asked for a build without OpenGL.
cpu_only() {
	[ "${CGO_ENABLED:-}" = 0 ] && return
	case " $(echo "${TAGS:-} ${GOFLAGS:-}" | tr ',=' '  ') " in
	*" nogl "*) return 0 ;;
	esac
	return 1
}

# can_build_gl compiles and links what GLFW does, which is sure where a list of
# packages is not, and takes a tenth of a second.
can_build_gl() {
	[ "$("$go" env CGO_ENABLED)" = 1 ] || return
	cc=$("$go" env CC)
	has "${cc%% *}" || return
	[ "$(uname -s)" = Linux ] || return 0 # GLFW needs nothing more on macOS and Windows
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

# can_run_gl reports whether there is all that the GPU's tests need to run.
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

# as_root runs a command as root, by sudo where need be. It asks for a password
# only where somebody can type one.
as_root() {
	if [ "$(id -u)" = 0 ]; then
		"$@"
	elif sudo -n true 2>/dev/null; then
		sudo -n "$@"
	else
		sudo "$@"
	fi
}

# why_not_install prints why nothing can be installed here, or nothing.
why_not_install() {
	if ! has apt-get; then
		echo "there is no apt-get here"
	elif [ "$(id -u)" != 0 ] && ! has sudo; then
		echo "not root, and there is no sudo"
	elif [ "$(id -u)" != 0 ] && ! sudo -n true 2>/dev/null && ! [ -t 0 ]; then
		echo "not root, and sudo wants a password but there is no terminal"
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
	# The package lists may be missing or too old to fetch by.
	if apt install -y --no-install-recommends "$@" >"$log" 2>&1 ||
		{ apt update && apt install -y --no-install-recommends "$@"; } >"$log" 2>&1; then
		rm -f "$log"
		return
	fi
	reason="apt-get failed: $(grep -m1 -E '^E:|Failed to fetch' "$log" || tail -n1 "$log")"
	rm -f "$log"
	return 1
}

# install_build makes the GPU backend buildable, or sets $reason and fails.
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

case ${1:-} in
check)
	check_go
	;;
tags)
	tags=${TAGS:-}
	if cpu_only; then
		say "building for the CPU alone, as CGO_ENABLED=0 or the tag nogl asks"
	elif ! can_build_gl; then
		tags="${tags:+$tags,}nogl"
		say "building for the CPU alone; a GPU needs a C compiler and these packages:" \
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
		say "CGO_ENABLED=0 or the tag nogl asks for the CPU alone"
		exit 1
	fi
	if ! install_build; then
		say "cannot install what the GPU backend needs: $reason"
		exit 1
	fi
	can_run_gl && exit
	# shellcheck disable=SC2086 # a list
	if ! install_packages $test_debian; then
		say "cannot install what the GPU's tests need: $reason." \
			"Debian, Ubuntu: $test_debian; Fedora: $test_fedora; Arch: $test_arch"
		exit 1
	fi
	;;
*)
	say "usage: setup.sh check|tags|install-build|install-test"
	exit 2
	;;
esac
