//go:build linux

package release

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"debug/buildinfo"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
)

// TestRelease builds the static program's archive in two directories, the second time without the cache of go build. Both must
// be identical, contain what a release needs, and work in a root directory that contains nothing else.
func TestRelease(t *testing.T) {
	if testing.Short() {
		t.Skip("a part of the long suite")
	}
	target := "linux-" + runtime.GOARCH + "-static"
	env := []string{"VERSION=v9.8.7", "SBOM=no", "GOFLAGS=", "SHADEGRAD_REQUIRE_GPU=", "GIT_CONFIG_GLOBAL=/dev/null",
		"GIT_AUTHOR_DATE=2026-01-02T03:04:05Z", "GIT_COMMITTER_DATE=2026-01-02T03:04:05Z"}
	var archives [2][]byte
	var commit string
	for i, dir := range []string{copyProject(t), copyProject(t)} {
		if i == 1 {
			env = append(env, "GOCACHE="+t.TempDir())
		}
		run(t, dir, env, "git", "init", "-q")
		run(t, dir, env, "git", "add", "-A")
		run(t, dir, env, "git", "-c", "user.name=test", "-c", "user.email=test@example.org", "commit", "-q", "-m", "test")
		commit = strings.TrimSpace(run(t, dir, env, "git", "rev-parse", "HEAD"))
		run(t, dir, env, "sh", ".ci/release.sh", target)
		archives[i] = archive(t, filepath.Join(dir, "bin/release"), target)
	}
	if !bytes.Equal(archives[0], archives[1]) {
		t.Error("the second archive differs from the first")
	}
	if len(archives[0]) > 25e6 {
		t.Errorf("the archive has %d bytes", len(archives[0]))
	}
	root := t.TempDir()
	unpack(t, archives[0], root)
	inspect(t, filepath.Join(root, "shadegrad"), commit)
	inEmptyRoot(t, root)
}

// archive returns the archive of a target in a directory, after checking the list of checksums.
func archive(t *testing.T, dir, target string) []byte {
	t.Helper()
	name := "shadegrad-v9.8.7-" + target + ".tar.gz"
	data, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		t.Fatal(err)
	}
	sums, err := os.ReadFile(filepath.Join(dir, "SHA256SUMS"))
	if want := fmt.Sprintf("%x  %s\n", sha256.Sum256(data), name); err != nil || string(sums) != want {
		t.Errorf("SHA256SUMS is %q, %v; want %q", sums, err, want)
	}
	return data
}

// unpack unpacks an archive, whose files must belong to root, be in order, and have the time of the commit.
func unpack(t *testing.T, data []byte, dir string) {
	t.Helper()
	z, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	last := ""
	for r := tar.NewReader(z); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		if h.Uid != 0 || h.Gid != 0 || h.ModTime.Unix() != 1767323045 || h.Name <= last {
			t.Errorf("%s after %s: user %d, group %d, time %v", h.Name, last, h.Uid, h.Gid, h.ModTime)
		}
		last = h.Name
		path := filepath.Join(dir, h.Name)
		if h.FileInfo().IsDir() {
			err = os.Mkdir(path, 0o755)
		} else if data, readErr := io.ReadAll(r); readErr != nil {
			err = readErr
		} else {
			err = os.WriteFile(path, data, h.FileInfo().Mode())
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// inspect checks the contents of an archive.
func inspect(t *testing.T, dir, commit string) {
	t.Helper()
	exe := filepath.Join(dir, "shadegrad")
	version := run(t, dir, nil, exe, "version")
	if want := "shadegrad v9.8.7 " + commit + ", without GPU support\n"; version != want {
		t.Errorf("the version is %q, want %q", version, want)
	}
	file := func(name string) string {
		t.Helper()
		data, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil || len(data) == 0 {
			t.Errorf("%s has %d bytes: %v", name, len(data), err)
		}
		return string(data)
	}
	if page := file("shadegrad.1"); page != run(t, dir, nil, exe, "man") || !strings.Contains(page, `"Shadegrad v9.8.7"`) {
		t.Error("the manual page is not what the program writes")
	}
	for _, shell := range []string{"bash", "zsh", "fish"} {
		if file("completions/shadegrad."+shell) != run(t, dir, nil, exe, "completion", shell) {
			t.Errorf("the completion for %s is not what the program writes", shell)
		}
	}
	file("LICENSE")
	file("README.md")
	file("docs/guide.md")
	licences := file("LICENSES-THIRD-PARTY.txt")
	info, err := buildinfo.ReadFile(exe)
	if err != nil || len(info.Deps) == 0 {
		t.Fatal(info, err)
	}
	for _, m := range info.Deps {
		if !strings.Contains(licences, "\n"+m.Path+": LICENSE\n") {
			t.Errorf("no licence of %s", m.Path)
		}
	}
	for _, title := range []string{"Go's standard library", "the MNIST files"} {
		if !strings.Contains(licences, "\n"+title+"\n===") {
			t.Errorf("no licence of %s", title)
		}
	}
}

// inEmptyRoot trains as another user where the root directory has only the archive, as in a container from scratch: without
// /etc, /tmp, /proc, /dev, a home directory and a writable directory.
func inEmptyRoot(t *testing.T, root string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "/shadegrad/shadegrad", "train", "-hidden=16", "-epochs=1", "-limit=2000", "-expect=test_acc>=0.5", "-json")
	cmd.Dir, cmd.Env = "/", []string{}
	cmd.SysProcAttr = &syscall.SysProcAttr{Chroot: root}
	if os.Geteuid() == 0 {
		cmd.SysProcAttr.Credential = &syscall.Credential{Uid: 65534, Gid: 65534}
	} else { // a namespace of users permits chroot
		cmd.SysProcAttr.Cloneflags = syscall.CLONE_NEWUSER
		cmd.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{ContainerID: 65534, HostID: os.Getuid(), Size: 1}}
	}
	for dir := root; dir != os.TempDir() && dir != "/"; dir = filepath.Dir(dir) {
		if err := os.Chmod(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	out, err := cmd.CombinedOutput()
	if errors.Is(err, os.ErrPermission) {
		t.Skip("neither root nor a namespace of users can change the root directory: ", err)
	}
	if err != nil || !strings.Contains(string(out), `"event":"done"`) {
		t.Errorf("%v\n%s", err, out)
	}
}

// TestUnknownTarget checks the message about a target that does not exist.
func TestUnknownTarget(t *testing.T) {
	cmd := exec.Command("sh", "../../.ci/release.sh", "linux-mips")
	out, _ := cmd.CombinedOutput()
	if status := cmd.ProcessState.ExitCode(); status != 2 || !strings.HasPrefix(string(out), "shadegrad: linux-mips: unknown target (available: linux-amd64 ") {
		t.Errorf("status %d: %s", status, out)
	}
}
