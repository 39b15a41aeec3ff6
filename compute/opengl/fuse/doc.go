// Package fuse plans how OpenGL runs a program: it fuses the ops, chooses the kernels, and lists
// their buffers and parameters. It makes no call of OpenGL, so every machine can test it.
package fuse
