// Package wine contains tests of the Windows program on Linux, by MinGW and Wine: training on the CPU and on Mesa's software
// OpenGL, and the tests of the packages that depend on the operating system.
package wine
