// The types and functions of EGL 1.4 and its extensions that package glctx uses.
// They are declared here, after the EGL specification, and loaded at run time: no
// EGL header is needed to build, no EGL library to start.

#include <stdint.h>

typedef void *handle;
typedef unsigned int eglBool;

// eglLoad loads the library. It returns NULL, or why it failed.
const char *eglLoad(const char *library);

// currentString is glGetString in the current context. It does not need go-gl.
const char *currentString(unsigned int name);

void *eglProc(const char *name);
const char *eglString(handle display, int32_t name);
int32_t eglError(void);
handle eglPlatformDisplay(unsigned int platform, handle native);
handle eglDefaultDisplay(void);
eglBool eglInit(handle display, int32_t *major, int32_t *minor);
eglBool eglEnd(handle display);
eglBool eglBind(unsigned int api);
eglBool eglConfig(handle display, const int32_t *attribs, handle *config, int32_t *n);
handle eglContext(handle display, handle config, const int32_t *attribs);
eglBool eglFreeContext(handle display, handle context);
handle eglPbuffer(handle display, handle config, const int32_t *attribs);
eglBool eglFreeSurface(handle display, handle surface);
eglBool eglCurrent(handle display, handle surface, handle context);
void eglLeaveThread(void);
eglBool eglDevices(int32_t max, handle *devices, int32_t *n);
const char *eglDeviceString(handle device, int32_t name);
