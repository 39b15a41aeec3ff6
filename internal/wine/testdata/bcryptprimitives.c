// bcryptprimitives.dll, for Go programs under Wine 8, which lacks it. Every Go program loads it.
#include <windows.h>

BOOLEAN NTAPI SystemFunction036(PVOID, ULONG); // RtlGenRandom

__declspec(dllexport) BOOL ProcessPrng(PBYTE data, SIZE_T size) { return SystemFunction036(data, size); }

typedef LONG(NTAPI *set_information)(HANDLE, PVOID, PVOID, ULONG, int);

static set_information original;

// replaced is NtSetInformationFile. Wine 8 does not implement FileDispositionInformationEx (64), by which os.RemoveAll deletes,
// but returns STATUS_NOT_IMPLEMENTED; Go falls back to the older class for STATUS_NOT_SUPPORTED.
static LONG NTAPI replaced(HANDLE file, PVOID status, PVOID data, ULONG size, int class)
{
	if (class == 64)
		return 0xC00000BB; // STATUS_NOT_SUPPORTED
	return original(file, status, data, size, class);
}

// Wine's function in ntdll is a system call of at most 32 bytes without relative addresses. It is copied, and its beginning
// becomes a jump (mov rax, replaced; jmp rax).
BOOL WINAPI DllMain(HINSTANCE instance, DWORD reason, LPVOID reserved)
{
	if (reason != DLL_PROCESS_ATTACH)
		return TRUE;
	BYTE *function = (BYTE *)GetProcAddress(GetModuleHandleA("ntdll.dll"), "NtSetInformationFile");
	BYTE *copy = VirtualAlloc(NULL, 32, MEM_COMMIT | MEM_RESERVE, PAGE_EXECUTE_READWRITE);
	DWORD old;
	if (!function || !copy || !VirtualProtect(function, 12, PAGE_EXECUTE_READWRITE, &old))
		return FALSE;
	memcpy(copy, function, 32);
	original = (set_information)copy;
	void *target = replaced;
	function[0] = 0x48, function[1] = 0xB8;
	memcpy(function + 2, &target, 8);
	function[10] = 0xFF, function[11] = 0xE0;
	return VirtualProtect(function, 12, old, &old);
}
