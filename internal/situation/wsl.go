package situation

import (
	"fmt"
	"regexp"
	"strconv"
)

// mesaVersion matches Mesa's part of GL_VERSION.
var mesaVersion = regexp.MustCompile(`Mesa (\d{1,4})\.\d+[.\d]*`)

// wsl recognises the Windows Subsystem for Linux. Mesa's driver d3d12 reaches the GPU there. It offers OpenGL 4.3 since Mesa
// 24.0 (https://www.phoronix.com/news/OpenGL-4.3-D3D12-Mesa), and chooses the adapter whose name contains
// MESA_D3D12_DEFAULT_ADAPTER_NAME (https://github.com/microsoft/wslg/wiki/GPU-selection-in-WSLg).
func (m Machine) wsl(mesa string) *Situation {
	if m.find("dev/dxg") == "" {
		if m.Env("WSL_DISTRO_NAME") == "" {
			return nil
		}
		return &Situation{WSL, "WSL without /dev/dxg", "run wsl --update in Windows, and use WSL 2"}
	}
	const needed = "Mesa 24.0 or newer"
	s := &Situation{Kind: WSL, Name: "WSL 2"}
	have := mesaVersion.FindStringSubmatch(mesa)
	switch {
	case have != nil && atoi(have[1]) < 24:
		s.Remedy = fmt.Sprintf("%s is too old: install %s, such as that of a newer distribution, and set GALLIUM_DRIVER=d3d12", have[0], needed)
	case m.Env("GALLIUM_DRIVER") == "d3d12":
		s.Remedy = "Mesa's driver d3d12 is missing or too old: install " + needed + ", such as that of a newer distribution, and update the GPU's driver in Windows"
	default:
		s.Remedy = "set GALLIUM_DRIVER=d3d12, which needs " + needed + "; with several GPUs also set MESA_D3D12_DEFAULT_ADAPTER_NAME to a part of the name, such as NVIDIA"
	}
	return s
}

// atoi returns the value of digits.
func atoi(digits string) int {
	n, err := strconv.Atoi(digits)
	if err != nil {
		panic(err) // the pattern matches digits
	}
	return n
}
