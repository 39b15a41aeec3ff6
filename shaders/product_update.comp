#version 430
// ProductUpdate updates the parameters of layers by their gradients in one dispatch, ops
// MatMul or ColumnSum and Update:
//
//     G = Aᵀ·B        or, for a bias,       G = Σₗ A[l,i]
//
// rules.glsl has the rest of the equations. A are a layer's deltas, k×m; B its inputs,
// k×n, or a batch of rows of pixels that the kernel gathers. W, V and S are m×n, those of
// a bias 1×m. Gradients are not stored.
//
// One dispatch does several of these jobs, since one alone would not keep a device busy.
// A job consists of units of one kind: tiles of a product; or elements of a product that
// does not suit the tiles, one for each invocation; or elements of a bias, divided in the
// same way. Blocks W, V and S belong to tiles; block Single holds W, V and S of single
// elements. All deltas are in block A, and all inputs except pixels in block B.
//
// option TILE = B8X8 | B4X4 | B1X8 | T16 | T32 | T64 | T128 | T32X128
// option VECA            read the deltas of tiles in vectors of four
// option VECB            read the inputs of tiles in vectors of four
// option VECD            read and write W, V and S of tiles in vectors of four
// option LONG            sums are longer than a piece
// option PIXELS_B        the inputs of tiles are rows of bytes
// option INDEX           visit these rows in Index's order, else 0, 1, 2, …
// option RULE = SGD | MOMENTUM | NESTEROV | RMSPROP | ADAM
// option TERMS           some job has weight decay
// option SINGLES         some job is of single elements

#define FORM TN
#include "transpose.glsl"
#include "tiles.glsl"
#include "bytes.glsl"

#define TILES 0u
#define ELEMENTS 1u
#define SUMS 2u

struct Job {
    uint kind, units, tilesX;   // tilesX: tiles in a row
    uint m, n, k;
    uint aOffset, bOffset, wOffset, vOffset, sOffset;
    float l2, l1, decay;
};

layout(std140, binding = 0) uniform Params {
    Job jobs[16];
    uint units;                 // of all jobs
    float scale, shift;         // of pixels
    float rho, epsilon;
};

#include "rules.glsl"

#ifdef VECD
layout(std430, binding = 0) restrict buffer W { vec4 w[]; };
#ifdef VELOCITIES
layout(std430, binding = 1) restrict buffer V { vec4 v[]; };
#endif
#ifdef SQUARES
layout(std430, binding = 3) restrict buffer S { vec4 s[]; };
#endif
#else
layout(std430, binding = 0) restrict buffer W { float w[]; };
#ifdef VELOCITIES
layout(std430, binding = 1) restrict buffer V { float v[]; };
#endif
#ifdef SQUARES
layout(std430, binding = 3) restrict buffer S { float s[]; };
#endif
#endif
#ifdef SINGLES
layout(std430, binding = 2) restrict buffer Single { float single[]; };
#endif
#ifdef VECA
layout(std430, binding = 4) readonly restrict buffer A { vec4 a[]; };
#else
layout(std430, binding = 4) readonly restrict buffer A { float a[]; };
#endif
#if defined(VECB) && !defined(PIXELS_B)
layout(std430, binding = 5) readonly restrict buffer B { vec4 b[]; };
#else
layout(std430, binding = 5) readonly restrict buffer B { float b[]; };
#endif
#ifdef PIXELS_B
layout(std430, binding = 6) readonly restrict buffer Src { uint src[]; };
#endif
#ifdef INDEX
layout(std430, binding = 7) readonly restrict buffer Index { uint index[]; };
#endif

// The values of the current job.
uint m, n, aOffset, bOffset, wOffset, vOffset, sOffset;
Decay terms;

#ifdef PIXELS_B
uniform uint firstRow;
#include "pixels.glsl"
#endif

uint startA(uint l) { return aOffset + l * m; }
#ifdef VECA
vec4 fetchA4(uint at) { return a[at >> 2u]; }
float fetchA(uint at) { return a[at >> 2u][at & 3u]; }
#else
float fetchA(uint at) { return a[at]; }
#endif

