#version 430
// Noise draws numbers that are uniform in (−1, 1):
//
//     Dst[e] = (2·u(e) + 1)/2¹⁶ − 1
//
// The generator makes eight numbers together, so an invocation takes elements 8·q to
// 8·q + 7, then the eight one grid further.

layout(local_size_x = 64) in;

layout(std430, binding = 0) writeonly restrict buffer Dst { float dst[]; };

layout(std140, binding = 0) uniform Params {
    uint count;
    uint dstOffset;
    uint stream;
};

#include "philox.glsl"

void main() {
    uint eights = (count + 7u) / 8u;
    for (uint q = gl_GlobalInvocationID.x; q < eights; q += gl_NumWorkGroups.x * gl_WorkGroupSize.x) {
        uvec4 draws = drawsOf(stream, q);
        for (uint h = 0u; h < 8u; h++) {
            uint e = 8u * q + h;
            if (e < count) dst[dstOffset + e] = signedOf(halfOf(draws, h));
        }
    }
}
