// Tiles through shared memory; see tile.glsl. The group reads DEPTH terms of all its rows
// and columns, each value once, and each invocation takes what it needs from shared
// memory. While it computes with one piece, it loads the next one into registers.

#define DEPTH 16
#define INVOCATIONS (GX * GY)
#ifdef VECA
#define A_UNIT 4
#else
#define A_UNIT 1
#endif
#ifdef VECB
#define B_UNIT 4
#else
#define B_UNIT 1
#endif
// The number of units of a piece that an invocation reads.
#define A_UNITS (TILE_M * DEPTH / A_UNIT / INVOCATIONS)
#define B_UNITS (TILE_N * DEPTH / B_UNIT / INVOCATIONS)

// One more element per line puts the elements of a column into different banks of
// memory.
shared float rowsOfA[DEPTH][TILE_M + 1];
shared float columnsOfB[DEPTH][TILE_N + 1];

vec4 nextA[A_UNITS], nextB[B_UNITS]; // only x is used if a unit is one value

// placeA returns the row and the term at which unit q of this invocation begins.
// Neighbours take neighbouring units of a line.
uvec2 placeA(int q) {
    uint unit = gl_LocalInvocationIndex + uint(q * INVOCATIONS);
#if A_TRANSPOSED
    return uvec2(unit % uint(TILE_M / A_UNIT) * uint(A_UNIT), unit / uint(TILE_M / A_UNIT));
#else
    return uvec2(unit / uint(DEPTH / A_UNIT), unit % uint(DEPTH / A_UNIT) * uint(A_UNIT));
#endif
}

uvec2 placeB(int q) {
    uint unit = gl_LocalInvocationIndex + uint(q * INVOCATIONS);
#if B_TRANSPOSED
    return uvec2(unit / uint(DEPTH / B_UNIT), unit % uint(DEPTH / B_UNIT) * uint(B_UNIT));
#else
    return uvec2(unit % uint(TILE_N / B_UNIT) * uint(B_UNIT), unit / uint(TILE_N / B_UNIT));
#endif
}

// read begins to load the piece that begins with term l. It is zero beyond the edges of
// the matrices, which adds nothing.
void read(uint i, uint j, uint l, uint end) {
    for (int q = 0; q < A_UNITS; q++) {
        uvec2 at = placeA(q) + uvec2(i, l);
        nextA[q] = vec4(0.0);
        if (at.x < m && at.y < end) {
#if A_TRANSPOSED
            uint place = startA(at.y) + at.x;
#else
            uint place = startA(at.x) + at.y;
#endif
#ifdef VECA
            nextA[q] = fetchA4(place);
#else
            nextA[q].x = fetchA(place);
#endif
        }
    }
    for (int q = 0; q < B_UNITS; q++) {
        uvec2 at = placeB(q) + uvec2(j, l);
        nextB[q] = vec4(0.0);
        if (at.x < n && at.y < end) {
#if B_TRANSPOSED
            uint place = startB(at.x) + at.y;
#else
            uint place = startB(at.y) + at.x;
#endif
#ifdef VECB
            nextB[q] = fetchB4(place);
#else
            nextB[q].x = fetchB(place);
#endif
        }
    }
}

// share writes the loaded piece to shared memory.
void share() {
    for (int q = 0; q < A_UNITS; q++) {
        uvec2 at = placeA(q);
        for (uint u = 0u; u < uint(A_UNIT); u++) {
#if A_TRANSPOSED
            rowsOfA[at.y][at.x + u] = nextA[q][u];
#else
            rowsOfA[at.y + u][at.x] = nextA[q][u];
#endif
        }
    }
    for (int q = 0; q < B_UNITS; q++) {
        uvec2 at = placeB(q);
        for (uint u = 0u; u < uint(B_UNIT); u++) {
#if B_TRANSPOSED
            columnsOfB[at.y + u][at.x] = nextB[q][u];
#else
            columnsOfB[at.y][at.x + u] = nextB[q][u];
#endif
        }
    }
}

// makeTile computes the tile whose first element is (i, j), of terms begin to end−1. The
// arguments are the same in the whole group, since all invocations must reach every
// barrier.
void makeTile(uint i, uint j, uint begin, uint end) {
    uint x = gl_LocalInvocationID.x, y = gl_LocalInvocationID.y;
    float sum[ROWS][COLS];
    for (int r = 0; r < ROWS; r++) for (int c = 0; c < COLS; c++) sum[r][c] = 0.0;
#ifdef LONG
    float total[ROWS][COLS];
    for (int r = 0; r < ROWS; r++) for (int c = 0; c < COLS; c++) total[r][c] = 0.0;
#endif

    read(i, j, begin, end);
    for (uint l = begin; l < end; l += uint(DEPTH)) {
        share();
        // The piece must be written before it is read.
        memoryBarrierShared();
        barrier();
        if (l + uint(DEPTH) < end) read(i, j, l + uint(DEPTH), end);
        for (int d = 0; d < DEPTH; d++) {
            float av[ROWS], bv[COLS];
            for (int r = 0; r < ROWS; r++) av[r] = rowsOfA[d][y + uint(GY * r)];
            for (int c = 0; c < COLS; c++) bv[c] = columnsOfB[d][x + uint(GX * c)];
            for (int r = 0; r < ROWS; r++) for (int c = 0; c < COLS; c++) sum[r][c] += av[r] * bv[c];
        }
#ifdef LONG
        if ((l - begin) % PIECE == PIECE - uint(DEPTH)) {
            for (int r = 0; r < ROWS; r++) {
                for (int c = 0; c < COLS; c++) {
                    total[r][c] += sum[r][c];
                    sum[r][c] = 0.0;
                }
            }
        }
#endif
        // All invocations must have read it before the next piece overwrites it.
        memoryBarrierShared();
        barrier();
    }
#ifdef LONG
    for (int r = 0; r < ROWS; r++) for (int c = 0; c < COLS; c++) sum[r][c] = total[r][c] + sum[r][c];
#endif

    for (int r = 0; r < ROWS; r++) {
        for (int c = 0; c < COLS; c++) {
            uint row = i + y + uint(GY * r), column = j + x + uint(GX * c);
            if (row < m && column < n) finish(row, column, sum[r][c]);
        }
    }
}
