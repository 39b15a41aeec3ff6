package console

import (
	"os"
	"testing"

	"golang.org/x/sys/windows"
)

// TestConsole switches escape sequences on in a new console.
func TestConsole(t *testing.T) {
	kernel := windows.NewLazySystemDLL("kernel32.dll")
	kernel.NewProc("FreeConsole").Call()
	if ok, _, err := kernel.NewProc("AllocConsole").Call(); ok == 0 {
		t.Fatal(err)
	}
	f, err := os.OpenFile("CONOUT$", os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	h := windows.Handle(f.Fd())
	set := func(mode uint32) {
		t.Helper()
		if err := windows.SetConsoleMode(h, mode); err != nil {
			t.Fatal(err)
		}
	}
	set(windows.ENABLE_PROCESSED_OUTPUT)
	if !Is(f) || Columns(f, 0) == 0 {
		t.Errorf("a console: %t, %d columns", Is(f), Columns(f, 0))
	}
	if Escapes(f, func(string) string { return "dumb" }) {
		t.Error("TERM=dumb has no effect")
	}
	var mode uint32
	if !Escapes(f, func(string) string { return "" }) {
		t.Error("a console does not interpret escape sequences")
	} else if err := windows.GetConsoleMode(h, &mode); err != nil || mode&windows.ENABLE_VIRTUAL_TERMINAL_PROCESSING == 0 {
		t.Errorf("the console has mode %#x, %v", mode, err)
	}

	// The console refuses a handle without the right to write.
	read, err := windows.CreateFile(windows.StringToUTF16Ptr("CONOUT$"), windows.GENERIC_READ, windows.FILE_SHARE_READ|windows.FILE_SHARE_WRITE, nil,
		windows.OPEN_EXISTING, 0, 0)
	if err != nil {
		t.Fatal(err)
	}
	set(windows.ENABLE_PROCESSED_OUTPUT)
	only := os.NewFile(uintptr(read), "CONOUT$")
	defer only.Close()
	if Escapes(only, func(string) string { return "" }) {
		t.Error("escape sequences are taken for interpreted although the console refused")
	}
}
