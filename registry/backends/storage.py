"""The artifact store: bytes by their sha256, written once and never changed.

A file appears under its name only when it is whole and on disk: it is written beside, synced,
and renamed. So a cut upload, a full disk or a crash leaves at most a temporary file, which
`sweep` removes, and never half a file under a digest.
"""

from __future__ import annotations

import errno
import hashlib
import os
import secrets
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol

CHUNK = 1024 * 1024
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


class StorageError(Exception):
    """The store could not do it: the message says what stands in the way."""


class StorageFull(StorageError):
    """There is no room left. What was being written is gone; what was there is unharmed."""


@dataclass(frozen=True, slots=True)
class Stored:
    """What was written. size: bytes."""

    sha256: str
    size: int


class Writer(Protocol):
    def write(self, chunk: bytes) -> None:
        """Add bytes. Raises StorageFull, StorageError."""

    def finish(self) -> Stored:
        """Make the bytes durable under their digest. Safe when they are there already."""

    def abort(self) -> None:
        """Forget what was written. Safe to repeat, and after finish."""


class ArtifactStore(Protocol):
    """Content-addressed bytes. Every call is safe to repeat."""

    def writer(self) -> Writer: ...

    def path(self, sha256: str) -> Path:
        """Where the bytes lie, for a server that sends files itself."""

    def has(self, sha256: str) -> bool: ...

    def read(self, sha256: str, first: int = 0, last: int | None = None) -> Iterator[bytes]:
        """The bytes from `first` to `last`, both inclusive, in chunks of at most 1 MiB."""

    def sweep(self, older_than_seconds: int) -> int:
        """Remove temporary files of uploads that were cut. Returns how many."""


class LocalStore:
    """A folder: `sha256/ab/cd/<digest>`, and `incoming/` for what is being written."""

    def __init__(self, root: Path | str) -> None:
        self.root = Path(root)
        self.incoming = self.root / "incoming"

    def writer(self) -> LocalWriter:
        return LocalWriter(self)

    def path(self, sha256: str) -> Path:
        if len(sha256) != 64 or not set(sha256) <= set("0123456789abcdef"):  # noqa: PLR2004
            raise StorageError("not a sha256 digest")
        return self.root / "sha256" / sha256[:2] / sha256[2:4] / sha256

    def has(self, sha256: str) -> bool:
        return self.path(sha256).is_file()

    def read(self, sha256: str, first: int = 0, last: int | None = None) -> Iterator[bytes]:
        try:
            file = self.path(sha256).open("rb")
        except OSError as error:
            raise StorageError(f"{sha256[:12]} cannot be read: {error.strerror}") from error
        with file:
            file.seek(first)
            left = None if last is None else last - first + 1
            while left is None or left > 0:
                chunk = file.read(CHUNK if left is None else min(CHUNK, left))
                if not chunk:
                    return
                left = None if left is None else left - len(chunk)
                yield chunk

    def sweep(self, older_than_seconds: int) -> int:
        limit = time.time() - older_than_seconds
        removed = 0
        for path in self.incoming.glob("*"):
            with suppress(OSError):
                if path.stat().st_mtime < limit:
                    path.unlink()
                    removed += 1
        return removed


class LocalWriter:
    """One file on its way in. The digest is taken as the bytes pass."""

    def __init__(self, store: LocalStore) -> None:
        self.store = store
        self.digest = hashlib.sha256()
        self.size = 0
        self.partial = store.incoming / secrets.token_hex(16)
        self.file: BinaryIO | None = None

    def write(self, chunk: bytes) -> None:
        try:
            if self.file is None:
                self.store.incoming.mkdir(mode=0o750, parents=True, exist_ok=True)
                self.file = self.partial.open("xb", buffering=0)
            view = memoryview(chunk)
            while view:
                view = view[self.file.write(view) :]
        except OSError as error:
            self.abort()
            raise _refusal(error) from error
        self.digest.update(chunk)
        self.size += len(chunk)

    def finish(self) -> Stored:
        if self.file is None:
            self.write(b"")
        assert self.file is not None
        stored = Stored(self.digest.hexdigest(), self.size)
        try:
            os.fsync(self.file.fileno())
            self.file.close()
            self._put_in_place(self.store.path(stored.sha256))
        except OSError as error:
            self.abort()
            raise _refusal(error) from error
        return stored

    def abort(self) -> None:
        if self.file is not None:
            self.file.close()
        self.partial.unlink(missing_ok=True)

    def _put_in_place(self, target: Path) -> None:
        if target.exists():
            self.partial.unlink()
            return
        target.parent.mkdir(mode=0o750, parents=True, exist_ok=True)
        self.partial.chmod(0o440)
        self.partial.rename(target)
        _sync_folder(target.parent)


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _refusal(error: OSError) -> StorageError:
    if error.errno in _FULL:
        return StorageFull("There is no room left in the artifact store.")
    return StorageError(f"The artifact store cannot be written: {error.strerror}.")


def store_at(root: str) -> ArtifactStore:
    """The store that ARTIFACT_ROOT names: a folder. Raises StorageError for what is not built."""
    if "://" in root and not root.startswith("file://"):
        raise StorageError(f"ARTIFACT_ROOT {root!r}: only a local folder is supported.")
    return LocalStore(root.removeprefix("file://"))
