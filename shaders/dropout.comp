#version 430
// Dropout leaves out elements at random and makes up for them in the others:
//
//     Dst[e] = Src[e]·keep   where u(e) ≥ threshold, else 0
//
// The random numbers come in eights, so an invocation takes elements 8·q to 8·q + 7, then
// the eight a grid further on.
//
// Dst may be Src, so neither is restrict; each element is read and written by the same
// invocation, in this order.

layout(local_size_x = 64) in;

layout(std430, binding = 0) writeonly buffer Dst { float dst[]; };
layout(std430, binding = 1) readonly buffer Src { float src[]; };

layout(std140, binding = 0) uniform Params {
    uint count;
    uint dstOffset, srcOffset;
    uint stream, threshold;
    float keep;
};

#include "philox.glsl"

void main() {
    uint eights = (count + 7u) / 8u;
    for (uint q = gl_GlobalInvocationID.x; q < eights; q += gl_NumWorkGroups.x * gl_WorkGroupSize.x) {
        uvec4 draws = drawsOf(stream, q);
        for (uint h = 0u; h < 8u; h++) {
            uint e = 8u * q + h;
            if (e < count) {
                // What is left out is 0 even where it is NaN or infinite.
                dst[dstOffset + e] = halfOf(draws, h) >= threshold ? src[srcOffset + e] * keep : 0.0;
            }
        }
    }
}
