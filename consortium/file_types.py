"""What a handed-in file really is, and what it may be called.

The kind follows from the bytes; the name must agree with it. A file that is two things at once
(a picture with an archive behind it, a document that is also a web page) is refused.
"""

from __future__ import annotations

import re
import unicodedata
import zipfile
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from consortium.errors import Invalid
from consortium.models import StoredFile

Kind = StoredFile.Kind
PDF_AND_PICTURES = frozenset({Kind.PDF, Kind.PNG, Kind.JPEG, Kind.WEBP})
PICTURES = frozenset({Kind.PNG, Kind.JPEG, Kind.WEBP})
TEXTS = frozenset({Kind.TEXT, Kind.MARKDOWN, Kind.CSV})

MEDIA_TYPES = {
    Kind.PDF: "application/pdf",
    Kind.PNG: "image/png",
    Kind.JPEG: "image/jpeg",
    Kind.WEBP: "image/webp",
    Kind.TEXT: "text/plain; charset=utf-8",
    Kind.MARKDOWN: "text/markdown; charset=utf-8",
    Kind.CSV: "text/csv; charset=utf-8",
}
# The first of each is what a file without an extension is given.
EXTENSIONS = {
    Kind.PDF: ("pdf",),
    Kind.PNG: ("png",),
    Kind.JPEG: ("jpg", "jpeg", "jpe"),
    Kind.WEBP: ("webp",),
    Kind.TEXT: ("txt", "text", "log"),
    Kind.MARKDOWN: ("md", "markdown"),
    Kind.CSV: ("csv",),
}
LONGEST_NAME = 120
HEAD = 1024
# The end of an archive's directory lies at most this far before the end of the file.
ARCHIVE_TAIL = 65_557


class Refused(Invalid):
    """The file cannot be taken. `field`: the form's field that it came in."""

    def __init__(self, message: str, field: str = "file") -> None:
        super().__init__({field: [message]})


class WrongType(Refused):
    """It is not of an allowed kind, or not what its name says."""


class TooLarge(Refused):
    """It has too many bytes, pixels, pages or parts."""


class Unsafe(Refused):
    """It holds something that acts by itself, or hides something."""


@dataclass(frozen=True, slots=True)
class Found:
    """What the first bytes say. kind: None for what is never taken; words: "a ZIP archive"."""

    kind: StoredFile.Kind | None
    words: str | Promise


_PLAIN = Found(Kind.TEXT, gettext_lazy("plain text"))
_UNKNOWN = Found(None, gettext_lazy("data of an unknown kind"))
_PAGE = Found(None, gettext_lazy("a web page"))
_XML = Found(None, gettext_lazy("an XML or SVG file"))
_ARCHIVE = gettext_lazy("a ZIP archive or an office document")
_PACKED = gettext_lazy("a compressed archive")
_PROGRAM = gettext_lazy("a program")
_PICTURE = gettext_lazy("a picture of another kind")
_SIGNATURES: tuple[tuple[bytes, Found], ...] = (
    (b"%PDF-", Found(Kind.PDF, gettext_lazy("a PDF document"))),
    (b"\x89PNG\r\n\x1a\n", Found(Kind.PNG, gettext_lazy("a PNG picture"))),
    (b"\xff\xd8\xff", Found(Kind.JPEG, gettext_lazy("a JPEG picture"))),
    (b"PK\x03\x04", Found(None, _ARCHIVE)),
    (b"PK\x05\x06", Found(None, _ARCHIVE)),
    (b"\x1f\x8b", Found(None, _PACKED)),
    (b"BZh", Found(None, _PACKED)),
    (b"\xfd7zXZ\x00", Found(None, _PACKED)),
    (b"7z\xbc\xaf\x27\x1c", Found(None, _PACKED)),
    (b"Rar!\x1a\x07", Found(None, _PACKED)),
    (b"\xd0\xcf\x11\xe0", Found(None, gettext_lazy("an old office document"))),
    (b"{\\rtf", Found(None, gettext_lazy("an RTF document"))),
    (b"\x7fELF", Found(None, _PROGRAM)),
    (b"MZ", Found(None, _PROGRAM)),
    (b"#!", Found(None, _PROGRAM)),
    (b"GIF8", Found(None, _PICTURE)),
    (b"BM", Found(None, _PICTURE)),
    (b"II*\x00", Found(None, _PICTURE)),
    (b"MM\x00*", Found(None, _PICTURE)),
    (b"%!PS", Found(None, gettext_lazy("a PostScript document"))),
)
_WEBP = Found(Kind.WEBP, gettext_lazy("a WebP picture"))
_MARKUP = re.compile(
    rb"<(!doctype\s+html|html|head|body|script|iframe|style|meta)\b", re.IGNORECASE
)
_XML_START = re.compile(rb"<(\?xml|svg|!doctype|!entity)", re.IGNORECASE)


