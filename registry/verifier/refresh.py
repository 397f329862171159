"""Fetch the newest trust document and status list: from the portal, or from a file carried in."""

import urllib.error
import urllib.request
from pathlib import Path

from .bundle import LARGEST_FILE, Bundle, lines_of
from .codes import Code, Refused

TIMEOUT_S = 30


def fetch(source: str) -> bytes:
    """The bytes at a path or an http(s) address. Raises Refused(UNREACHABLE)."""
    try:
        if not source.startswith(("http://", "https://")):
            return Path(source).read_bytes()
        with urllib.request.urlopen(source, timeout=TIMEOUT_S) as answer:  # noqa: S310  checked above
            body: bytes = answer.read(LARGEST_FILE + 1)
            return body
    except (OSError, ValueError, urllib.error.URLError) as error:
        raise Refused(Code.UNREACHABLE, f"{source}: {error}") from None


def renewed(old: Bundle, fetched: bytes) -> Bundle:
    """The licence of `old` with the two lines fetched: trust document and status list."""
    trust, status = lines_of(fetched, 2)
    return Bundle(trust, old.licence, status)
