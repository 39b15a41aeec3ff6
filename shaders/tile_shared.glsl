// Tiles through shared memory; see tile.glsl. The group reads DEPTH terms of all its rows
// and columns, a piece, and puts them into shared memory, where its invocations take what
// they need. Everything moves in quads, so that a load or store takes 128 bits: a quad of
// A is four rows of a term, a quad of B four columns.
//
// Shared memory has room for two pieces. While the group computes with one, it loads the
// next into registers and then stores it in the place of the one before.

// Small tiles are for products with few groups, whose time is that of their loads: they load
// many terms together. Larger tiles take less shared memory per invocation, so that a
// device can run more groups. OpenGL guarantees 32 KiB for a group.
#if TILE == T16 || TILE == T32
#define DEPTH 16
#else
#define DEPTH 8
#endif

// The number of invocations, of quads of a piece, and of those that an invocation reads.
#define INVOCATIONS (GX * GY)
#define A_QUADS (TILE_M / 4 * DEPTH)
#define B_QUADS (TILE_N / 4 * DEPTH)
#define A_EACH ((A_QUADS + INVOCATIONS - 1) / INVOCATIONS)
#define B_EACH ((B_QUADS + INVOCATIONS - 1) / INVOCATIONS)

// One more quad per term puts the same quad of eight successive terms into different banks
// of memory.
shared vec4 sharedA[2][DEPTH][TILE_M / 4 + 1];
shared vec4 sharedB[2][DEPTH][TILE_N / 4 + 1];

uint turn = 0u;               // which of its two places the piece takes
vec4 nextA[A_EACH], nextB[B_EACH];
uvec4 rowAt[A_EACH], columnAt[B_EACH];

// placeA returns the quad of the tile's rows, and the term of a piece, that is quad q of
// this invocation. Neighbours take neighbouring elements of a stored line.
uvec2 placeA(int q) {
    uint at = gl_LocalInvocationIndex + uint(q * INVOCATIONS);
#if A_TRANSPOSED
    return uvec2(at % uint(TILE_M / 4), at / uint(TILE_M / 4));
#else
    return uvec2(at / uint(DEPTH), at % uint(DEPTH));
#endif
}

uvec2 placeB(int q) {
    uint at = gl_LocalInvocationIndex + uint(q * INVOCATIONS);
#if B_TRANSPOSED
    return uvec2(at / uint(DEPTH), at % uint(DEPTH));
#else
    return uvec2(at % uint(TILE_N / 4), at / uint(TILE_N / 4));
#endif
}

// hasA reports whether this invocation has a quad q.
bool hasA(int q) { return A_QUADS % INVOCATIONS == 0 || gl_LocalInvocationIndex + uint(q * INVOCATIONS) < uint(A_QUADS); }
bool hasB(int q) { return B_QUADS % INVOCATIONS == 0 || gl_LocalInvocationIndex + uint(q * INVOCATIONS) < uint(B_QUADS); }

// readA reads term l of quad q.
vec4 readA(int q, uint l) {
#if A_TRANSPOSED
    uvec4 at = rowAt[q] + startA(l);
#else
    uvec4 at = rowAt[q] + l;
#endif
#if A_TRANSPOSED && defined(VECA)
    return fetchA4(at.x);
#else
    return vec4(fetchA(at.x), fetchA(at.y), fetchA(at.z), fetchA(at.w));
#endif
}

vec4 readB(int q, uint l) {
#if B_TRANSPOSED
    uvec4 at = columnAt[q] + l;
#else
    uvec4 at = columnAt[q] + startB(l);
#endif
#if !B_TRANSPOSED && defined(VECB)
    return fetchB4(at.x);
#else
    return vec4(fetchB(at.x), fetchB(at.y), fetchB(at.z), fetchB(at.w));
#endif
}

// locate sets rowAt and columnAt for the tile at (i, j): where lines of the matrix begin, or
// which elements of a line to read. Beyond the edges they are those of the last row or
// column; what is computed from them is not used.
void locate(uint i, uint j) {
    for (int q = 0; q < A_EACH; q++) {
        uint row = i + 4u * placeA(q).x;
#if A_TRANSPOSED && defined(VECA)
        rowAt[q] = uvec4(min(row, m - 4u));
#else
        rowAt[q] = min(row + uvec4(0u, 1u, 2u, 3u), uvec4(m - 1u));
#endif
#if !A_TRANSPOSED
        rowAt[q] = uvec4(startA(rowAt[q].x), startA(rowAt[q].y), startA(rowAt[q].z), startA(rowAt[q].w));
#endif
    }
    for (int q = 0; q < B_EACH; q++) {
        uint column = j + 4u * placeB(q).x;
#if !B_TRANSPOSED && defined(VECB)
        columnAt[q] = uvec4(min(column, n - 4u));
#else
        columnAt[q] = min(column + uvec4(0u, 1u, 2u, 3u), uvec4(n - 1u));
#endif
#if B_TRANSPOSED
        columnAt[q] = uvec4(startB(columnAt[q].x), startB(columnAt[q].y), startB(columnAt[q].z), startB(columnAt[q].w));
#endif
    }
}

