// Package glctx opens an OpenGL 4.3 core context without a visible window and
// keeps it on one thread.
//
// An OpenGL context is current on one operating-system thread, and most GLFW
// functions must be called on one thread, according to its manual the main thread. [Main]
// therefore serves the main thread, which creates and destroys hidden windows. In a
// program that does not call Main another thread does. Each [Context] has
// another thread, which runs the functions given to [Context.Do] and [Context.Post]
// in order.
//
//	func main() { os.Exit(glctx.Main(run)) }
//
// If DISPLAY or WAYLAND_DISPLAY is set, and always on Windows, Open
// first tries a hidden GLFW window. Without a display or a window, Linux and the
// BSDs try EGL: hardware devices first, then Mesa's surfaceless platform, software
// devices, and the default display. If the window has only software OpenGL, they use a
// hardware device of EGL if there is one. The package loads libEGL.so.1 only then, so a
// program also starts on machines without it. SHADEGRAD_EGL=off disables EGL.
// SHADEGRAD_ROBUST=off asks for contexts that are not robust.
//
// In a build without cgo or with the tag nogl, Open returns [ErrNoSupport]. On macOS,
// whose OpenGL ends at 4.1, nothing that calls OpenGL is compiled, and Open returns a
// [*VersionError].
package glctx
