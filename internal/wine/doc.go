// Package wine tests the Windows program on Linux, built with MinGW and run with Wine: training on the CPU and on Mesa's software
// OpenGL, and the tests of the packages that depend on the operating system.
package wine
