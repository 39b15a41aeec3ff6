module shadegrad

go 1.24.0

require (
	github.com/bep/imagemeta v0.12.0
	github.com/go-gl/gl v0.0.0-20231021071112-07e5d0ea2e71
	github.com/go-gl/glfw/v3.3/glfw v0.0.0-20260823155953-d41da22a9587
	github.com/klauspost/cpuid/v2 v2.3.0
	golang.org/x/image v0.32.0
	golang.org/x/sys v0.37.0
	golang.org/x/term v0.36.0
	gonum.org/v1/gonum v0.17.0
	google.golang.org/protobuf v1.36.10
)

require golang.org/x/text v0.30.0 // indirect
