"""The status of every licence of one list in two bits each, as in IETF Token Status List.

Bits of a byte are used from the lowest up; the bytes are compressed by zlib.
"""

import zlib
from collections.abc import Sequence
from enum import IntEnum

from .codes import Code, Refused
from .jws import b64decode, b64encode

LARGEST = 4 * 1024 * 1024  # sixteen million licences


class Status(IntEnum):
    VALID = 0
    REVOKED = 1
    SUSPENDED = 2
    SUPERSEDED = 3


def pack(statuses: Sequence[Status]) -> str:
    """Statuses by index -> base64url text."""
    packed = bytearray((len(statuses) + 3) // 4)
    for index, status in enumerate(statuses):
        packed[index // 4] |= status << 2 * (index % 4)
    return b64encode(zlib.compress(bytes(packed), 9))


def status_at(text: str, index: int) -> Status:
    """The status at `index`. Raises Refused: a licence that the list does not cover is none."""
    unpacker = zlib.decompressobj()
    try:
        packed = unpacker.decompress(b64decode(text), LARGEST)
    except zlib.error:
        raise Refused(Code.BAD_CLAIMS, "the status list cannot be unpacked") from None
    if not unpacker.eof or unpacker.unused_data:
        raise Refused(Code.BAD_CLAIMS, "the status list is cut, too long or followed by more")
    if index >= len(packed) * 4:
        raise Refused(Code.BAD_CLAIMS, "the status list does not cover this licence")
    return Status(packed[index // 4] >> 2 * (index % 4) & 3)
