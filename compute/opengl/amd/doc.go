// Command amd writes the table of docs/kernels-amd.md: what AMD's shader compiler makes of each variant of a kernel that
// the tuner can choose. It compiles for GPUs that the machine does not have, with the null device of RADV, Mesa's Vulkan
// driver for AMD.
//
//	go run ./compute/opengl/amd >docs/kernels-amd.md
//
// needs gcc, glslang and RADV (Debian: gcc glslang-tools libvulkan-dev mesa-vulkan-drivers).
package main
