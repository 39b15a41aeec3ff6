package situation

import "strings"

// A Part is a file that OpenGL needs for an NVIDIA GPU.
type Part struct {
	Name string
	Path string // or "" if it is missing
}

// VendorFile tells EGL about NVIDIA's library. It is below /usr/share/glvnd or /etc/glvnd.
const VendorFile = "egl_vendor.d/10_nvidia.json"

// VendorFileText is the content of VendorFile.
const VendorFileText = `{"file_format_version": "1.0.0", "ICD": {"library_path": "libEGL_nvidia.so.0"}}`

// The names of the parts other than VendorFile.
const (
	eglLibrary = "libEGL_nvidia.so.0"
	control    = "/dev/nvidiactl"
	device     = "/dev/nvidia0"
)

// NVIDIAVersion returns the version of NVIDIA's driver in the kernel, or "".
func (m Machine) NVIDIAVersion() string { return m.line("sys/module/nvidia/version") }

// NVIDIAParts returns the files that EGL needs for an NVIDIA GPU.
func (m Machine) NVIDIAParts() []Part {
	const library = "usr/lib/libEGL_nvidia.so.0 usr/lib64/libEGL_nvidia.so.0 usr/lib/*/libEGL_nvidia.so.0 usr/lib/*/*/libEGL_nvidia.so.0"
	return []Part{
		{eglLibrary, m.find(library)},
		{VendorFile, m.find("usr/share/glvnd/" + VendorFile + " etc/glvnd/" + VendorFile)},
		{control, m.find("dev/nvidiactl")},
		{device, m.find("dev/nvidia[0-9]*")},
	}
}

// InContainer reports whether the program runs in a container of Docker, Podman or Kubernetes, or one that says so.
func (m Machine) InContainer() bool {
	return m.find(".dockerenv run/.containerenv") != "" || m.Env("container") != "" || m.Env("KUBERNETES_SERVICE_HOST") != ""
}

// nvidia recognises a kernel with NVIDIA's driver where OpenGL does not reach it, as in many containers.
func (m Machine) nvidia() *Situation {
	version := m.NVIDIAVersion()
	if version == "" {
		return nil
	}
	missing := map[string]bool{}
	var names []string
	for _, p := range m.NVIDIAParts() {
		if p.Path == "" {
			missing[p.Name] = true
			names = append(names, p.Name)
		}
	}
	s := &Situation{Kind: NVIDIA, Name: "the kernel has NVIDIA's driver " + version + ", but OpenGL does not reach it"}
	if len(names) > 0 {
		s.Name += "; missing here: " + strings.Join(names, ", ")
	}
	capabilities := m.Env("NVIDIA_DRIVER_CAPABILITIES")
	switch {
	case m.InContainer() && (missing[eglLibrary] || missing[control] || missing[device] || len(missing) == 0):
		s.Remedy = "start the container with --gpus all"
		if !strings.Contains(capabilities, "all") && !strings.Contains(capabilities, "graphics") {
			s.Remedy += " -e NVIDIA_DRIVER_CAPABILITIES=all"
		}
	case missing[eglLibrary]:
		s.Remedy = "install NVIDIA's libraries for EGL of the same version"
	case missing[VendorFile]:
		s.Remedy = "write " + VendorFileText + " to /usr/share/glvnd/" + VendorFile
	default:
		s.Remedy = "restart the machine if the driver was updated, and check it with nvidia-smi"
	}
	return s
}
