#version 430
// Warp reads a batch of images and distorts each in its own way. Pixel (x, y) of image i
// comes from the place
//
//     (X, Y) = A·(x−cx, y−cy) + (cx, cy) + s + α·(F[0], F[1])
//     A  = ( cos θ   −sin θ )·( 1  k )·( 1/a   0  )
//          ( sin θ    cos θ ) ( 0  1 ) (  0   1/b )
//     F[d] = Field[y, (d·rows + i)·width + x]
//
// of row Index[firstRow+i] of Src; (cx, cy) is the middle of an image, and θ, k, a, b, s and
// α are made of the image's random numbers, as motionOf says. Between pixels the value is
// bilinear, outside of the image it is 0. It is rounded to a whole number, and
//
//     Dst[i, y·width+x] = scale·value + shift
//
// A group takes 64 neighbouring pixels of an image, then others of the same one, so that an
// image's random numbers are drawn once for some pixels; then the next image that is a
// multiple of the grid further on. There is no barrier: each invocation draws for itself.
//
// With DROP the values are those after op Dropout.
//
// option FIELD           there is an elastic field, else F is 0
// option CALM            images of some classes turn and are sheared half as much
// option INDEX           rows are visited in Index's order, else 0, 1, 2, …
// option DROP            there is dropout of what is read

#include "bytes.glsl"

layout(local_size_x = 64) in;

layout(std430, binding = 0) writeonly restrict buffer Dst { float dst[]; };
layout(std430, binding = 1) readonly restrict buffer Src { uint src[]; };
#ifdef INDEX
layout(std430, binding = 2) readonly restrict buffer Index { uint index[]; };
#endif
#ifdef FIELD
layout(std430, binding = 3) readonly restrict buffer Field { float field[]; };
#endif
#ifdef CALM
layout(std430, binding = 4) readonly restrict buffer Labels { uint labels[]; };
#endif

layout(std140, binding = 0) uniform Params {
    uint rows, width, height;
    uint dstOffset, fieldOffset;
    float scale, shift;
    float alphaMiddle, alphaHalf;           // α, and how far it may be from it
    float rotation, scaling, shear, translation;
    uint calmLow, calmHigh;                 // a bit for each class
    uint stream;
    uint dropStream, threshold;             // of dropout
    float keep;
};
uniform uint firstRow;

#include "philox.glsl"
#include "dropout.glsl"

// sine and cosine are Taylor's series, for angles up to π/2, where their next terms are below
// 6e-8. GLSL promises no more than 2^-11 of its own.
float sine(float x) {
    float s = x * x;
    return x + x * s * (-1.0 / 6.0 + s * (1.0 / 120.0 + s * (-1.0 / 5040.0 + s * (1.0 / 362880.0 + s * (-1.0 / 39916800.0)))));
}

float cosine(float x) {
    float s = x * x;
    return 1.0 + s * (-0.5 + s * (1.0 / 24.0 + s * (-1.0 / 720.0 + s * (1.0 / 40320.0 + s * (-1.0 / 3628800.0 + s * (1.0 / 479001600.0))))));
}

// A Motion is how an image is distorted as a whole.
struct Motion {
    vec4 a;     // A, row by row
    vec2 to;    // (cx, cy) + s
    float alpha;
};

// isCalm tells whether the image that is a row of the data set is of a calm class.
bool isCalm(uint row) {
#ifdef CALM
    uint c = byteOf(labels[row >> 2u], row);
    return c < 64u && (((c < 32u ? calmLow : calmHigh) >> (c & 31u)) & 1u) == 1u;
#else
    return false;
#endif
}

// motionOf makes the motion of image i of the random numbers u(16·i) to u(16·i + 6), each
// made one in (-1, 1): θ and k are of the first and the fourth, a and b of the second and
// the third, s of the next two, and α of the last.
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

// pixelAt returns a pixel of the image that begins at a byte of Src; outside of it, 0.
float pixelAt(uint image, int x, int y) {
    if (x < 0 || y < 0 || x >= int(width) || y >= int(height)) return 0.0;
    uint at = image + uint(y) * width + uint(x);
    return float(byteOf(src[at >> 2u], at));
}

// valueAt returns the value of an image at a place between its pixels.
float valueAt(uint image, vec2 place) {
    // Far outside, or where the place is no number, there are no whole numbers for it.
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
