package doctor

import (
	"io/fs"
	"strings"
)

// A system describes an operating system as far as package names depend on it.
type system struct {
	name   string // "Debian GNU/Linux 12 (bookworm)"
	family family
	ubuntu bool
	root   bool
}

// A family is a group of systems with the same package names.
type family int

const (
	otherFamily family = iota
	debian
	fedora
	arch
)

var families = map[string]family{
	"debian": debian, "ubuntu": debian,
	"fedora": fedora, "rhel": fedora, "centos": fedora,
	"arch": arch,
}

// packages holds the package names for one purpose, by family.
type packages [arch + 1]string

var (
	eglPackages = packages{debian: "libegl1 libegl-mesa0 libgl1-mesa-dri", fedora: "mesa-libEGL mesa-dri-drivers", arch: "libglvnd mesa"}
	glxPackages = packages{debian: "libx11-6 libgl1 libglx-mesa0 libgl1-mesa-dri", fedora: "libX11 mesa-libGL mesa-dri-drivers", arch: "libx11 libglvnd mesa"}
	// The same lists as in .ci/setup.sh.
	buildPackages = packages{
		debian: "gcc make pkg-config libegl1 libgl-dev libx11-dev libxcursor-dev libxi-dev libxinerama-dev libxrandr-dev libxxf86vm-dev",
		fedora: "gcc make pkgconf-pkg-config mesa-libEGL mesa-libGL-devel libX11-devel libXcursor-devel libXi-devel libXinerama-devel libXrandr-devel libXxf86vm-devel",
		arch:   "gcc make pkgconf libglvnd mesa libx11 libxcursor libxi libxinerama libxrandr libxxf86vm",
	}
)

// readSystem reads /etc/os-release, see os-release(5).
func readSystem(root fs.FS, goos string, asRoot bool) system {
	s := system{name: goos, root: asRoot}
	text, err := fs.ReadFile(root, "etc/os-release")
	if err != nil {
		text, err = fs.ReadFile(root, "usr/lib/os-release")
	}
	if err != nil || goos != "linux" {
		return s
	}
	fields := map[string]string{}
	for _, line := range strings.Split(string(text), "\n") {
		if name, value, ok := strings.Cut(strings.TrimSpace(line), "="); ok {
			fields[name] = strings.Trim(value, `"'`)
		}
	}
	if v := fields["PRETTY_NAME"]; v != "" {
		s.name = v
	}
	// ID_LIKE lists related systems, the closest first.
	for _, id := range append([]string{fields["ID"]}, strings.Fields(fields["ID_LIKE"])...) {
		if s.family == otherFamily {
			s.family = families[id]
		}
		s.ubuntu = s.ubuntu || id == "ubuntu"
	}
	return s
}

// install returns the command that installs packages, or, on an unknown system, their names on the known ones.
func (s system) install(p packages) string {
	commands := [...]string{debian: "apt-get install ", fedora: "dnf install ", arch: "pacman -S "}
	if s.family == otherFamily {
		return "install the packages that are called, in Debian and Ubuntu: " + p[debian] + "; in Fedora: " + p[fedora] + "; in Arch: " + p[arch]
	}
	return s.asRoot(commands[s.family] + p[s.family])
}

// asRoot returns the command as the user types it.
func (s system) asRoot(command string) string {
	if s.root {
		return command
	}
	return "sudo " + command
}
