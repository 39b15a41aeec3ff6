// The faults, see fault.go. A fault's number is its index in the list of Faults.

enum { FAULT_NONE, FAULT_RESET, FAULT_HANG, FAULT_MEMORY, FAULT_FENCE };

// faultSet sets the fault of the process.
void faultSet(int fault);

// faultWrap returns the function to call instead of one of OpenGL's.
void *faultWrap(const char *name, void *address);
