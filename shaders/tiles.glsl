// The ways to divide a matrix product among invocations. A kernel that includes this file
// defines TILE as one of these names. A group of GX×GY invocations computes a tile of
// TILE_M×TILE_N elements, each invocation ROWS×COLS of them.
//
// B tiles (blocks) have no shared memory and no barrier: an invocation reads what it needs
// and keeps it in registers. T tiles share what they read with the group, DEPTH terms at a
// time. On a GPU this saves most of the memory traffic; on a software renderer barriers
// are expensive.
#define B8X8 0
#define B4X4 1
#define B1X8 2
#define T16 3
#define T32 4
#define T64 5
#define T128 6
#define T32X128 7

#if TILE == B8X8
#define ROWS 8
#define COLS 8
#define GX 8
#define GY 1
#elif TILE == B4X4
#define ROWS 4
#define COLS 4
#define GX 8
#define GY 4
#elif TILE == B1X8
#define ROWS 1
#define COLS 8
#define GX 8
#define GY 1
#elif TILE == T16
#define ROWS 4
#define COLS 4
#define GX 8
#define GY 4
#elif TILE == T32
#define ROWS 4
#define COLS 4
#define GX 8
#define GY 8
#elif TILE == T64
#define ROWS 8
#define COLS 4
#define GX 16
#define GY 8
#elif TILE == T128
#define ROWS 8
#define COLS 8
#define GX 16
#define GY 16
#else
#define ROWS 4
#define COLS 4
#define GX 32
#define GY 8
#endif

#define TILED (TILE >= T16)
#define TILE_M (ROWS * GY)
#define TILE_N (COLS * GX)

layout(local_size_x = GX, local_size_y = GY) in;
