package compute

// An Interrupter is a Backend that can give up a device that does not respond.
type Interrupter interface {
	// Interrupt shortens the time for which the backend waits for the device, also for a caller that already waits.
	// It may be called from any goroutine.
	Interrupt()
}
