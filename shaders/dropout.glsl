// Op Dropout as a part of the kernel that computes its operand. With DROP, a kernel that includes
// this file has the parameters dropStream, threshold and keep.
#ifdef DROP
#include "philox.glsl"

// dropped returns element e after dropout: 0 for every value if the element is dropped.
float dropped(uint e, float value) {
    return halfOf(drawsOf(dropStream, e >> 3u), e & 7u) >= threshold ? value * keep : 0.0;
}

// dropped4 is dropped for elements e to e + 3, where e is a multiple of 4.
vec4 dropped4(uint e, vec4 values) {
    uvec4 draws = drawsOf(dropStream, e >> 3u);
    for (uint q = 0u; q < 4u; q++) values[q] = halfOf(draws, (e & 4u) + q) >= threshold ? values[q] * keep : 0.0;
    return values;
}
#endif
