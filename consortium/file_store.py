"""Where handed-in files lie: FILES_DIR/ab/<sha256>, readable by the portal alone.

A file arrives under a name of its own in FILES_DIR/incoming and is renamed when it is whole and
on the disk, so that a kill at any line leaves a file or none, never half of one.
"""

from __future__ import annotations

import errno
import hashlib
import os
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.utils.translation import gettext as _

from consortium.errors import DomainError

ABANDONED_SECONDS = 24 * 3600
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


class NoRoom(DomainError):
    """The disk is full. HTTP 507."""

    status = 507


class Gone(DomainError):
    """The row is there, its bytes are not. HTTP 503."""

    status = 503


class TooMany(Exception):
    """More bytes came than are allowed."""


@dataclass(frozen=True, slots=True)
class Arrived:
    """A whole file that has not been given its place yet."""

    path: Path
    sha256: str
    size_bytes: int


def root() -> Path:
    return Path(settings.FILES_DIR)


def path_of(sha256: str) -> Path:
    return root() / sha256[:2] / sha256


@contextmanager
def arriving(chunks: Iterable[bytes], *, max_bytes: int) -> Iterator[Arrived]:
    """The bytes as a file, removed at the end unless `settle` gave it a place.

    Raises TooMany as soon as one byte too many arrives, and NoRoom.
    """
    with _room():
        path, sha256, size = _write(chunks, max_bytes)
    try:
        yield Arrived(path, sha256, size)
    finally:
        path.unlink(missing_ok=True)


def _write(chunks: Iterable[bytes], max_bytes: int) -> tuple[Path, str, int]:
    descriptor, name = tempfile.mkstemp(dir=_folder(root() / "incoming"))  # mode 0600
    digest, size = hashlib.sha256(), 0
    try:
        with os.fdopen(descriptor, "wb") as file:
            for chunk in _bounded(chunks, max_bytes):
                size += len(chunk)
                digest.update(chunk)
                file.write(chunk)
            file.flush()
            os.fsync(file.fileno())
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    return Path(name), digest.hexdigest(), size


def _bounded(chunks: Iterable[bytes], most: int) -> Iterator[bytes]:
    """The chunks, counted: what is too much is never written."""
    for chunk in chunks:
        most -= len(chunk)
        if most < 0:
            raise TooMany
        yield chunk


def settle(arrived: Arrived) -> Path:
    """Give the file its place. The same bytes twice are kept once. Raises NoRoom."""
    place = path_of(arrived.sha256)
    with _room():
        _folder(place.parent)
        arrived.path.replace(place)
        _sync(place.parent)
    return place


def remove(sha256: str) -> None:
    path_of(sha256).unlink(missing_ok=True)


def kept() -> Iterator[tuple[str, float]]:
    """The digest of every file and how many seconds ago it was written."""
    now = time.time()
    for path in root().glob("??/*"):
        with suppress(FileNotFoundError):  # removed meanwhile
            yield path.name, now - path.stat().st_mtime


def clear_incoming() -> int:
    """Remove what killed processes left behind. Returns how many files that were."""
    count = 0
    for path in root().glob("incoming/*"):
        with suppress(FileNotFoundError):
            if time.time() - path.stat().st_mtime > ABANDONED_SECONDS:
                path.unlink()
                count += 1
    return count


@contextmanager
def _room() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno not in _FULL:
            raise
        message = _(
            "The portal has no room for this file, and nothing was kept. "
            "Tell the secretariat, and try again later."
        )
        raise NoRoom(message) from error


def _folder(path: Path) -> Path:
    """A folder closed to everybody else, as are those above it up to FILES_DIR."""
    if not path.is_dir():
        root().mkdir(mode=0o700, parents=True, exist_ok=True)
        path.mkdir(mode=0o700, exist_ok=True)
        _sync(root())
    return path


def _sync(folder: Path) -> None:
    """Make names in a folder survive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