#ifdef PIXELS_B
uint startB(uint l) { return pixelRow(l) * n; }
vec4 fetchB4(uint at) { return pixels4(at); }
float fetchB(uint at) { return pixel(at); }
#else
uint startB(uint l) { return bOffset + l * n; }
#ifdef VECB
vec4 fetchB4(uint at) { return b[at >> 2u]; }
float fetchB(uint at) { return b[at >> 2u][at & 3u]; }
#else
float fetchB(uint at) { return b[at]; }
#endif
#endif

#include "tile.glsl"

void finish(uint i, uint j, float g) {
#ifndef VECD
    uint e = i * n + j;
    float weight = w[wOffset + e], velocity = 0.0, square = 0.0;
#ifdef VELOCITIES
    velocity = v[vOffset + e];
#endif
#ifdef SQUARES
    square = s[sOffset + e];
#endif
    descend(weight, velocity, square, g, terms);
    w[wOffset + e] = weight;
#ifdef VELOCITIES
    v[vOffset + e] = velocity;
#endif
#ifdef SQUARES
    s[sOffset + e] = square;
#endif
#endif
}

#ifdef VECD
void finish4(uint i, uint j, vec4 g) {
    uint e = i * n + j;
    vec4 weights = w[(wOffset + e) >> 2u], velocities = vec4(0.0), squares = vec4(0.0);
#ifdef VELOCITIES
    velocities = v[(vOffset + e) >> 2u];
#endif
#ifdef SQUARES
    squares = s[(sOffset + e) >> 2u];
#endif
    for (int q = 0; q < 4; q++) descend(weights[q], velocities[q], squares[q], g[q], terms);
    w[(wOffset + e) >> 2u] = weights;
#ifdef VELOCITIES
    v[(vOffset + e) >> 2u] = velocities;
#endif
#ifdef SQUARES
    s[(sOffset + e) >> 2u] = squares;
#endif
}
#endif

#ifdef SINGLES
// singleB returns B[l,j]. It is never a pixel.
float singleB(uint l, uint j) {
    uint at = bOffset + l * n + j;
#ifdef PIXELS_B
    return b[at];
#else
    return fetchB(at);
#endif
}

// makeSingle computes the gradient of element e of the job's weights or bias and updates it.
void makeSingle(uint e, uint k, uint kind) {
    uint i = e, j = 0u;
    if (kind == ELEMENTS) {
        i = e / n;
        j = e % n;
    }
    float total = 0.0;
    for (uint begin = 0u; begin < k; begin += PIECE) {
        float sum = 0.0;
        for (uint l = begin; l < min(begin + PIECE, k); l++) {
            float delta = fetchA(aOffset + l * m + i);
            sum += kind == ELEMENTS ? delta * singleB(l, j) : delta;
        }
        total += sum;
    }
    float weight = single[wOffset + e], velocity = 0.0, square = 0.0;
#ifdef VELOCITIES
    velocity = single[vOffset + e];
#endif
#ifdef SQUARES
    square = single[sOffset + e];
#endif
    descend(weight, velocity, square, total, terms);
    single[wOffset + e] = weight;
#ifdef VELOCITIES
    single[vOffset + e] = velocity;
#endif
#ifdef SQUARES
    single[sOffset + e] = square;
#endif
}
#endif

// unit does unit t of job q.
void unit(uint q, uint t) {
    m = jobs[q].m;
    n = jobs[q].n;
    aOffset = jobs[q].aOffset;
    bOffset = jobs[q].bOffset;
    wOffset = jobs[q].wOffset;
    vOffset = jobs[q].vOffset;
    sOffset = jobs[q].sOffset;
    terms = Decay(jobs[q].l2, jobs[q].l1, jobs[q].decay);
    uint k = jobs[q].k, kind = jobs[q].kind;
#ifdef SINGLES
    if (kind != TILES) {
        uint e = t * uint(GX * GY) + gl_LocalInvocationIndex;
        if (e < (kind == SUMS ? m : m * n)) makeSingle(e, k, kind);
        return;
    }
#endif
    uint tilesX = jobs[q].tilesX;
    makeTile(t / tilesX * uint(TILE_M), t % tilesX * uint(TILE_N), 0u, k);
}

void main() {
    for (uint t = gl_WorkGroupID.x; t < units; t += gl_NumWorkGroups.x) {
        uint q = 0u, first = 0u;
        while (t >= first + jobs[q].units) {
            first += jobs[q].units;
            q++;
        }
        unit(q, t - first);
    }
}
