"""Width and height of a PNG or JPEG, read from its header: a photo must be a picture."""

from __future__ import annotations

import struct

_PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_PNG_HEADER_BYTES = 24
_JPEG_SIGNATURE = b"\xff\xd8"
_JPEG_FRAME_MARKERS = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_JPEG_FRAME_BYTES = 9


def picture_size(data: bytes) -> tuple[int, int] | None:
    """Width and height in pixels; None where the bytes are no PNG or JPEG."""
    if data.startswith(_PNG_SIGNATURE) and len(data) >= _PNG_HEADER_BYTES:
        width, height = struct.unpack(">II", data[16:24])
        return (width, height) if width and height else None
    if data.startswith(_JPEG_SIGNATURE):
        return _jpeg_size(data)
    return None


def mime_type_of_picture(data: bytes) -> str:
    """The MIME type of a picture that `picture_size` knows."""
    return "image/png" if data.startswith(_PNG_SIGNATURE) else "image/jpeg"


def _jpeg_size(data: bytes) -> tuple[int, int] | None:
    position = len(_JPEG_SIGNATURE)
    while position + _JPEG_FRAME_BYTES <= len(data) and data[position] == 0xFF:  # noqa: PLR2004 - the JPEG marker byte
        marker, length = struct.unpack(">BH", data[position + 1 : position + 4])
        if marker in _JPEG_FRAME_MARKERS:
            height, width = struct.unpack(">HH", data[position + 5 : position + 9])
            return width, height
        position += 2 + length
    return None
