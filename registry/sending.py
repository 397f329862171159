"""What is sent of a stored file, and how a page hands the sending over to the server.

A view that has authorised a download answers `hand_over(...)`: an empty response whose header
names the bytes. The ASGI application (registry.gateway.sender.FilesSent) sees it and sends the
file itself, so that no weight passes through Django. The strong ETag is the sha256: a client
that comes back after a cut gets the rest of the same bytes (Range, If-Range).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from django.http import HttpResponse
from django.utils.translation import gettext as _

HANDOVER = "X-Portal-Send"
BINARY = "application/octet-stream"
_RANGE = re.compile(r"^bytes=([0-9]{0,18})-([0-9]{0,18})\Z")
_PLAIN = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-")


class RangeOutside(Exception):
    """The range asked for lies outside a file of `size` bytes. HTTP 416."""

    def __init__(self, size: int) -> None:
        super().__init__(size)
        self.size = size


@dataclass(frozen=True, slots=True)
class Plan:
    """What goes out. first, last: byte offsets, both inclusive; last is -1 for an empty file."""

    sha256: str
    size: int
    first: int
    last: int
    whole: bool

    @property
    def status(self) -> int:
        return 200 if self.whole else 206

    @property
    def length(self) -> int:
        return self.last - self.first + 1

    def headers(self) -> list[tuple[str, str]]:
        found = [("etag", f'"{self.sha256}"'), ("accept-ranges", "bytes")]
        if not self.whole:
            found.append(("content-range", f"bytes {self.first}-{self.last}/{self.size}"))
        return found


def plan(sha256: str, size: int, headers: Mapping[str, str]) -> Plan:
    """What a request with these headers gets of a file. Raises RangeOutside.

    `headers` is looked up in lower case. One range is served; several at once, a range that
    cannot be read, or a changed file (If-Range) get the whole.
    """
    whole = Plan(sha256, size, 0, size - 1, whole=True)
    wanted = headers.get("range", "").strip()
    if not wanted or headers.get("if-range", f'"{sha256}"').strip() != f'"{sha256}"':
        return whole
    match = _RANGE.match(wanted)
    if match is None or match.groups() == ("", ""):
        return whole
    first, last = _bounds(match[1], match[2], size)
    if first >= size or first > last:
        raise RangeOutside(size)
    return Plan(sha256, size, first, last, whole=False)


def disposition(path: str) -> tuple[str, str]:
    """Save it, do not show it; under its own name, whatever letters that has (RFC 6266)."""
    name = path.rpartition("/")[2]
    plain = "".join(letter if letter in _PLAIN else "_" for letter in name)
    encoded = "".join(
        chr(byte) if chr(byte) in _PLAIN else f"%{byte:02X}" for byte in name.encode()
    )
    value = f"attachment; filename=\"{plain}\"; filename*=UTF-8''{encoded}"
    return ("content-disposition", value)


def hand_over(what: Plan, path: str) -> HttpResponse:
    """The response that makes the server send the planned bytes, to be saved as `path`."""
    response = HttpResponse(status=what.status, content_type=BINARY)
    for name, value in [*what.headers(), disposition(path)]:
        response[name] = value
    response["Cache-Control"] = "private, no-store"
    response[HANDOVER] = f"{what.sha256} {what.size} {what.first} {what.last}"
    return response


def outside(error: RangeOutside) -> HttpResponse:
    """The answer to a range outside the file: 416."""
    text = _("The file has %(size)s bytes; this range lies outside it.") % {"size": error.size}
    response = HttpResponse(text, status=416, content_type="text/plain; charset=utf-8")
    response["Content-Range"] = f"bytes */{error.size}"
    return response


def handed_over(value: str, *, whole: bool) -> Plan:
    """The plan that a HANDOVER header names."""
    sha256, size, first, last = value.split(" ")
    return Plan(sha256, int(size), int(first), int(last), whole=whole)


def _bounds(first: str, last: str, size: int) -> tuple[int, int]:
    if not first:
        return max(size - int(last), 0) if int(last) else size, size - 1
    return int(first), min(int(last), size - 1) if last else size - 1
