//go:build cgo && !nogl && !darwin && (linux || freebsd || netbsd || openbsd)

#include "egl.h"

#include <dlfcn.h>
#include <stddef.h>

static struct {
	void *(*GetProcAddress)(const char *);
	const char *(*QueryString)(handle, int32_t);
	int32_t (*GetError)(void);
	handle (*GetDisplay)(handle);
	eglBool (*Initialize)(handle, int32_t *, int32_t *);
	eglBool (*Terminate)(handle);
	eglBool (*BindAPI)(unsigned int);
	eglBool (*ChooseConfig)(handle, const int32_t *, handle *, int32_t, int32_t *);
	handle (*CreateContext)(handle, handle, handle, const int32_t *);
	eglBool (*DestroyContext)(handle, handle);
	handle (*CreatePbufferSurface)(handle, handle, const int32_t *);
	eglBool (*DestroySurface)(handle, handle);
	eglBool (*MakeCurrent)(handle, handle, handle, handle);
	eglBool (*ReleaseThread)(void);
	// Extensions: NULL if missing.
	handle (*GetPlatformDisplayEXT)(unsigned int, void *, const int32_t *);
	eglBool (*QueryDevicesEXT)(int32_t, handle *, int32_t *);
	const char *(*QueryDeviceStringEXT)(handle, int32_t);
} egl;

const char *eglLoad(const char *library) {
	void *lib = dlopen(library, RTLD_LAZY | RTLD_LOCAL);
	if (!lib) return dlerror();
#define NEED(name) if (!(*(void **)&egl.name = dlsym(lib, "egl" #name))) return dlerror()
	NEED(GetProcAddress);
	NEED(QueryString);
	NEED(GetError);
	NEED(GetDisplay);
	NEED(Initialize);
	NEED(Terminate);
	NEED(BindAPI);
	NEED(ChooseConfig);
	NEED(CreateContext);
	NEED(DestroyContext);
	NEED(CreatePbufferSurface);
	NEED(DestroySurface);
	NEED(MakeCurrent);
	NEED(ReleaseThread);
#define WANT(name) *(void **)&egl.name = egl.GetProcAddress("egl" #name)
	WANT(GetPlatformDisplayEXT);
	WANT(QueryDevicesEXT);
	WANT(QueryDeviceStringEXT);
	return NULL;
}

void *eglProc(const char *name) { return egl.GetProcAddress(name); }
const char *eglString(handle display, int32_t name) { return egl.QueryString(display, name); }
int32_t eglError(void) { return egl.GetError(); }
handle eglPlatformDisplay(unsigned int platform, handle native) { return egl.GetPlatformDisplayEXT ? egl.GetPlatformDisplayEXT(platform, native, NULL) : NULL; }
handle eglDefaultDisplay(void) { return egl.GetDisplay(NULL); }
eglBool eglInit(handle display, int32_t *major, int32_t *minor) { return egl.Initialize(display, major, minor); }
eglBool eglEnd(handle display) { return egl.Terminate(display); }
eglBool eglBind(unsigned int api) { return egl.BindAPI(api); }
eglBool eglConfig(handle display, const int32_t *attribs, handle *config, int32_t *n) { return egl.ChooseConfig(display, attribs, config, 1, n); }
handle eglContext(handle display, handle config, const int32_t *attribs) { return egl.CreateContext(display, config, NULL, attribs); }
eglBool eglFreeContext(handle display, handle context) { return egl.DestroyContext(display, context); }
handle eglPbuffer(handle display, handle config, const int32_t *attribs) { return egl.CreatePbufferSurface(display, config, attribs); }
eglBool eglFreeSurface(handle display, handle surface) { return egl.DestroySurface(display, surface); }
eglBool eglCurrent(handle display, handle surface, handle context) { return egl.MakeCurrent(display, surface, surface, context); }
void eglLeaveThread(void) { egl.ReleaseThread(); }
eglBool eglDevices(int32_t max, handle *devices, int32_t *n) { return egl.QueryDevicesEXT && egl.QueryDevicesEXT(max, devices, n); }
const char *eglDeviceString(handle device, int32_t name) { return egl.QueryDeviceStringEXT ? egl.QueryDeviceStringEXT(device, name) : NULL; }

const char *currentString(unsigned int name) {
	const char *(*getString)(unsigned int);
	*(void **)&getString = egl.GetProcAddress("glGetString");
	return getString ? getString(name) : NULL;
}
