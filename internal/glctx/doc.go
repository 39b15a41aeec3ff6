// Package glctx opens an OpenGL 4.3 core context without anything to see, and
// keeps it on one thread.
//
// An OpenGL context is current on one operating-system thread, and GLFW wants
// most of its own functions called on the process's main thread. So there are
// two kinds of thread here: the main one, which [Main] serves, creates and
// destroys the hidden GLFW windows; and each [Context] has a thread of its own,
// on which everything given to [Context.Do] and [Context.Post] runs, in order.
//
//	func main() { os.Exit(glctx.Main(run)) }
//
// Where DISPLAY or WAYLAND_DISPLAY is set (and always on Windows and macOS) a
// hidden GLFW window carries the context. Without a display, or where no window
// can be had, Linux and the BSDs try EGL, which needs no display: the hardware
// devices first, then Mesa's surfaceless platform, then software devices, then
// the default display. libEGL.so.1 is loaded when it is needed, so the program
// starts where there is none. SHADEGRAD_EGL=off means that EGL is never tried.
//
// Built without cgo or with the tag nogl, the package has the same functions
// and Open returns [ErrNoSupport].
package glctx
