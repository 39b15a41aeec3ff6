// GLSL has no bytes. A buffer of bytes is an array of words with four bytes each,
// the first byte lowest. A matrix of bytes has no gaps: element (i, j) is byte
// i·cols + j, which may lie in the middle of a word.

// byteOf returns byte i of a buffer, given its word, which is word i/4.
uint byteOf(uint word, uint i) {
    return (word >> (8u * (i & 3u))) & 0xffu;
}
