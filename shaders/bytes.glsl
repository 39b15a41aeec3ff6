// GLSL has no bytes. A buffer of bytes is declared as an array of words, four
// bytes each, the first byte lowest. A matrix of bytes is packed without gaps:
// its element (i, j) is byte i·cols + j, which may be in the middle of a word.

// byteOf returns byte number i of the buffer, given the word it lies in, which
// is word i/4.
uint byteOf(uint word, uint i) {
    return (word >> (8u * (i & 3u))) & 0xffu;
}
