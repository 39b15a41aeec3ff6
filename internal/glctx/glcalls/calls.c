//go:build cgo && !nogl && !darwin && linux && amd64

#include "calls.h"

// Each stub counts a call and jumps to a function of OpenGL. A jump keeps all arguments, so the stubs need
// no prototypes. A stub has 16 bytes: 8 for the increment, 6 for the jump.
__asm__(".pushsection .text\n"
        ".p2align 4\n"
        ".globl glcalls_stubs\n.hidden glcalls_stubs\n"
        "glcalls_stubs:\n"
        ".set slot, 0\n"
        ".rept 2048\n"
        "lock incq glcalls_calls+slot(%rip)\n"
        "jmp *glcalls_functions+slot(%rip)\n"
        ".p2align 4\n"
        ".set slot, slot+8\n"
        ".endr\n"
        ".popsection\n");

#define HIDDEN __attribute__((visibility("hidden")))
extern HIDDEN char glcalls_stubs[];
HIDDEN int64_t glcalls_calls[STUBS];
HIDDEN void *glcalls_functions[STUBS];

void *glcalls_stub(int slot) { return glcalls_stubs + 16 * slot; }

struct glcalls_reads glcalls_reads;

void glcalls_read(unsigned target, intptr_t offset, intptr_t size, void *data)
{
	enum { BUFFER_USAGE = 0x8765, STREAM_READ = 0x88E1 };
	int usage = 0;
	glcalls_reads.parameter(target, BUFFER_USAGE, &usage);
	glcalls_reads.wrong += usage != STREAM_READ;
	glcalls_reads.data(target, offset, size, data);
}
