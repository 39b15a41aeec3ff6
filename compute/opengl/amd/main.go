package main

import (
	_ "embed"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	"shadegrad/shaders"
)

// chips are the GPUs of the table, by RADV's names, with a card of each and the generation.
var chips = []struct{ family, card string }{
	{"polaris10", "Radeon RX 480, GCN 4"},
	{"vega10", "Radeon RX Vega 64, GCN 5"},
	{"navi21", "Radeon RX 6800, RDNA 2"},
}

func main() {
	if err := write(os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "amd:", err)
		os.Exit(1)
	}
}

// write compiles all variants for all chips and writes the page.
func write(w io.Writer) error {
	list, err := variants()
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "shadegrad-amd-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	files, err := translate(dir, list)
	if err != nil {
		return err
	}
	tool := filepath.Join(dir, "pipelines")
	if err := os.WriteFile(tool+".c", pipelines, 0o666); err != nil {
		return err
	}
	if _, err := run(nil, "gcc", "-O1", "-o", tool, tool+".c", "-lvulkan"); err != nil {
		return err
	}
	var all []statistics
	for _, c := range chips {
		s, err := compile(tool, c.family, files)
		if err != nil {
			return err
		}
		all = append(all, s)
	}
	_, err = io.WriteString(w, page(list, files, all))
	return err
}

//go:embed vulkan/pipelines.c
var pipelines []byte

var paramsBinding = regexp.MustCompile(`layout\(std140, binding = \d+\) uniform Params`)

// translate translates kernels to SPIR-V files. In Vulkan all blocks share the bindings, and plain uniforms become a block;
// vulkan/pipelines.c has the numbers.
func translate(dir string, list []shaders.Source) ([]string, error) {
	var files []string
	for i, s := range list {
		file := filepath.Join(dir, strconv.Itoa(i))
		text := paramsBinding.ReplaceAllString(s.Text, "layout(std140, binding = 20) uniform Params")
		if err := os.WriteFile(file+".comp", []byte(text), 0o666); err != nil {
			return nil, err
		}
		if _, err := run(nil, "glslangValidator", "-V", "-R", "--set-default-uniform-block", "plain", "0", "30",
			"-o", file+".spv", file+".comp"); err != nil {
			return nil, err
		}
		files = append(files, file+".spv")
	}
	return files, nil
}

// statistics are the compiler's figures, by the file and the name of the statistic.
type statistics map[string]map[string]uint64

// compile compiles files for a chip.
func compile(tool, family string, files []string) (statistics, error) {
	out, err := run([]string{"RADV_FORCE_FAMILY=" + family, "VK_LOADER_DRIVERS_SELECT=*radeon*", "MESA_SHADER_CACHE_DISABLE=1"}, tool, files...)
	if err != nil {
		return nil, err
	}
	all := statistics{}
	for _, line := range strings.Split(strings.TrimSpace(out), "\n") {
		words := strings.Split(line, "\t")
		if len(words) != 3 {
			return nil, fmt.Errorf("%s printed %q", tool, line)
		}
		if words[0] == "device" {
			if !strings.Contains(words[2], strings.ToUpper(family)) {
				return nil, fmt.Errorf("the Vulkan device is %q, want RADV's %s", words[2], family)
			}
			continue
		}
		if all[words[0]] == nil {
			all[words[0]] = map[string]uint64{}
		}
		if all[words[0]][words[1]], err = strconv.ParseUint(words[2], 10, 64); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// run runs a command with more variables in its environment and returns what it prints.
func run(env []string, name string, args ...string) (string, error) {
	cmd := exec.Command(name, args...)
	cmd.Env = append(os.Environ(), env...)
	var problems strings.Builder
	cmd.Stderr = &problems
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("%s: %w\n%s%s", name, err, out, problems.String())
	}
	return string(out), nil
}
