"""PDF documents: readable, and with nothing in them that acts by itself.

Looked at twice: the objects as a reader resolves them (pypdf), and the bytes themselves, where
older revisions and unused objects lie. Names may be written with hexadecimal escapes
(ISO 32000-1, 7.3.5), so both sides are compared unescaped.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from pypdf import PdfReader
from pypdf.errors import PyPdfError
from pypdf.generic import ArrayObject, DictionaryObject, IndirectObject, StreamObject

from consortium.file_types import TooLarge, Unsafe, WrongType, hidden_data

MOST_PAGES = 500
MOST_OBJECTS = 200_000
MOST_UNPACKED = 512 * 1024 * 1024
DEEPEST = 100
STEP = 1 << 16

_SCRIPT = gettext_lazy("JavaScript")
_START = gettext_lazy("a command that starts a program")
_SEND = gettext_lazy("a form that sends data away")
_ATTACHED = gettext_lazy("embedded files")
_MEDIA = gettext_lazy("embedded media")
_FORM = gettext_lazy("an XFA form")
# Keys of dictionaries, and values of /S, /Subtype and /Type, that make a document act.
ACTIVE: dict[str, Promise] = {
    "/JS": _SCRIPT,
    "/JavaScript": _SCRIPT,
    "/Launch": _START,
    "/SubmitForm": _SEND,
    "/ImportData": _SEND,
    "/GoToE": _ATTACHED,
    "/EmbeddedFile": _ATTACHED,
    "/EmbeddedFiles": _ATTACHED,
    "/FileAttachment": _ATTACHED,
    "/RichMedia": _MEDIA,
    "/RichMediaContent": _MEDIA,
    "/Movie": _MEDIA,
    "/Rendition": _MEDIA,
    "/XFA": _FORM,
}
_VALUES = ("/S", "/Subtype", "/Type")
_BROKEN = (PyPdfError, ValueError, TypeError, KeyError, AttributeError, IndexError, OSError)
_STREAM = re.compile(rb"stream\r?\n.*?endstream", re.DOTALL)
_NAME = re.compile(rb"/(?:[^\x00\t\n\f\r ()<>\[\]{}/%])+")
_ESCAPE = re.compile(rb"#([0-9A-Fa-f]{2})")


@dataclass(frozen=True, slots=True)
class Document:
    pages: int


def check(path: Path) -> Document:
    """Raises WrongType, TooLarge or Unsafe, which names what was found."""
    data = path.read_bytes()
    _require_end(data)
    _refuse(_of_bytes(data))
    try:
        reader = PdfReader(path, strict=False)
        if reader.is_encrypted:
            raise Unsafe(_("The PDF document is encrypted. Save it without a password."))
        objects = list(_objects(reader))
        _refuse(_of_objects(objects))
        _require_small(objects)
        pages = len(reader.pages)
    except RecursionError as error:
        raise _too_complex() from error
    except _BROKEN as error:
        raise _damaged() from error
    if not pages:
        raise _damaged()
    if pages > MOST_PAGES:
        raise TooLarge(
            _("The PDF document has more than %(most)s pages. Hand in what is needed.")
            % {"most": MOST_PAGES}
        )
    return Document(pages)


def _require_end(data: bytes) -> None:
    """After the last %%EOF there is nothing but blanks."""
    end = data.rfind(b"%%EOF")
    if end < 0:
        raise _damaged()
    if data[end + 5 :].strip(b"\0\t\n\f\r "):
        raise hidden_data()


def _damaged() -> WrongType:
    return WrongType(_("The PDF document is damaged and cannot be read. Export it again."))


def _too_complex() -> TooLarge:
    return TooLarge(
        _("The PDF document unpacks to far too much. Print it to a new PDF and hand that in.")
    )


def _refuse(found: Iterable[str]) -> None:
    """Raise Unsafe with the words for what was found, each once."""
    words = list(dict.fromkeys(str(ACTIVE[name]) for name in found))
    if words:
        raise Unsafe(
            _(
                "The PDF document holds %(found)s. Such documents can act by themselves when "
                "opened: print it to a new PDF and hand that in."
            )
            % {"found": _(", ").join(words)}
        )


# The bytes


def _of_bytes(data: bytes) -> Iterator[str]:
    """Active names outside of streams, in whichever revision."""
    for match in _NAME.finditer(_STREAM.sub(b"", data)):
        name = _ESCAPE.sub(lambda m: bytes([int(m[1], 16)]), match[0]).decode("latin-1")
        if name in ACTIVE:
            yield name


# The objects


def _objects(reader: PdfReader) -> Iterator[Any]:
    """Every object that the cross-references name, those in object streams included."""
    numbers = [(n, g) for g, entries in reader.xref.items() for n in entries]
    numbers += [(n, 0) for n in reader.xref_objStm]
    if len(numbers) > MOST_OBJECTS:
        raise _too_complex()
    for number, generation in sorted(set(numbers)):
        if number:
            yield reader.get_object(IndirectObject(number, generation, reader))
    yield reader.trailer


def _of_objects(objects: Iterable[Any]) -> Iterator[str]:
    for item in objects:
        yield from _active(item, DEEPEST)


def _active(item: Any, deeper: int) -> Iterator[str]:
    """Active names within one object. What it refers to has its own turn."""
    if not deeper:
        raise _too_complex()
    if isinstance(item, DictionaryObject):
        for key, value in item.items():
            if key in ACTIVE:
                yield str(key)
            raw = item.raw_get(key)
            if key in _VALUES and isinstance(raw, str) and raw in ACTIVE:
                yield str(raw)
            if not isinstance(raw, IndirectObject):
                yield from _active(value, deeper - 1)
    elif isinstance(item, ArrayObject):
        for value in list.__iter__(item):
            if not isinstance(value, IndirectObject):
                yield from _active(value, deeper - 1)


def _require_small(objects: Iterable[Any]) -> None:
    """Unpack every deflated stream, counting and keeping nothing. Raises TooLarge."""
    left = MOST_UNPACKED
    for item in objects:
        if isinstance(item, StreamObject):
            left -= _unpacked(item, left)


def _unpacked(stream: StreamObject, most: int) -> int:
    filters = stream.get("/Filter", [])
    names = [str(f) for f in (filters if isinstance(filters, list) else [filters])]
    deflated = sum(name in {"/FlateDecode", "/Fl"} for name in names)
    if deflated > 1:  # one within the other has no use but to hide its size
        raise _too_complex()
    data: bytes = stream._data  # noqa: SLF001  the packed bytes: get_data() would unpack them
    if not names or names[0] not in {"/FlateDecode", "/Fl"}:
        return len(data)
    return _count(data, most)


def _count(data: bytes, most: int) -> int:
    unpacker, total = zlib.decompressobj(), 0
    try:
        while data and not unpacker.eof:
            total += len(unpacker.decompress(data, STEP))
            data = unpacker.unconsumed_tail
            if total > most:
                raise _too_complex()
    except zlib.error:  # readers show what they could unpack, and so does the count
        return total
    return total
