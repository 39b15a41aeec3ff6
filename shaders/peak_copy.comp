#version 430
// PeakCopy measures the speed of the device's memory. It copies in vectors of four:
//
//     Dst[e] = Src[e]

layout(local_size_x = 64) in;

layout(std430, binding = 0) writeonly restrict buffer Dst { vec4 dst[]; };
layout(std430, binding = 1) readonly restrict buffer Src { vec4 src[]; };

layout(std140, binding = 0) uniform Params {
    uint count;                // vectors of four
    uint dstOffset, srcOffset; // in elements, multiples of four
};

void main() {
    for (uint e = gl_GlobalInvocationID.x; e < count; e += gl_NumWorkGroups.x * gl_WorkGroupSize.x) {
        dst[dstOffset / 4u + e] = src[srcOffset / 4u + e];
    }
}