// read begins to load the piece that begins with term l. Terms from end on are zero, which
// adds nothing.
void read(uint l, uint end) {
    for (int q = 0; q < A_EACH; q++) {
        uint term = l + placeA(q).y;
        nextA[q] = hasA(q) && term < end ? readA(q, term) : vec4(0.0);
    }
    for (int q = 0; q < B_EACH; q++) {
        uint term = l + placeB(q).y;
        nextB[q] = hasB(q) && term < end ? readB(q, term) : vec4(0.0);
    }
}

// share stores the loaded piece in shared memory.
void share() {
    for (int q = 0; q < A_EACH; q++) {
        uvec2 at = placeA(q);
        if (hasA(q)) sharedA[turn][at.y][at.x] = nextA[q];
    }
    for (int q = 0; q < B_EACH; q++) {
        uvec2 at = placeB(q);
        if (hasB(q)) sharedB[turn][at.y][at.x] = nextB[q];
    }
}

// makeTile computes the tile whose first element is (i, j), of terms first to end−1. The
// arguments are the same in the whole group, since all invocations must reach every
// barrier. An invocation has ROWS rows next to each other, and the columns of quads that
// are GX quads apart, so that neighbours read and write neighbouring quads.
void makeTile(uint i, uint j, uint first, uint end) {
    uint x = gl_LocalInvocationID.x, y = gl_LocalInvocationID.y;
    uint row = i + uint(ROWS) * y;
    vec4 sum[ROWS][COLS / 4];
    for (int r = 0; r < ROWS; r++) for (int c = 0; c < COLS / 4; c++) sum[r][c] = vec4(0.0);
#ifdef LONG
    vec4 total[ROWS][COLS / 4];
    for (int r = 0; r < ROWS; r++) for (int c = 0; c < COLS / 4; c++) total[r][c] = vec4(0.0);
#endif

    locate(i, j);
    read(first, end);
    for (uint l = first; l < end; l += uint(DEPTH)) {
        share();
        // This separates the stores of a piece from its loads. It also separates the loads of
        // the piece before from the stores of the next one, which take its place: so pieces
        // alternate between the two places, also from tile to tile.
        memoryBarrierShared();
        barrier();
        if (l + uint(DEPTH) < end) read(l + uint(DEPTH), end);
        // Invocations below the matrix have nothing to do, and neither have terms from end on.
        uint terms = row < m ? min(uint(DEPTH), end - l) : 0u;
        for (uint d = 0u; d < terms; d += 4u) {
            for (int s = 0; s < 4; s++) {
                vec4 av[ROWS / 4], bv[COLS / 4];
                for (int r = 0; r < ROWS / 4; r++) av[r] = sharedA[turn][d + uint(s)][uint(ROWS / 4) * y + uint(r)];
                for (int c = 0; c < COLS / 4; c++) bv[c] = sharedB[turn][d + uint(s)][x + uint(GX * c)];
                for (int r = 0; r < ROWS; r++) for (int c = 0; c < COLS / 4; c++) sum[r][c] += av[r / 4][r % 4] * bv[c];
            }
        }
        turn ^= 1u;
#ifdef LONG
        if ((l - first) % PIECE == PIECE - uint(DEPTH)) {
            for (int r = 0; r < ROWS; r++) {
                for (int c = 0; c < COLS / 4; c++) {
                    total[r][c] += sum[r][c];
                    sum[r][c] = vec4(0.0);
                }
            }
        }
#endif
    }
#ifdef LONG
    for (int r = 0; r < ROWS; r++) for (int c = 0; c < COLS / 4; c++) sum[r][c] = total[r][c] + sum[r][c];
#endif

    for (int r = 0; r < ROWS; r++, row++) {
        for (int c = 0; c < COLS / 4; c++) {
            uint column = j + 4u * (x + uint(GX * c));
#ifdef VECD
            if (row < m && column < n) finish4(row, column, sum[r][c]);
#else
            for (int q = 0; q < 4; q++) if (row < m && column + uint(q) < n) finish(row, column + uint(q), sum[r][c][q]);
#endif
        }
    }
}
