package situation

import (
	"strings"
	"testing"
	"testing/fstest"
)

// TestOf recognises each situation by its files and variables.
func TestOf(t *testing.T) {
	const vendorFile = `write {"file_format_version": "1.0.0", "ICD": {"library_path": "libEGL_nvidia.so.0"}} to /usr/share/glvnd/egl_vendor.d/10_nvidia.json`
	const library = "usr/lib/x86_64-linux-gnu/libEGL_nvidia.so.0"
	const remote = "its display is software, and EGL finds no GPU on this machine: install the GPU's driver with EGL, and unset SHADEGRAD_EGL if it is set"
	for _, c := range []struct {
		name   string
		goos   string // "" for linux
		files  string // "path=content path …"
		env    string // "name=value …"
		mesa   string
		denied bool
		want   string
	}{
		{name: "nothing known"},
		{name: "a GPU", files: "dev/dri/renderD128 sys/class/drm/card0/device/vendor=0x1002"},

		{name: "WSL", files: "dev/dxg", want: "WSL 2: set GALLIUM_DRIVER=d3d12, which needs Mesa 24.0 or newer; with several GPUs also set " +
			"MESA_D3D12_DEFAULT_ADAPTER_NAME to a part of the name, such as NVIDIA"},
		{name: "WSL with the variable", files: "dev/dxg", env: "GALLIUM_DRIVER=d3d12", mesa: "OpenGL 4.5 (Core Profile) Mesa 24.2.8",
			want: "WSL 2: Mesa's driver d3d12 is missing or too old: install Mesa 24.0 or newer, such as that of a newer distribution, and update the GPU's driver in Windows"},
		{name: "WSL with an old Mesa", files: "dev/dxg", mesa: "OpenGL 4.5 (Core Profile) Mesa 22.3.6",
			want: "WSL 2: Mesa 22.3.6 is too old: install Mesa 24.0 or newer, such as that of a newer distribution, and set GALLIUM_DRIVER=d3d12"},
		{name: "WSL with Mesa 9", files: "dev/dxg", mesa: "3.0 Mesa 9.1",
			want: "WSL 2: Mesa 9.1 is too old: install Mesa 24.0 or newer, such as that of a newer distribution, and set GALLIUM_DRIVER=d3d12"},
		{name: "WSL 1", env: "WSL_DISTRO_NAME=Ubuntu", want: "WSL without /dev/dxg: run wsl --update in Windows, and use WSL 2"},

		{name: "a container without NVIDIA's libraries", files: ".dockerenv sys/module/nvidia/version=535.1",
			want: "the kernel has NVIDIA's driver 535.1, but OpenGL does not reach it; missing here: libEGL_nvidia.so.0, egl_vendor.d/10_nvidia.json, /dev/nvidiactl, /dev/nvidia0: " +
				"start the container with --gpus all -e NVIDIA_DRIVER_CAPABILITIES=all"},
		{name: "a container with all capabilities and without devices", env: "NVIDIA_DRIVER_CAPABILITIES=all container=podman",
			files: "sys/module/nvidia/version=535.1 " + library + " etc/glvnd/egl_vendor.d/10_nvidia.json",
			want: "the kernel has NVIDIA's driver 535.1, but OpenGL does not reach it; missing here: /dev/nvidiactl, /dev/nvidia0: " +
				"start the container with --gpus all"},
		{name: "a container without NVIDIA's EGL file", files: ".dockerenv dev/nvidiactl dev/nvidia3 sys/module/nvidia/version=535.1 " + library,
			want: "the kernel has NVIDIA's driver 535.1, but OpenGL does not reach it; missing here: egl_vendor.d/10_nvidia.json: " + vendorFile},
		{name: "NVIDIA without its libraries", files: "dev/nvidiactl dev/nvidia0 sys/module/nvidia/version=535.1",
			want: "the kernel has NVIDIA's driver 535.1, but OpenGL does not reach it; missing here: libEGL_nvidia.so.0, egl_vendor.d/10_nvidia.json: " +
				"install NVIDIA's libraries for EGL of the same version"},
		{name: "NVIDIA with everything", files: "dev/nvidiactl dev/nvidia0 sys/module/nvidia/version=535.1 usr/share/glvnd/egl_vendor.d/10_nvidia.json " + library,
			want: "the kernel has NVIDIA's driver 535.1, but OpenGL does not reach it: restart the machine if the driver was updated, and check it with nvidia-smi"},

		{name: "no permission", files: "dev/dri/renderD128", denied: true,
			want: "no permission to open /dev/dri/renderD128: run usermod -aG render $USER as root, and log in again"},

		{name: "VNC", env: "DISPLAY=:1 VNCDESKTOP=host:1", want: "a session of VNC: " + remote},
		{name: "ssh -X", env: "DISPLAY=localhost:10.0 SSH_CONNECTION=1.2.3.4", want: "a display forwarded by ssh -X: " + remote},
		{name: "ssh without a display", env: "SSH_CONNECTION=1.2.3.4"},
		{name: "Remote Desktop", goos: "windows", env: "SESSIONNAME=RDP-Tcp#3", want: "a Remote Desktop session, which may have no GPU: start the program at the machine itself, or enable " +
			`the group policy "Use hardware graphics adapters for all Remote Desktop Services sessions"`},
		{name: "Windows", goos: "windows", env: "SESSIONNAME=Console"},

		{name: "a virtual machine", files: "sys/class/drm/card0/device/vendor=0x15ad",
			want: "a virtual machine with VMware's virtual display: pass a GPU through to it, or choose a machine with one"},
		{name: "a virtual machine with a GPU", files: "sys/class/drm/card0/device/vendor=0x1af4 sys/class/drm/card1/device/vendor=0x10de"},
		{name: "software by a variable", files: "dev/dxg", env: "LIBGL_ALWAYS_SOFTWARE=1"},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := Machine{GOOS: "linux", Root: fstest.MapFS{}, Denied: func(string) bool { return c.denied }}
			if c.goos != "" {
				m.GOOS = c.goos
			}
			for _, f := range strings.Fields(c.files) {
				path, content, _ := strings.Cut(f, "=")
				m.Root.(fstest.MapFS)[path] = &fstest.MapFile{Data: []byte(content + "\n")}
			}
			m.Env = func(name string) string {
				for _, v := range strings.Fields(c.env) {
					if value, ok := strings.CutPrefix(v, name+"="); ok {
						return value
					}
				}
				return ""
			}
			got := ""
			if s := m.Of(c.mesa); s != nil {
				got = s.String()
			}
			if got != c.want {
				t.Errorf("got\n%s\nwant\n%s", got, c.want)
			}
		})
	}
}
