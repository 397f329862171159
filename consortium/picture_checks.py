"""Pictures: whole, of a sane size, and nothing behind their end."""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass
from pathlib import Path

from django.utils.translation import gettext as _
from PIL import Image, ImageFile, UnidentifiedImageError

from consortium.file_types import Kind, TooLarge, Unsafe, WrongType, hidden_data
from consortium.models import StoredFile

MOST_PIXELS = 40_000_000
LONGEST_SIDE = 20_000
_FORMATS = {Kind.PNG: "PNG", Kind.JPEG: "JPEG", Kind.WEBP: "WEBP"}
_BROKEN = (OSError, ValueError, SyntaxError, struct.error, zlib.error, IndexError, EOFError)


@dataclass(frozen=True, slots=True)
class Picture:
    width_pixels: int
    height_pixels: int


def check(path: Path, kind: StoredFile.Kind) -> Picture:
    """Decode the whole picture within bounds. Raises WrongType, TooLarge or Unsafe."""
    try:
        picture = _decode(path, kind)
        end = _ENDS[kind](path.read_bytes())
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise _too_many_pixels() from error
    except (UnidentifiedImageError, *_BROKEN) as error:
        raise WrongType(
            _("The picture is damaged and cannot be shown. Export it again as PNG or JPEG.")
        ) from error
    if end != path.stat().st_size:
        raise hidden_data()
    return picture


def _decode(path: Path, kind: StoredFile.Kind) -> Picture:
    """Sizes are read from the head and judged before anything is unpacked."""
    # Importing WeasyPrint turns this on for the whole process; what is handed in must be whole.
    ImageFile.LOAD_TRUNCATED_IMAGES = False
    with Image.open(path, formats=[_FORMATS[kind]]) as image:
        width, height = image.size
        if width * height > MOST_PIXELS or max(width, height) > LONGEST_SIDE:
            raise _too_many_pixels()
        if getattr(image, "n_frames", 1) > 1:
            raise Unsafe(_("The file holds several pictures. Hand in a single one."))
        image.load()
    return Picture(width, height)


def _too_many_pixels() -> TooLarge:
    return TooLarge(
        _("The picture has more than %(most)s million pixels. Export it smaller.")
        % {"most": MOST_PIXELS // 1_000_000}
    )


def _png_end(data: bytes) -> int:
    """Where the IEND chunk ends. PNG specification, 5.3."""
    at = 8
    while at < len(data):
        name = data[at + 4 : at + 8]
        at += 12 + int.from_bytes(data[at : at + 4], "big")
        if name == b"IEND":
            return at
    raise ValueError("the picture has no end")


def _webp_end(data: bytes) -> int:
    """RIFF says its own length, padded to an even one."""
    length = int.from_bytes(data[4:8], "little") + 8
    return length + (length & 1)


def _jpeg_end(data: bytes) -> int:
    """Where the end-of-image marker stands. ITU-T T.81, B.1: segments, then coded data."""
    at = 2
    while True:
        at = data.index(b"\xff", at)
        marker = data[at + 1]
        if marker == 0xFF:  # noqa: PLR2004  a fill byte
            at += 1
        elif marker == 0xD9:  # noqa: PLR2004  end of image
            return at + 2
        elif marker == 0 or 0xD0 <= marker <= 0xD7 or marker == 0x01:  # noqa: PLR2004  no segment
            at += 2
        else:
            at += 2 + int.from_bytes(data[at + 2 : at + 4], "big")


_ENDS = {Kind.PNG: _png_end, Kind.JPEG: _jpeg_end, Kind.WEBP: _webp_end}
