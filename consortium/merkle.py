"""Canonical bytes and Merkle roots, as in RFC 9162: leaf 0x00, node 0x01, SHA-256."""

import hashlib
import json
from collections.abc import Sequence
from typing import Any

EMPTY = hashlib.sha256(b"").hexdigest()


def canonical(value: Any) -> bytes:
    """JSON with sorted keys, no spaces, UTF-8: one byte string for one value."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return text.encode()


def leaf(data: bytes) -> str:
    return hashlib.sha256(b"\x00" + data).hexdigest()


def root(leaves: Sequence[str]) -> str:
    """The root over hex leaf digests in order; an odd one out is carried up unchanged.

    That is the RFC's tree: its split at the largest power of two pairs neighbours level by
    level.
    """
    if not leaves:
        return EMPTY
    level = [bytes.fromhex(digest) for digest in leaves]
    while len(level) > 1:
        paired = [
            hashlib.sha256(b"\x01" + level[i] + level[i + 1]).digest()
            for i in range(0, len(level) - 1, 2)
        ]
        level = paired + level[len(paired) * 2 :]
    return level[0].hex()
