"""What the verifier remembers between runs, so that old papers and clocks cannot come back.

Kept in two places. The newer of what the two say holds; a place that is gone or damaged is
written anew from the other. It is evidence of compliance, not a lock: whoever deletes both
places starts afresh, and the reports show it.
"""

import contextlib
import hashlib
import json
import os
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .codes import Code, Refused
from .jws import canonical

FILE = "memory.json"


@dataclass(frozen=True, slots=True)
class Memory:
    """floor: the latest time known for sure, in seconds; epochs: by status list;
    version: of the trust document; reports: how many usage reports were written."""

    floor: int = 0
    version: int = 0
    epochs: Mapping[str, int] = field(default_factory=dict)
    reports: int = 0

    def merged(self, other: "Memory") -> "Memory":
        lists = self.epochs.keys() | other.epochs.keys()
        return Memory(
            max(self.floor, other.floor),
            max(self.version, other.version),
            {name: max(self.epochs.get(name, 0), other.epochs.get(name, 0)) for name in lists},
            max(self.reports, other.reports),
        )

    def content(self) -> dict[str, Any]:
        return {
            "floor": self.floor,
            "version": self.version,
            "epochs": dict(self.epochs),
            "reports": self.reports,
        }


def default_places() -> list[Path]:
    home = Path.home()
    return [home / ".local/state/omic-verifier", home / ".config/omic-verifier"]


def load(places: Sequence[Path]) -> Memory:
    """The newest memory. Raises Refused(STATE_UNREADABLE) if a place holds only damage."""
    found, damaged = [], False
    for place in places:
        try:
            found.append(_parse((place / FILE).read_bytes()))
        except (FileNotFoundError, NotADirectoryError):
            continue
        except (OSError, ValueError, TypeError, KeyError):
            damaged = True
    if damaged and not found:
        raise Refused(Code.STATE_UNREADABLE, ", ".join(map(str, places)))
    newest = Memory()
    for memory in found:
        newest = newest.merged(memory)
    return newest


def save(memory: Memory, places: Sequence[Path]) -> None:
    """Write to every place, each by one rename. Raises Refused(STATE_NOT_SAVED)."""
    body = canonical(memory.content())
    line = canonical({"memory": memory.content(), "sha256": hashlib.sha256(body).hexdigest()})
    for place in places:
        try:
            place.mkdir(parents=True, exist_ok=True, mode=0o700)
            replace(place / FILE, line)
        except OSError as error:
            raise Refused(Code.STATE_NOT_SAVED, str(error)) from None


def replace(path: Path, data: bytes) -> None:
    """Put `data` at `path` whole or not at all."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    except OSError:
        with contextlib.suppress(OSError):
            Path(name).unlink()
        raise


def _parse(data: bytes) -> Memory:
    row = json.loads(data)
    memory = row["memory"]
    if hashlib.sha256(canonical(memory)).hexdigest() != row["sha256"]:
        raise ValueError("damaged")
    return Memory(memory["floor"], memory["version"], memory["epochs"], memory["reports"])
