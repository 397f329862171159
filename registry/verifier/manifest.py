"""What a model is: its files. The manifest root is the identity of a checkpoint."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from .codes import Code, Refused
from .jws import canonical

CHUNK = 1024 * 1024


@dataclass(frozen=True, slots=True)
class File:
    """path: relative, with forward slashes; size: bytes; sha256: hex."""

    path: str
    size: int
    sha256: str


def root(files: Iterable[File]) -> str:
    """sha256 over the canonical JSON list of {path, size, sha256}, sorted by path; in hex."""
    rows = [
        {"path": file.path, "size": file.size, "sha256": file.sha256}
        for file in sorted(files, key=lambda file: file.path)
    ]
    return hashlib.sha256(canonical(rows)).hexdigest()


def of_folder(folder: Path) -> list[File]:
    """Every file beneath `folder`, hashed. Raises Refused(UNREADABLE)."""
    try:
        paths = sorted(path for path in folder.rglob("*") if path.is_file())
        if not paths:
            raise Refused(Code.UNREADABLE, f"no files in {folder}")
        return [_read(path, path.relative_to(folder).as_posix()) for path in paths]
    except OSError as error:
        raise Refused(Code.UNREADABLE, str(error)) from None


def _read(path: Path, name: str) -> File:
    digest, size = hashlib.sha256(), 0
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            digest.update(chunk)
            size += len(chunk)
    return File(name, size, digest.hexdigest())
