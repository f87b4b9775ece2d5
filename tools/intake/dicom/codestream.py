"""The size that a compressed image states about itself, from its first bytes: decoders allocate it unasked."""

import contextlib
import struct
from collections.abc import Iterator

JPEG_START, J2K_START, JP2_START = b"\xff\xd8", b"\xff\x4f\xff\x51", b"\x00\x00\x00\x0cjP  "
JP2_IMAGE, BOX_HEAD_BYTES = b"jp2c", 8
LONG_LENGTH, LONG_LENGTH_BYTES = 1, 8  # a length that stands for one of eight bytes behind the box's head
JPEG_SCAN = 0xDA  # SOS
J2K_CODING = b"\xff\x52"  # COD: coding style
MAX_JPEG_BITS = 16
SEARCHED = 1 << 16  # bytes before the first codestream: offset table, item headers
JPEG_FRAMES = frozenset({*range(0xC0, 0xD0), 0xF7}) - {0xC4, 0xC8, 0xCC}  # SOF markers; not tables; SOF55 is JPEG-LS


class CodestreamError(Exception):
    """What a compressed image states of itself brings a decoder down."""


def stated_size(encoded: bytes) -> tuple[int, int] | None:
    """Read (rows, columns) of a JPEG, JPEG-LS or JPEG 2000 image; None for damage and RLE, which states none.

    Raises CodestreamError for a JPEG of more bits a sample than there are, at which a decoder ends the process, and for
    a JP2 whose boxes do not lead to its image, at which pydicom may wait for ever.
    """
    if encoded.startswith(JP2_START):
        encoded = encoded[_image_start(encoded) :]
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


def nearness(encoded: bytes) -> int:
    """Read by how much values of a JPEG-LS image may be off (NEAR, ISO/IEC 14495-1 C.2.3); 0 where it is not found."""
    start = encoded.find(JPEG_START, 0, SEARCHED)
    with contextlib.suppress(struct.error, IndexError):
        for marker, at in _jpeg_segments(encoded, start) if start >= 0 else ():
            if marker == JPEG_SCAN:
                return encoded[at + 5 + 2 * encoded[at + 4]]
    return 0


def _image_start(encoded: bytes) -> int:
    """Walk the boxes of a JP2 (ISO/IEC 15444-1 I.4) to the one of the image: where its codestream starts.

    Raises CodestreamError where no box of the image is reached.
    """
    at = len(JP2_START) + 4
    while at + BOX_HEAD_BYTES <= len(encoded):
        length, kind = struct.unpack_from(">I4s", encoded, at)
        if kind == JP2_IMAGE:
            return at + BOX_HEAD_BYTES + (LONG_LENGTH_BYTES if length == LONG_LENGTH else 0)
        if length < BOX_HEAD_BYTES:
            raise CodestreamError
        at += length
    raise CodestreamError


def _jpeg_size(encoded: bytes) -> tuple[int, int] | None:
    """Read rows and columns off the frame header."""
    for marker, at in _jpeg_segments(encoded, 0):
        if marker in JPEG_FRAMES:
            bits, rows, columns = struct.unpack_from(">B2H", encoded, at + 4)
            if bits > MAX_JPEG_BITS:
                raise CodestreamError
            return rows, columns
    return None


def _jpeg_segments(encoded: bytes, start: int) -> Iterator[tuple[int, int]]:
    """Walk the marker segments of a JPEG from its start: each marker, and where it stands."""
    at = start + len(JPEG_START)
    while encoded[at] == 0xFF:
        if encoded[at + 1] == 0xFF:  # fill byte
            at += 1
        else:
            yield encoded[at + 1], at
            at += 2 + struct.unpack_from(">H", encoded, at + 2)[0]
