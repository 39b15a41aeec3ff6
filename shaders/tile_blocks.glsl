// Tiles without shared memory; see tile.glsl. For each l an invocation reads ROWS values
// of A and COLS of B, in vectors of four if possible, and uses each of them COLS or ROWS
// times.

// STEP terms are read together: four where four of them are contiguous.
#if (defined(VECA) && !A_TRANSPOSED) || (defined(VECB) && B_TRANSPOSED)
#define STEP 4
#else
#define STEP 1
#endif

// tileRow and tileColumn return the indices of an invocation's rows and columns in the
// tile. They are contiguous if they are read or written in vectors. Otherwise they are a group
// apart, so that neighbouring invocations read neighbouring values.
#if defined(VECA) && A_TRANSPOSED && ROWS % 4 == 0
#define ROW4
uint tileRow(int r) { return 4u * gl_LocalInvocationID.y + uint(r / 4 * 4 * GY + r % 4); }
#else
uint tileRow(int r) { return gl_LocalInvocationID.y + uint(GY * r); }
#endif
#if defined(VECD) || (defined(VECB) && !B_TRANSPOSED)
uint tileColumn(int c) { return 4u * gl_LocalInvocationID.x + uint(c / 4 * 4 * GX + c % 4); }
#else
uint tileColumn(int c) { return gl_LocalInvocationID.x + uint(GX * c); }
#endif

float sum[ROWS][COLS];
uint rowAt[ROWS], columnAt[COLS];

// readRows reads terms l to l+STEP−1 of the invocation's rows of op(A).
void readRows(uint l, out float av[STEP][ROWS]) {
#if !A_TRANSPOSED && defined(VECA)
    for (int r = 0; r < ROWS; r++) {
        vec4 v = fetchA4(rowAt[r] + l);
        for (int s = 0; s < STEP; s++) av[s][r] = v[s];
    }
#elif !A_TRANSPOSED
    for (int s = 0; s < STEP; s++) for (int r = 0; r < ROWS; r++) av[s][r] = fetchA(rowAt[r] + l + uint(s));
#else
    for (int s = 0; s < STEP; s++) {
        uint line = startA(l + uint(s));
#ifdef ROW4
        for (int r = 0; r < ROWS; r += 4) {
            vec4 v = fetchA4(line + rowAt[r]);
            for (int q = 0; q < 4; q++) av[s][r + q] = v[q];
        }
#else
        for (int r = 0; r < ROWS; r++) av[s][r] = fetchA(line + rowAt[r]);
#endif
    }
#endif
}

// readColumns reads terms l to l+STEP−1 of the invocation's columns of op(B).
void readColumns(uint l, out float bv[STEP][COLS]) {
#if B_TRANSPOSED && defined(VECB)
    for (int c = 0; c < COLS; c++) {
        vec4 v = fetchB4(columnAt[c] + l);
        for (int s = 0; s < STEP; s++) bv[s][c] = v[s];
    }
#elif B_TRANSPOSED
    for (int s = 0; s < STEP; s++) for (int c = 0; c < COLS; c++) bv[s][c] = fetchB(columnAt[c] + l + uint(s));
#else
    for (int s = 0; s < STEP; s++) {
        uint line = startB(l + uint(s));
#ifdef VECB
        for (int c = 0; c < COLS; c += 4) {
            vec4 v = fetchB4(line + columnAt[c]);
            for (int q = 0; q < 4; q++) bv[s][c + q] = v[q];
        }
#else
        for (int c = 0; c < COLS; c++) bv[s][c] = fetchB(line + columnAt[c]);
#endif
    }
#endif
}

// addTerms adds terms begin to end−1 to sum.
void addTerms(uint begin, uint end) {
    for (uint l = begin; l < end; l += uint(STEP)) {
        float av[STEP][ROWS], bv[STEP][COLS];
        readRows(l, av);
        readColumns(l, bv);
        for (int s = 0; s < STEP; s++) {
            for (int r = 0; r < ROWS; r++) for (int c = 0; c < COLS; c++) sum[r][c] += av[s][r] * bv[s][c];
        }
    }
}

// makeTile computes the tile whose first element is (i, j), of terms begin to end−1. It
// clamps reads beyond the edges, which avoids tests in the inner loop; their results are
// not written.
void makeTile(uint i, uint j, uint begin, uint end) {
    for (int r = 0; r < ROWS; r++) {
#ifdef ROW4
        rowAt[r] = min(i + tileRow(r), m - 4u + uint(r % 4));
#else
        rowAt[r] = min(i + tileRow(r), m - 1u);
#endif
#if !A_TRANSPOSED
        rowAt[r] = startA(rowAt[r]);
#endif
    }
    for (int c = 0; c < COLS; c++) {
#if defined(VECB) && !B_TRANSPOSED
        columnAt[c] = min(j + tileColumn(c), n - 4u + uint(c % 4));
#else
        columnAt[c] = min(j + tileColumn(c), n - 1u);
#endif
#if B_TRANSPOSED
        columnAt[c] = startB(columnAt[c]);
#endif
    }

    for (int r = 0; r < ROWS; r++) for (int c = 0; c < COLS; c++) sum[r][c] = 0.0;
#ifdef LONG
    float total[ROWS][COLS];
    for (int r = 0; r < ROWS; r++) for (int c = 0; c < COLS; c++) total[r][c] = 0.0;
    for (uint l = begin; l < end; l += PIECE) {
        addTerms(l, min(l + PIECE, end));
        for (int r = 0; r < ROWS; r++) {
            for (int c = 0; c < COLS; c++) {
                total[r][c] += sum[r][c];
                sum[r][c] = 0.0;
            }
        }
    }
    for (int r = 0; r < ROWS; r++) for (int c = 0; c < COLS; c++) sum[r][c] = total[r][c];
#else
    addTerms(begin, end);
#endif

    for (int r = 0; r < ROWS; r++) {
        uint row = i + tileRow(r);
#ifdef VECD
        for (int c = 0; c < COLS; c += 4) {
            uint column = j + tileColumn(c);
            if (row < m && column < n) finish4(row, column, vec4(sum[r][c], sum[r][c + 1], sum[r][c + 2], sum[r][c + 3]));
        }
#else
        for (int c = 0; c < COLS; c++) {
            uint column = j + tileColumn(c);
            if (row < m && column < n) finish(row, column, sum[r][c]);
        }
#endif
    }
}
