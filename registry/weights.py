"""Whether a file of weights is what its name says, from its bytes. Nothing is ever loaded.

Formats: safetensors (https://github.com/huggingface/safetensors, "Format") and the head of GGUF
(https://github.com/ggml-org/ggml/blob/master/docs/gguf.md).
"""

from __future__ import annotations

import json
import struct
from collections.abc import Callable
from dataclasses import dataclass
from math import prod
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

LONGEST_HEADER = 25_000_000
_BITS = {
    **dict.fromkeys(("BOOL", "U8", "I8", "F8_E4M3", "F8_E5M2", "F8_E8M0"), 8),
    **dict.fromkeys(("I16", "U16", "F16", "BF16"), 16),
    **dict.fromkeys(("I32", "U32", "F32"), 32),
    **dict.fromkeys(("I64", "U64", "F64", "C64"), 64),
    "F4": 4,
}
_PICKLE_NAMES = (".pt", ".pth", ".bin", ".pkl", ".pickle", ".ckpt", ".joblib", ".dill", ".npy")
_PICKLE_MARK = 0x80
_PICKLE_PROTOCOLS = frozenset({2, 3, 4, 5})
_GGUF_VERSIONS = frozenset({2, 3})
_BYTE = 8

Read = Callable[[int, int], bytes]


class BadWeights(Exception):
    """The file is not what it claims to be. The message says what is wrong with it."""

    def __init__(self, message: str | Promise) -> None:
        super().__init__(message)
        self.message = message


@dataclass(frozen=True, slots=True)
class Weights:
    """What a file of weights holds. parameters: count; precision: of most of its bytes."""

    parameters: int
    precision: str


def looks_pickled(path: str, head: bytes) -> bool:
    """Whether a file is, or is named like, one that runs code when loaded."""
    if path.lower().endswith(_PICKLE_NAMES):
        return True
    zipped = head.startswith(b"PK\x03\x04")  # torch.save: a zip with data.pkl inside
    return zipped or (len(head) > 1 and head[0] == _PICKLE_MARK and head[1] in _PICKLE_PROTOCOLS)


def read_safetensors(size: int, read: Read) -> Weights:
    """Check the whole header of a safetensors file of `size` bytes. Raises BadWeights.

    read(offset, length) gives bytes of the file. Tensors must lie one after the other, from
    the header's end to the file's, without a gap or an overlap.
    """
    header = _header(size, read)
    data_size = size - _BYTE - header.length
    tensors = [_tensor(name, entry) for name, entry in header.entries.items()]
    at = 0
    for tensor in sorted(tensors, key=lambda tensor: (tensor.first, tensor.last)):
        if tensor.first < at:
            raise BadWeights(_("the tensor “%s” overlaps another") % tensor.name)
        if tensor.first > at:
            raise BadWeights(_("there is a gap before the tensor “%s”") % tensor.name)
        at = tensor.last
    if at != data_size:
        raise BadWeights(_("the tensors do not fill the file exactly"))
    by_dtype: dict[str, int] = {}
    for tensor in tensors:
        by_dtype[tensor.dtype] = by_dtype.get(tensor.dtype, 0) + tensor.last - tensor.first
    precision = max(by_dtype, key=lambda dtype: by_dtype[dtype]) if by_dtype else ""
    return Weights(sum(tensor.count for tensor in tensors), precision)


def read_gguf(size: int, read: Read) -> None:
    """Check the head of a GGUF file. Raises BadWeights."""
    head = read(0, min(24, size))
    if len(head) < 24 or head[:4] != b"GGUF":  # noqa: PLR2004  the head's length
        raise BadWeights(_("it does not begin as a GGUF file does"))
    version, tensors, _pairs = struct.unpack("<IQQ", head[4:24])
    if version not in _GGUF_VERSIONS or not 0 < tensors < 10**6:
        raise BadWeights(_("its GGUF version or its number of tensors is not possible"))


@dataclass(frozen=True, slots=True)
class _Header:
    length: int
    entries: dict[str, Any]


@dataclass(frozen=True, slots=True)
class _Tensor:
    name: str
    dtype: str
    count: int
    first: int
    last: int


def _header(size: int, read: Read) -> _Header:
    if size < _BYTE:
        raise BadWeights(_("it is too short to be a safetensors file"))
    (length,) = struct.unpack("<Q", read(0, _BYTE))
    if length > LONGEST_HEADER:
        raise BadWeights(_("its header is longer than 25 MB, or it is no safetensors file"))
    if length > size - _BYTE:
        raise BadWeights(_("its header is longer than the file"))
    try:
        entries = json.loads(read(_BYTE, length).decode("utf-8"), object_pairs_hook=_once)
    except (ValueError, RecursionError):
        raise BadWeights(_("its header is not JSON")) from None
    if not isinstance(entries, dict):
        raise BadWeights(_("its header is not a JSON object"))
    notes = entries.pop("__metadata__", {})
    if not isinstance(notes, dict) or not all(isinstance(v, str) for v in notes.values()):
        raise BadWeights(_("its metadata is not a list of texts"))
    return _Header(length, entries)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise BadWeights(_("its header names a tensor twice"))
    return found


def _tensor(name: str, entry: Any) -> _Tensor:
    broken = BadWeights(_("the tensor “%s” is not described as it must be") % name[:80])
    if not isinstance(entry, dict) or set(entry) != {"dtype", "shape", "data_offsets"}:
        raise broken
    dtype, shape, offsets = entry["dtype"], entry["shape"], entry["data_offsets"]
    if dtype not in _BITS or not _naturals(shape) or not _naturals(offsets) or len(offsets) != 2:  # noqa: PLR2004
        raise broken
    first, last = offsets
    count = prod(shape)
    if count * _BITS[dtype] != (last - first) * _BYTE:
        raise BadWeights(_("the tensor “%s” has not as many bytes as its shape says") % name[:80])
    return _Tensor(name, dtype, count, first, last)


def _naturals(value: Any) -> bool:
    return isinstance(value, list) and all(
        isinstance(item, int) and not isinstance(item, bool) and 0 <= item < 2**63 for item in value
    )
