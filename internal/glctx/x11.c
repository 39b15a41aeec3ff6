//go:build cgo && !nogl && !darwin && linux && (amd64 || arm64)

// GLFW is linked with libX11, so without it the program would not start, not even for
// -backend=cpu. This file defines the functions that GLFW calls. Each one jumps to the
// function of the same name in the library, which x11Load loads. A jump keeps all
// arguments, so no prototype is needed.

#include <dlfcn.h>
#include <stddef.h>
#include <unistd.h>

#if defined(__x86_64__)
#define JUMP(name) "jmp *x11_" #name "(%rip)\n"
#else
#define JUMP(name) "adrp x16, x11_" #name "\nldr x16, [x16, :lo12:x11_" #name "]\nbr x16\n"
#endif

// FUNCTIONS lists the functions of libX11 in GLFW 3.3. A test reports a missing one.
#define FUNCTIONS \
	DO(XAllocClassHint) DO(XAllocSizeHints) DO(XAllocWMHints) DO(XChangeProperty) DO(XChangeWindowAttributes) \
	DO(XCheckIfEvent) DO(XCheckTypedWindowEvent) DO(XCloseDisplay) DO(XCloseIM) DO(XConvertSelection) \
	DO(XCreateColormap) DO(XCreateFontCursor) DO(XCreateIC) DO(XCreateWindow) DO(XDefineCursor) \
	DO(XDeleteContext) DO(XDeleteProperty) DO(XDestroyIC) DO(XDestroyWindow) DO(XDisplayKeycodes) \
	DO(XEventsQueued) DO(XFilterEvent) DO(XFindContext) DO(XFlush) DO(XFree) DO(XFreeColormap) DO(XFreeCursor) \
	DO(XFreeEventData) DO(XGetErrorText) DO(XGetEventData) DO(XGetICValues) DO(XGetIMValues) DO(XGetInputFocus) \
	DO(XGetKeyboardMapping) DO(XGetScreenSaver) DO(XGetSelectionOwner) DO(XGetVisualInfo) DO(XGetWMNormalHints) \
	DO(XGetWindowAttributes) DO(XGetWindowProperty) DO(XGrabPointer) DO(XIconifyWindow) DO(XInitThreads) \
	DO(XInternAtom) DO(XLookupString) DO(XMapRaised) DO(XMapWindow) DO(XMoveResizeWindow) DO(XMoveWindow) \
	DO(XNextEvent) DO(XOpenIM) DO(XPeekEvent) DO(XPending) DO(XQLength) DO(XQueryExtension) \
	DO(XQueryPointer) DO(XRaiseWindow) DO(XResizeWindow) DO(XResourceManagerString) DO(XSaveContext) \
	DO(XSelectInput) DO(XSendEvent) DO(XSetClassHint) DO(XSetErrorHandler) DO(XSetICFocus) DO(XSetInputFocus) \
	DO(XSetLocaleModifiers) DO(XSetScreenSaver) DO(XSetSelectionOwner) DO(XSetWMHints) DO(XSetWMNormalHints) \
	DO(XSetWMProtocols) DO(XSupportsLocale) DO(XSync) DO(XTranslateCoordinates) DO(XUndefineCursor) \
	DO(XUngrabPointer) DO(XUnmapWindow) DO(XUnsetICFocus) DO(XVisualIDFromVisual) DO(XWarpPointer) \
	DO(XkbFreeKeyboard) DO(XkbFreeNames) DO(XkbGetMap) DO(XkbGetNames) DO(XkbGetState) DO(XkbKeycodeToKeysym) \
	DO(XkbQueryExtension) DO(XkbSelectEventDetails) DO(XkbSetDetectableAutoRepeat) DO(XrmDestroyDatabase) \
	DO(XrmGetResource) DO(XrmGetStringDatabase) DO(XrmInitialize) DO(XrmUniqueQuark) DO(Xutf8LookupString) \
	DO(Xutf8SetWMProperties)

#define DO(name)                                             \
	__attribute__((used, visibility("hidden"))) void *x11_##name; \
	__asm__(".pushsection .text\n"                           \
	        ".globl " #name "\n.hidden " #name "\n"          \
	        ".type " #name ", %function\n.p2align 4\n"       \
	        #name ":\n" JUMP(name) ".popsection\n");
FUNCTIONS
#undef DO

static void *(*openDisplay)(const char *);
static void (*setExitHandler)(void *display, void (*)(void *display, void *), void *); // NULL before libX11 1.7

// ioError is called when the connection to the X server breaks, as when the server dies.
// Xlib would print a message and end the process with exit(1), although the GPU computes
// without the server. If ioError returns, libX11 1.7 and newer calls exitHandler, and
// then returns an error to the caller, here GLFW or the driver. An older one calls
// exit(1), so its thread stops here, and Context.Close does not return.
static int ioError(void *display)
{
	(void)display;
	while (setExitHandler == NULL)
		pause();
	return 0;
}

static void exitHandler(void *display, void *data) { (void)display, (void)data; }

// XOpenDisplay is what GLFW calls. It also sets the connection's exit handler.
__attribute__((visibility("hidden"))) void *XOpenDisplay(const char *name)
{
	void *display = openDisplay(name);
	if (display != NULL && setExitHandler != NULL)
		setExitHandler(display, exitHandler, NULL);
	return display;
}

// x11Load loads the library. It returns NULL, or why it failed.
const char *x11Load(const char *library)
{
	void *x11 = dlopen(library, RTLD_NOW | RTLD_GLOBAL);
	if (x11 == NULL)
		return dlerror();
#define DO(name) \
	if ((x11_##name = dlsym(x11, #name)) == NULL) \
		return dlerror();
	FUNCTIONS
	void (*setErrorHandler)(int (*)(void *));
	*(void **)&setErrorHandler = dlsym(x11, "XSetIOErrorHandler");
	*(void **)&openDisplay = dlsym(x11, "XOpenDisplay");
	if (setErrorHandler == NULL || openDisplay == NULL)
		return dlerror();
	*(void **)&setExitHandler = dlsym(x11, "XSetIOErrorExitHandler");
	setErrorHandler(ioError);
	return NULL;
}

// go-gl is linked with libGL for this function, which it calls only in gl.Init. This
// package gives it the addresses of OpenGL's functions instead.
void *glXGetProcAddress(const unsigned char *name)
{
	(void)name;
	return NULL;
}
