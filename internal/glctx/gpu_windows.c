//go:build cgo && !nogl && !darwin

// On laptops with two GPUs, NVIDIA's and AMD's drivers for Windows run a program on the
// faster one if its executable exports these variables. Otherwise OpenGL gets the
// integrated GPU. Sources: NVIDIA's "Optimus Rendering Policies" and AMD's "PowerXpress".
__declspec(dllexport) unsigned long NvOptimusEnablement = 1;
__declspec(dllexport) unsigned long AmdPowerXpressRequestHighPerformance = 1;
