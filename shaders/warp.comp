#version 430
// Warp reads a batch of images and distorts each of them differently. Pixel (x, y) of image i
// comes from the place
//
//     (X, Y) = A·(x−cx, y−cy) + (cx, cy) + s + α·(F[0], F[1])
//     A  = ( cos θ   −sin θ )·( 1  k )·( 1/a   0  )
//          ( sin θ    cos θ ) ( 0  1 ) (  0   1/b )
//     F[d] = Field[y, (d·rows + i)·width + x]
//
// of row Index[firstRow+i] of Src, where (cx, cy) is the centre of an image. motionOf
// computes θ, k, a, b, s and α from the image's random numbers. The value is bilinear between
// pixels and 0 outside the image. It is rounded to an integer, and
//
//     Dst[i, y·width+x] = scale·value + shift
//
// A group takes 64 neighbouring pixels of an image, then others of the same image, so that it
// draws the image's random numbers once for several pixels; then the image one grid further.
// No barrier is needed: each invocation draws for itself.
//
// With DROP the kernel also does op Dropout of the values.
//
// option FIELD           there is an elastic field, else F is 0
// option CALM            halve the rotation and the shear of some classes
// option INDEX           visit rows in Index's order, else 0, 1, 2, …
// option DROP            do dropout too

#include "bytes.glsl"

layout(local_size_x = 64) in;

layout(std430, binding = 0) writeonly restrict buffer Dst { float dst[]; };
layout(std430, binding = 6) readonly restrict buffer Src { uint src[]; };
#ifdef INDEX
layout(std430, binding = 7) readonly restrict buffer Index { uint index[]; };
#endif
#ifdef FIELD
layout(std430, binding = 1) readonly restrict buffer Field { float field[]; };
#endif
#ifdef CALM
layout(std430, binding = 3) readonly restrict buffer Labels { uint labels[]; };
#endif

layout(std140, binding = 0) uniform Params {
    uint rows, width, height;
    uint dstOffset, fieldOffset;
    float scale, shift;
    float alphaMiddle, alphaHalf;           // α is in alphaMiddle ± alphaHalf
    float rotation, scaling, shear, translation;
    uint calmLow, calmHigh;                 // a bit for each class
    uint stream;
    uint dropStream, threshold;             // of dropout
    float keep;
};
uniform uint firstRow;

#include "philox.glsl"
#include "dropout.glsl"

// sine and cosine are Taylor series for angles up to π/2, where the next terms are below
// 6e-8. GLSL promises an accuracy of only 2^-11 for its own functions.
float sine(float x) {
    float s = x * x;
    return x + x * s * (-1.0 / 6.0 + s * (1.0 / 120.0 + s * (-1.0 / 5040.0 + s * (1.0 / 362880.0 + s * (-1.0 / 39916800.0)))));
}

float cosine(float x) {
    float s = x * x;
    return 1.0 + s * (-0.5 + s * (1.0 / 24.0 + s * (-1.0 / 720.0 + s * (1.0 / 40320.0 + s * (-1.0 / 3628800.0 + s * (1.0 / 479001600.0))))));
}

// A Motion is the affine part of a distortion, and the strength of the elastic part.
struct Motion {
    vec4 a;     // A, row by row
    vec2 to;    // (cx, cy) + s
    float alpha;
};

// isCalm reports whether the label of a row of the data set is a calm class.
bool isCalm(uint row) {
#ifdef CALM
    uint c = byteOf(labels[row >> 2u], row);
    return c < 64u && (((c < 32u ? calmLow : calmHigh) >> (c & 31u)) & 1u) == 1u;
#else
    return false;
#endif
}

// motionOf computes the motion of image i from the random numbers u(16·i) to u(16·i + 6),
// each mapped to (-1, 1): θ and k from the first and the fourth, a and b from the second and
// the third, s from the next two, and α from the last.
Motion motionOf(uint i, uint row) {
    uvec4 draws = drawsOf(stream, 2u * i);
    float h = isCalm(row) ? 0.5 : 1.0;
    float theta = h * rotation * signedOf(halfOf(draws, 0u));
    float a = 1.0 + scaling * signedOf(halfOf(draws, 1u));
    float b = 1.0 + scaling * signedOf(halfOf(draws, 2u));
    float k = h * shear * signedOf(halfOf(draws, 3u));
    vec2 s = translation * vec2(signedOf(halfOf(draws, 4u)), signedOf(halfOf(draws, 5u)));
    float sinT = sine(theta), cosT = cosine(theta);
    Motion m;
    m.a = vec4(cosT / a, (k * cosT - sinT) / b, sinT / a, (k * sinT + cosT) / b);
    m.to = 0.5 * vec2(width - 1u, height - 1u) + s;
    m.alpha = alphaMiddle + alphaHalf * signedOf(halfOf(draws, 6u));
    return m;
}

// pixelAt returns a pixel of the image that begins at a byte of Src, or 0 outside the image.
float pixelAt(uint image, int x, int y) {
    if (x < 0 || y < 0 || x >= int(width) || y >= int(height)) return 0.0;
    uint at = image + uint(y) * width + uint(x);
    return float(byteOf(src[at >> 2u], at));
}

// valueAt returns the value of an image at a place between pixels.
float valueAt(uint image, vec2 place) {
    // The conversion to int is undefined far outside, and for NaN.
    if (!(place.x > -1.0 && place.y > -1.0 && place.x < float(width) && place.y < float(height))) return 0.0;
    vec2 corner = floor(place);
    vec2 part = place - corner;
    int x = int(corner.x), y = int(corner.y);
    float upper = mix(pixelAt(image, x, y), pixelAt(image, x + 1, y), part.x);
    float lower = mix(pixelAt(image, x, y + 1), pixelAt(image, x + 1, y + 1), part.x);
    return floor(mix(upper, lower, part.y) + 0.5);
}

void main() {
    uint size = width * height;
    for (uint i = gl_WorkGroupID.y; i < rows; i += gl_NumWorkGroups.y) {
#ifdef INDEX
        uint row = index[firstRow + i];
#else
        uint row = firstRow + i;
#endif
        Motion motion = motionOf(i, row);
        for (uint j = gl_GlobalInvocationID.x; j < size; j += gl_NumWorkGroups.x * gl_WorkGroupSize.x) {
            uint x = j % width, y = j / width;
            vec2 away = vec2(x, y) - 0.5 * vec2(width - 1u, height - 1u);
            vec2 place = vec2(dot(motion.a.xy, away), dot(motion.a.zw, away)) + motion.to;
#ifdef FIELD
            uint at = fieldOffset + (y * 2u * rows + i) * width + x;
            place += motion.alpha * vec2(field[at], field[at + rows * width]);
#endif
            // Rounded twice, as in gather.comp.
            precise float product = scale * valueAt(row * size, place);
            precise float value = product + shift;
#ifdef DROP
            value = dropped(i * size + j, value);
#endif
            dst[dstOffset + i * size + j] = value;
        }
    }
}
