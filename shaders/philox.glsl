// Random numbers as a function of a counter: Philox4x32-10, from Salmon, Moraes, Dror
// and Shaw, "Parallel random numbers: as easy as 1, 2, 3" (SC 2011). It uses only
// integers, so that every backend draws the same bits.

// The key, and the part of the counter that changes from step to step.
uniform uvec2 seed; // the lower half first
uniform uint stepNumber;

// The streams below this number belong to the host.
#define FIRST_STREAM 16u

// drawsOf returns eight 16-bit numbers of a stream, u(8·number) to u(8·number + 7), two per
// word, the lower half first.
uvec4 drawsOf(uint stream, uint number) {
    uvec4 counter = uvec4(number, 0u, stepNumber, FIRST_STREAM + stream);
    uvec2 key = seed;
    for (int r = 0; r < 10; r++) {
        uint high0, low0, high1, low1;
        umulExtended(0xD2511F53u, counter.x, high0, low0);
        umulExtended(0xCD9E8D57u, counter.z, high1, low1);
        counter = uvec4(high1 ^ counter.y ^ key.x, low1, high0 ^ counter.w ^ key.y, low0);
        key += uvec2(0x9E3779B9u, 0xBB67AE85u);
    }
    return counter;
}

// halfOf returns number h, 0 to 7, of the eight.
uint halfOf(uvec4 draws, uint h) {
    return (draws[h >> 1u] >> (16u * (h & 1u))) & 0xffffu;
}

// signedOf returns the number in (-1, 1) that 16 bits stand for: (2u + 1)/2^16 - 1. It has
// 17 bits, so nothing is rounded.
float signedOf(uint u) { return float(int(2u * u + 1u) - 65536) * (1.0 / 65536.0); }
