#version 430
// Fill sets every element to a value:
//
//     Dst[e] = value
//
// The value travels as the bits of a float32, because some drivers change the bits
// of a NaN that they handle as a number.

layout(local_size_x = 64) in;

layout(std430, binding = 0) writeonly restrict buffer Dst { uint dst[]; };

layout(std140, binding = 0) uniform Params {
    uint count;
    uint dstOffset;
    uint value;
};

void main() {
    for (uint e = gl_GlobalInvocationID.x; e < count; e += gl_NumWorkGroups.x * gl_WorkGroupSize.x) {
        dst[dstOffset + e] = value;
    }
}
