// The operands of a tile that are plain matrices: A in block A at aOffset, op(A)
// being m×k, and B in block B at bOffset, op(B) being k×n. A kernel that gathers
// A's rows from bytes defines PIXELS_A and has included pixels.glsl.

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
