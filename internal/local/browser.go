package local

import (
	"os/exec"
	"runtime"
)

// OpenBrowser opens an address in the user's browser, if there is one, for a program in the environment env. It does not
// wait for it.
func OpenBrowser(url string, env func(string) string) error {
	var args []string
	switch runtime.GOOS {
	case "windows":
		args = []string{"rundll32", "url.dll,FileProtocolHandler", url}
	case "darwin":
		args = []string{"open", url}
	default:
		if env("DISPLAY") == "" && env("WAYLAND_DISPLAY") == "" && env("WSL_DISTRO_NAME") == "" {
			return exec.ErrNotFound
		}
		args = []string{"xdg-open", url}
	}
	cmd := exec.Command(args[0], args[1:]...)
	if err := cmd.Start(); err != nil {
		return err
	}
	go cmd.Wait()
	return nil
}
