"""The size that a compressed image states about itself, from its first bytes: decoders allocate it unasked."""

import struct

JPEG_START, J2K_START, JP2_START = b"\xff\xd8", b"\xff\x4f\xff\x51", b"\x00\x00\x00\x0cjP  "
J2K_CODING = b"\xff\x52"  # COD: coding style
MAX_JPEG_BITS = 16
SEARCHED = 1 << 16  # bytes before the first codestream: offset table, item headers
JPEG_FRAMES = frozenset({*range(0xC0, 0xD0), 0xF7}) - {0xC4, 0xC8, 0xCC}  # SOF markers; not tables; SOF55 is JPEG-LS


class PrecisionError(Exception):
    """The samples of an image cannot have the bits that it states."""


def stated_size(encoded: bytes) -> tuple[int, int] | None:
    """Read (rows, columns) of a JPEG, JPEG-LS or JPEG 2000 image; None for damage and RLE, which states none.

    Raises PrecisionError for a JPEG of more bits a sample than there are: a decoder may end the process.
    """
    if encoded.startswith(JP2_START):
        start = encoded.find(J2K_START, 0, 4096)
        encoded = encoded[max(start, 0) :]
    try:
        if encoded.startswith(J2K_START):
            right, bottom, left, top = struct.unpack_from(">4I", encoded, 8)
            return bottom - top, right - left
        if encoded.startswith(JPEG_START):
            return _jpeg_size(encoded)
    except (struct.error, IndexError):
        pass
    return None


def is_irreversible(encoded: bytes) -> bool:
    """Tell whether a JPEG 2000 image was made with the lossy 9-7 wavelet (ISO/IEC 15444-1 A.6.1)."""
    start = encoded.find(J2K_START, 0, SEARCHED)
    coding = encoded.find(J2K_CODING, start, start + SEARCHED) if start >= 0 else -1
    return coding >= 0 and len(encoded) > coding + 13 and encoded[coding + 13] == 0


def _jpeg_size(encoded: bytes) -> tuple[int, int] | None:
    """Walk the marker segments up to the frame header."""
    at = 2
    while encoded[at] == 0xFF:
        marker = encoded[at + 1]
        if marker == 0xFF:  # fill byte
            at += 1
        elif marker in JPEG_FRAMES:
            bits, rows, columns = struct.unpack_from(">B2H", encoded, at + 4)
            if bits > MAX_JPEG_BITS:
                raise PrecisionError
            return rows, columns
        else:
            at += 2 + struct.unpack_from(">H", encoded, at + 2)[0]
    return None
