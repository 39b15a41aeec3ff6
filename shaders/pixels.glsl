// Op Gather as a part of the kernel that reads its results. A kernel that includes this
// file includes bytes.glsl and has the block Src, the parameters scale and shift and the
// uniform firstRow; with INDEX the block Index too.

// pixelRow returns the row of the data set that is row i of the batch.
uint pixelRow(uint i) {
#ifdef INDEX
    return index[firstRow + i];
#else
    return firstRow + i;
#endif
}

// pixel returns the value of byte at.
float pixel(uint at) {
    // Rounded twice, as in gather.comp.
    precise float product = scale * float(byteOf(src[at >> 2u], at));
    precise float value = product + shift;
    return value;
}

// pixels4 returns the values of four bytes, those of the word that begins with byte at.
vec4 pixels4(uint at) {
    uint word = src[at >> 2u];
    precise vec4 product = scale * vec4(word & 0xffu, (word >> 8u) & 0xffu, (word >> 16u) & 0xffu, word >> 24u);
    precise vec4 value = product + shift;
    return value;
}
