#version 430
// PeakFMA measures how many multiply-adds the device can do in registers:
//
//     x = x·factor + x   rounds times, in eight chains of four lanes
//
// An invocation has eight independent chains, so that no multiply-add waits for the one
// before. The result is written so that the compiler does not remove the loop. A round
// is 64 operations; a multiply-add counts as two.

layout(local_size_x = 64) in;

layout(std430, binding = 0) writeonly restrict buffer Dst { float dst[]; };

layout(std140, binding = 0) uniform Params {
    uint count;     // invocations that work
    uint dstOffset; // of an element for each
    uint rounds;
    float factor;
};

void main() {
    for (uint e = gl_GlobalInvocationID.x; e < count; e += gl_NumWorkGroups.x * gl_WorkGroupSize.x) {
        vec4 a = vec4(float(e)) + vec4(0.0, 1.0, 2.0, 3.0);
        vec4 b = a + 4.0, c = a + 8.0, d = a + 12.0, f = a + 16.0, g = a + 20.0, h = a + 24.0, i = a + 28.0;
        for (uint r = 0u; r < rounds; r++) {
            a = fma(a, vec4(factor), a);
            b = fma(b, vec4(factor), b);
            c = fma(c, vec4(factor), c);
            d = fma(d, vec4(factor), d);
            f = fma(f, vec4(factor), f);
            g = fma(g, vec4(factor), g);
            h = fma(h, vec4(factor), h);
            i = fma(i, vec4(factor), i);
        }
        dst[dstOffset + e] = dot(a + b + c + d + f + g + h + i, vec4(1.0));
    }
}
