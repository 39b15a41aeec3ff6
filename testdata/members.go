package testdata

// The built-in files are gzip files of several members, so that they can be decompressed by several processors at a
// time. Each member's header has an extra field (RFC 1952) of one subfield, MemberID, whose four bytes are the length of
// the whole member, little-endian; any gzip reader passes over it. Command pack writes such files.

// MemberHeader is the length of a member's header: 10 bytes, 2 of the extra field's length, and the subfield.
const MemberHeader = 10 + 2 + 8

// MemberID begins the subfield: its name, SG, and its length.
var MemberID = []byte{'S', 'G', 4, 0}
