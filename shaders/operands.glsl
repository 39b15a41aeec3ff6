// The operands of tiles of a product: A in block A at aOffset, where op(A) is m×k, and
// B in block B at bOffset, where op(B) is k×n. A kernel that gathers the rows of A from
// bytes defines PIXELS_A and includes pixels.glsl before this file.

uint startB(uint x) {
#if FORM == NT || FORM == TT
    return bOffset + x * k;
#else
    return bOffset + x * n;
#endif
}

#ifdef VECB
vec4 fetchB4(uint at) { return b[at >> 2u]; }
float fetchB(uint at) { return b[at >> 2u][at & 3u]; }
#else
float fetchB(uint at) { return b[at]; }
#endif

#ifdef PIXELS_A
uint startA(uint x) { return pixelRow(x) * k; }
vec4 fetchA4(uint at) { return pixels4(at); }
float fetchA(uint at) { return pixel(at); }
#else
uint startA(uint x) {
#if FORM == TN || FORM == TT
    return aOffset + x * m;
#else
    return aOffset + x * k;
#endif
}

#ifdef VECA
vec4 fetchA4(uint at) { return a[at >> 2u]; }
float fetchA(uint at) { return a[at >> 2u][at & 3u]; }
#else
float fetchA(uint at) { return a[at]; }
#endif
#endif
