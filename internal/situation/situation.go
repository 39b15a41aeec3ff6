// Package situation recognises environments in which OpenGL often does not reach the GPU, and names the remedy: WSL, an
// incomplete NVIDIA driver, remote desktops and virtual machines.
package situation

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
)

// A Machine is what the recognition reads. Tests replace it.
type Machine struct {
	GOOS   string
	Root   fs.FS                    // the root directory
	Env    func(name string) string // os.Getenv
	Denied func(device string) bool // opening a device file is not permitted
}

// This returns the machine that the program runs on.
func This() Machine {
	return Machine{GOOS: runtime.GOOS, Root: os.DirFS("/"), Env: os.Getenv, Denied: func(device string) bool {
		f, err := os.OpenFile(filepath.Join("/", device), os.O_RDWR, 0)
		if err == nil {
			f.Close()
		}
		return os.IsPermission(err)
	}}
}

// A Kind is a kind of Situation.
type Kind int

// The kinds, in the order in which they are looked for.
const (
	WSL Kind = iota
	NVIDIA
	NoPermission
	RemoteDesktop
	VirtualMachine
)

// A Situation is the probable reason why OpenGL does not reach a GPU.
type Situation struct {
	Kind   Kind
	Name   string // such as "WSL 2"
	Remedy string
}

func (s *Situation) String() string { return s.Name + ": " + s.Remedy }

// Of returns the situation of a machine whose OpenGL is missing or software, or nil if it is not known. mesa is the driver's
// version, such as "4.2 (Core Profile) Mesa 22.3.6", or "".
func (m Machine) Of(mesa string) *Situation {
	if m.forcesSoftware() {
		return nil // as the user asks
	}
	for _, look := range []func() *Situation{func() *Situation { return m.wsl(mesa) }, m.nvidia, m.noPermission, m.remoteDesktop, m.virtualMachine} {
		if s := look(); s != nil {
			return s
		}
	}
	return nil
}

// softwareVariables are Mesa's variables that can select a software renderer, and softwareValues their values that do.
var (
	softwareVariables = []string{"LIBGL_ALWAYS_SOFTWARE", "GALLIUM_DRIVER", "MESA_LOADER_DRIVER_OVERRIDE"}
	softwareValues    = []string{"1", "true", "y", "yes", "llvmpipe", "softpipe", "swrast"}
)

// SoftwareVariables returns the variables by which the user selects a software renderer.
func (m Machine) SoftwareVariables() []string {
	var set []string
	for _, name := range softwareVariables {
		if slices.Contains(softwareValues, m.Env(name)) {
			set = append(set, name)
		}
	}
	return set
}

func (m Machine) forcesSoftware() bool { return len(m.SoftwareVariables()) > 0 }

// find returns the first file that matches one of the patterns, which are separated by spaces, or "".
func (m Machine) find(patterns string) string {
	for _, pattern := range strings.Fields(patterns) {
		if found, err := fs.Glob(m.Root, pattern); err == nil && len(found) > 0 {
			return "/" + found[0]
		}
	}
	return ""
}

// line returns the contents of a file of one line, or "".
func (m Machine) line(name string) string {
	b, err := fs.ReadFile(m.Root, name)
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(b))
}

// noPermission recognises a GPU whose device file the user may not open.
func (m Machine) noPermission() *Situation {
	nodes, err := fs.Glob(m.Root, "dev/dri/renderD*")
	if err != nil {
		return nil
	}
	for _, node := range nodes {
		if m.Denied(node) {
			return &Situation{NoPermission, "no permission to open /" + node, "run usermod -aG render $USER as root, and log in again"}
		}
	}
	return nil
}

// remoteDesktops are variables that a session of a remote desktop sets.
var remoteDesktops = []struct{ variable, name string }{
	{"VNCDESKTOP", "VNC"}, {"XRDP_SESSION", "xrdp"}, {"X2GO_SESSION", "X2Go"}, {"CHROME_REMOTE_DESKTOP_SESSION", "Chrome Remote Desktop"},
}

// remoteDesktop recognises a display on another machine, or one without the GPU. Where EGL has the GPU, glctx.Open uses it.
func (m Machine) remoteDesktop() *Situation {
	if m.GOOS == "windows" {
		if strings.HasPrefix(m.Env("SESSIONNAME"), "RDP-") {
			return &Situation{RemoteDesktop, "a Remote Desktop session, which may have no GPU", "start the program at the machine itself, or enable the group policy " +
				`"Use hardware graphics adapters for all Remote Desktop Services sessions"`}
		}
		return nil
	}
	const remedy = "its display is software, and EGL finds no GPU on this machine: install the GPU's driver with EGL, and unset SHADEGRAD_EGL if it is set"
	for _, d := range remoteDesktops {
		if m.Env(d.variable) != "" {
			return &Situation{RemoteDesktop, "a session of " + d.name, remedy}
		}
	}
	if host, _, _ := strings.Cut(m.Env("DISPLAY"), ":"); host != "" && m.Env("SSH_CONNECTION") != "" {
		return &Situation{RemoteDesktop, "a display forwarded by ssh -X", remedy}
	}
	return nil
}

// virtualAdapters are the PCI vendors of the displays of virtual machines, as in /sys/class/drm/card*/device/vendor.
var virtualAdapters = map[string]string{
	"0x15ad": "VMware", "0x80ee": "VirtualBox", "0x1af4": "virtio", "0x1b36": "QXL", "0x1234": "QEMU", "0x1013": "Cirrus", "0x1414": "Hyper-V",
}

// virtualMachine recognises a virtual machine that has only a virtual display.
func (m Machine) virtualMachine() *Situation {
	cards, err := fs.Glob(m.Root, "sys/class/drm/card*/device/vendor")
	if err != nil {
		return nil
	}
	name := ""
	for _, card := range cards {
		adapter := virtualAdapters[m.line(card)]
		if adapter == "" {
			return nil // a GPU
		}
		name = adapter
	}
	if name == "" {
		return nil
	}
	return &Situation{VirtualMachine, fmt.Sprintf("a virtual machine with %s's virtual display", name), "pass a GPU through to it, or choose a machine with one"}
}

// Virtual reports whether the machine is virtual, as its processor says.
func (m Machine) Virtual() bool {
	b, err := fs.ReadFile(m.Root, "proc/cpuinfo")
	return err == nil && strings.Contains(string(b), " hypervisor")
}
