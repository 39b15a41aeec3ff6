//go:build cgo && !nogl && !darwin && !windows

#include "fault.h"

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

// OpenGL's values.
enum {
	GL_OUT_OF_MEMORY = 0x0505,
	GL_GUILTY_CONTEXT_RESET = 0x8253,
	GL_TIMEOUT_EXPIRED = 0x911B,
};

static atomic_int fault;

void faultSet(int f) { fault = f; }

static unsigned (*clientWaitSync)(void *sync, unsigned flags, uint64_t nanoseconds);
static unsigned (*getGraphicsResetStatus)(void);
static unsigned (*getError)(void);
static void (*dispatchCompute)(unsigned x, unsigned y, unsigned z);

static unsigned waitSync(void *sync, unsigned flags, uint64_t nanoseconds)
{
	if (fault != FAULT_FENCE)
		return clientWaitSync(sync, flags, nanoseconds);
	usleep(1000);
	return GL_TIMEOUT_EXPIRED;
}

static unsigned resetStatus(void)
{
	return fault == FAULT_RESET ? GL_GUILTY_CONTEXT_RESET : getGraphicsResetStatus();
}

static unsigned error(void)
{
	static int calls;
	if (fault == FAULT_MEMORY && calls++ % 2 == 0) // a driver reports an error once
		return GL_OUT_OF_MEMORY;
	return getError();
}

static void dispatch(unsigned x, unsigned y, unsigned z)
{
	while (fault == FAULT_HANG)
		pause();
	dispatchCompute(x, y, z);
}

void *faultWrap(const char *name, void *address)
{
#define WRAP(gl, own, function) \
	if (strcmp(name, gl) == 0) { \
		*(void **)&own = address; \
		return (void *)function; \
	}
	WRAP("glClientWaitSync", clientWaitSync, waitSync)
	WRAP("glGetGraphicsResetStatus", getGraphicsResetStatus, resetStatus)
	WRAP("glGetError", getError, error)
	WRAP("glDispatchCompute", dispatchCompute, dispatch)
	return address;
}
