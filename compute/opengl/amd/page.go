package main

import (
	"fmt"
	"strings"

	"shadegrad/shaders"
)

// The names of RADV's statistics in the table.
const (
	vgprs, lds, waves, instructions = "VGPRs", "LDS size", "Subgroups per SIMD", "Instructions"
	spilledVGPRs, spilledSGPRs      = "Spilled VGPRs", "Spilled SGPRs"
)

// page returns the page: a table of the variants, whose files have statistics for each chip.
func page(list []shaders.Source, files []string, all []statistics) string {
	var b strings.Builder
	b.WriteString("# The kernels on AMD's compiler\n\n")
	b.WriteString("`make kernels-amd` writes this page. It compiles each variant that the tuner can choose for a training step with RADV, Mesa's\n" +
		"Vulkan driver for AMD, which compiles without a GPU. No GPU ran the kernels.\n\n")
	b.WriteString("The variants are those of " + networkNames() + fmt.Sprintf(" with ReLU and momentum, in batches of %d.\n", batch) +
		"Each cell has vector registers (VGPRs) of an invocation, waves per SIMD (occupancy), and instructions. LDS is the shared memory of a\n" +
		"group in bytes. A variant that spills registers to memory is not a candidate on that GPU.\n\n")
	b.WriteString("| chip | card |\n|---|---|\n")
	for _, c := range chips {
		fmt.Fprintf(&b, "| %s | %s |\n", c.family, c.card)
	}
	spills := spilling(list, files, all)
	if spills == nil {
		fmt.Fprintf(&b, "\nNone of the %d variants spills on any of the %d chips, so each is a candidate.\n", len(list), len(chips))
	} else {
		b.WriteString("\nThese spill: " + strings.Join(spills, ", ") + ".\n")
	}
	b.WriteString("\n| variant | LDS |")
	for _, c := range chips {
		b.WriteString(" " + c.family + " |")
	}
	b.WriteString(" spills |\n|---|--:|" + strings.Repeat("--:|", len(chips)+1) + "\n")
	for i, s := range list {
		fmt.Fprintf(&b, "| `%s` | %d |", s.Name, all[len(all)-1][files[i]][lds])
		spilled := uint64(0)
		for _, of := range all {
			one := of[files[i]]
			fmt.Fprintf(&b, " %d / %d / %d |", one[vgprs], one[waves], one[instructions])
			spilled += one[spilledVGPRs] + one[spilledSGPRs]
		}
		fmt.Fprintf(&b, " %d |\n", spilled)
	}
	return b.String()
}

// spilling returns the variants that spill, each with its chip.
func spilling(list []shaders.Source, files []string, all []statistics) []string {
	var names []string
	for i, s := range list {
		for c, of := range all {
			if of[files[i]][spilledVGPRs]+of[files[i]][spilledSGPRs] > 0 {
				names = append(names, fmt.Sprintf("`%s` on %s", s.Name, chips[c].family))
			}
		}
	}
	return names
}

// networkNames returns the networks as text.
func networkNames() string {
	var names []string
	for _, sizes := range networks {
		names = append(names, strings.ReplaceAll(strings.Trim(fmt.Sprint(sizes), "[]"), " ", "-"))
	}
	return strings.Join(names[:len(names)-1], ", ") + " and " + names[len(names)-1]
}
