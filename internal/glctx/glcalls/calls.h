#include <stdint.h>

enum { STUBS = 2048 }; // go-gl loads 1,296 functions

// glcalls_stub returns the code that counts a call and continues with the function of a slot.
void *glcalls_stub(int slot);
extern int64_t glcalls_calls[STUBS];
extern void *glcalls_functions[STUBS];

// glcalls_read is glGetBufferSubData. It counts reads of buffers whose usage is not GL_STREAM_READ.
void glcalls_read(unsigned target, intptr_t offset, intptr_t size, void *data);
extern struct glcalls_reads {
	void (*parameter)(unsigned target, unsigned name, int *value); // glGetBufferParameteriv
	void (*data)(unsigned target, intptr_t offset, intptr_t size, void *data);
	int64_t wrong;
} glcalls_reads;