def recognise(path: Path) -> Found:
    """What a file is by its bytes, whatever it is called."""
    with path.open("rb") as file:
        head = file.read(HEAD)
    plain = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return _WEBP
    for signature, found in _SIGNATURES:
        if head.startswith(signature):
            return found
    if _MARKUP.match(plain):
        return _PAGE
    if _XML_START.match(plain):
        return _XML
    return _PLAIN if _is_text(path) else _UNKNOWN


def _is_text(path: Path) -> bool:
    """UTF-8 without control characters but tabs and line ends."""
    try:
        with path.open(encoding="utf-8", newline="") as file:
            while part := file.read(1 << 16):
                if any(unicodedata.category(c) == "Cc" and c not in "\t\r\n" for c in part):
                    return False
    except UnicodeDecodeError:
        return False
    return True


def kind_of(path: Path, name: str, allowed: Collection[StoredFile.Kind]) -> StoredFile.Kind:
    """The kind of a file that is of an allowed one and is named so. Raises WrongType."""
    found = recognise(path)
    kind = _text_kind(name) if found is _PLAIN else found.kind
    extension = extension_of(name)
    if kind is None or kind not in allowed:
        raise WrongType(
            _("This is %(found)s. Choose a file of one of these kinds: %(allowed)s.")
            % {"found": found.words, "allowed": kinds_in_words(allowed)}
        )
    if extension and extension not in EXTENSIONS[kind]:
        raise WrongType(
            _(
                "The file is named “.%(extension)s” but is %(found)s. "
                "Choose the right file, or name it by what it is."
            )
            % {"extension": extension[:12], "found": found.words}
        )
    return kind


def _text_kind(name: str) -> StoredFile.Kind:
    """Texts look alike: the name says which kind of text it is."""
    extension = extension_of(name)
    return next((kind for kind in TEXTS if extension in EXTENSIONS[kind]), Kind.TEXT)


def kinds_in_words(kinds: Collection[StoredFile.Kind]) -> str:
    """The labels in the order of the enum, as a list in the reader's language."""
    return _(", ").join(str(kind.label) for kind in Kind if kind in kinds)


def require_one_thing(path: Path, kind: StoredFile.Kind) -> None:
    """Refuse what could be opened as something else, too. Raises Unsafe."""
    with path.open("rb") as file:
        head = file.read(HEAD)
        # Readers look for the start of a PDF document, and browsers for a page, in the first kB.
        hidden = _MARKUP.search(head) or (kind != Kind.PDF and b"%PDF-" in head)
        if hidden and kind not in TEXTS:
            raise hidden_data()
        file.seek(max(0, path.stat().st_size - ARCHIVE_TAIL))
        tail = file.read()
    if b"PK\x05\x06" in tail and zipfile.is_zipfile(path):
        raise hidden_data()


def hidden_data() -> Unsafe:
    return Unsafe(
        _(
            "The file carries other data before its start or behind its end, so it could be opened "
            "as something else. Export it again."
        )
    )


# Names


def extension_of(name: str) -> str:
    stem, dot, extension = name.rpartition(".")
    return extension.lower() if dot and stem else ""


def clean_name(name: str, kind: StoredFile.Kind) -> str:
    """A name without folders, control and direction marks, or characters that systems reserve."""
    last = re.split(r"[/\\]", unicodedata.normalize("NFC", name))[-1]
    kept = "".join(c for c in last if unicodedata.category(c)[0] != "C" or c == "\t")
    plain = re.sub(r'[<>:"|?*]', "_", " ".join(kept.split())).strip(". ")
    stem, extension = plain, EXTENSIONS[kind][0]
    if extension_of(plain) in EXTENSIONS[kind]:
        stem, extension = plain.rpartition(".")[0], extension_of(plain)
    room = LONGEST_NAME - len(extension) - 1
    return f"{stem[:room].strip('. ') or 'file'}.{extension}"
