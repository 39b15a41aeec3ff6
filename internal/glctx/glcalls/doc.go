// Package glcalls counts the calls of OpenGL, for tests on Linux and amd64.
package glcalls
