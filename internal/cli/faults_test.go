package cli

// These faults are listed in FAULTS.md. The tests check the message and the exit status of each:
//
//	no display                                TestUnusable, TestOpenGL
//	GLFW gives no window                      TestUnusable, TestOpenGL
//	OpenGL below 4.3                          TestUnusable, TestOpenGL
//	software renderer                         TestSoftware, TestOpenGL
//	several GPUs                              TestSeveralGPUs
//	a device limit is too small               TestLimit
//	a shader does not compile                 TestUnusable, TestOpenGL
//	a kernel gives wrong numbers              TestUnusable, TestSelfTestText, TestOpenGL
//	out of GPU memory                         TestMemory
//	context lost, watchdog, fence             TestLost, TestFaultyDriver
//	a GPU that hangs in a call                TestFaultyDriver
//	the X server dies                         TestXServerDies
//	no libGL, libX11 or libEGL                TestStartsWithoutX11, TestX11Missing and TestNoEGLLibrary of package glctx
//	a software window, EGL with hardware      TestWays of package glctx
//	WSL, containers, remote desktops, …       TestOf of package situation, TestSituation of package backends
//	loss is NaN or infinite                   TestDiverged, TestDivergedCapsule
//	built without cgo or with -tags nogl      TestUnusable, TestNoSupport
//	data file missing, truncated, …           TestData
//	label out of range                        TestLabelOutOfRange, TestCSVLabel
//	CSV row of the wrong width, a value …     TestCSV, TestCSVPixels
//	a hostile header                          TestData
//	model or checkpoint damaged, …            TestDamaged, TestMixedUp
//	disk full                                 TestDiskFull
//	directory not writable                    TestCannotSave, TestReadOnlyDirectory
//	killed while saving                       TestKilledSaving
//	Ctrl-C or SIGTERM                         TestInterrupt, TestInterruptTwice, TestSecondInterrupt
//	nonsense flags                            TestFlags, TestRecipeFlags, TestContradiction, TestPresetContradictions, TestSameFile
//
// Faults of OpenGL have one test with a fake GPU, which runs on every machine, and one with the
// machine's own driver.
