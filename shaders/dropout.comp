#version 430
// Dropout sets elements to 0 at random and scales the others up:
//
//     Dst[e] = Src[e]·keep   where u(e) ≥ threshold, else 0
//
// The generator makes eight numbers together, so an invocation takes elements 8·q to
// 8·q + 7, then the eight one grid further.
//
// Dst may be Src, so neither is restrict; the invocation that writes an element is the
// one that read it.

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
                // A dropped element becomes 0 even if it is NaN or infinite.
                dst[dstOffset + e] = halfOf(draws, h) >= threshold ? src[srcOffset + e] * keep : 0.0;
            }
        }
    }
}
