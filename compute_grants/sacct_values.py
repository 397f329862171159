"""What single columns of `sacct --parsable2` may hold, and what can be wrong with them.

Pure. A day of a large machine has a million rows and few different values: what repeats is
read once (lru_cache, bounded, so that a hostile file costs no memory).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from functools import lru_cache
from typing import NamedTuple

NULL_ENERGY = 18_446_744_073_709_551_614
LONGEST_RUN_S = 10 * 366 * 86_400
MOST_UNITS = 50_000_000  # more cores or cards than any machine has
MOST_MEMORY = 2**60
EARLIEST, LATEST = 946_684_800, 4_102_444_800  # 2000 and 2100: no accounting is outside
ACCELERATORS = frozenset({"gres/gpu", "gres/npu", "gres/dcu", "gres/mlu", "gres/gcu"})
STATES = frozenset(
    (
        *("BOOT_FAIL", "CANCELLED", "COMPLETED", "COMPLETING", "CONFIGURING", "DEADLINE"),
        *("FAILED", "LAUNCH_FAILED", "NODE_FAIL", "OUT_OF_MEMORY", "PENDING", "PREEMPTED"),
        *("RECONFIG_FAIL", "REQUEUED", "RESIZING", "REVOKED", "RUNNING", "STOPPED"),
        *("SUSPENDED", "TIMEOUT"),
    )
)
REMEMBERED = 8192

_COUNT = re.compile(r"^(\d{1,18}(?:\.\d{1,6})?)([KMGTP]?)$", re.ASCII)
_SUFFIX = {"": 1, "K": 1024, "M": 1024**2, "G": 1024**3, "T": 1024**4, "P": 1024**5}
_NO_TIME = frozenset({"", "Unknown", "None", "N/A", "0"})
_DIGITS = 18  # a longer number of seconds is no time, and int() of it could be slow


class Code(StrEnum):
    """What can be wrong. The sentences, in both languages, are sacct_messages.SENTENCES."""

    EMPTY = "empty"
    NOT_SACCT = "not_sacct"
    MISSING_COLUMNS = "missing_columns"
    DOUBLE_COLUMNS = "double_columns"
    TRAILING_BAR = "trailing_bar"
    ENCODING = "encoding"
    CUT = "cut"
    TOO_LONG = "too_long"
    FIELDS = "fields"
    CONTROL = "control"
    JOB_ID = "job_id"
    TIME = "time"
    DATE = "date"
    NO_SUBMIT = "no_submit"
    NUMBER = "number"
    STATE = "state"
    TRES = "tres"
    INEXACT = "inexact"
    ORDER = "order"
    ENERGY = "energy"
    CLUSTER = "cluster"
    TEXT = "text"


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong, with the line (from 1; 0 is the file itself) and the values to name."""

    line: int
    code: Code
    values: Mapping[str, object] = field(default_factory=dict)


class BadFileError(Exception):
    """The file as a whole cannot be trusted, so no row of it may be used."""

    def __init__(self, code: Code, *, line: int = 0, **values: object) -> None:
        self.problem = Problem(line, code, values)
        super().__init__(f"line {line}: {code}")


class BadValueError(Exception):
    """A row cannot be used."""

    def __init__(self, code: Code, **values: object) -> None:
        self.code, self.values = code, values
        super().__init__(code)


class Allocated(NamedTuple):
    """What a job was given. All 0 where nothing was."""

    cards: int
    cores: int
    memory_bytes: int


def text(column: str, value: str, longest: int) -> str:
    if len(value) > longest:
        raise BadValueError(Code.TEXT, column=column, longest=longest)
    return value


def seconds(column: str, value: str) -> int | None:
    """Epoch seconds, given so or as ISO without a zone (UTC). None where Slurm knows none."""
    if value in _NO_TIME:
        return None
    if value.isdigit() and value.isascii() and len(value) <= _DIGITS:
        moment = int(value)
    else:
        moment = _iso(column, value)
    if not EARLIEST <= moment < LATEST:
        raise BadValueError(Code.DATE, column=column, value=value[:40])
    return moment


@lru_cache(REMEMBERED)
def _iso(column: str, value: str) -> int:
    """Slurm's own form only: fromisoformat alone would take dates and offsets too."""
    try:
        if len(value) != len("2026-11-24T02:27:27") or value[10] != "T":
            raise ValueError(value)  # noqa: TRY301  one way out for all
        return int(datetime.fromisoformat(value).replace(tzinfo=UTC).timestamp())
    except ValueError as error:
        raise BadValueError(Code.TIME, column=column, value=value[:40]) from error


def whole(column: str, value: str, most: int) -> int:
    if not (value.isascii() and value.isdigit()) or len(value) > _DIGITS or int(value) > most:
        raise BadValueError(Code.NUMBER, column=column, value=value[:40])
    return int(value)


@lru_cache(REMEMBERED)
def state(value: str) -> str:
    """The state's first word: Slurm writes "CANCELLED by 1000"."""
    word = value.split(" ", 1)[0]
    if word not in STATES:
        raise BadValueError(Code.STATE, value=value[:40])
    return word


def energy(value: str) -> int | None:
    """Joules, or None for a blank and for the database's null."""
    if not value:
        return None
    if not (value.isascii() and value.isdigit()) or len(value) > len(str(NULL_ENERGY)):
        raise BadValueError(Code.ENERGY, value=value[:40])
    joules = int(value)
    if joules in {NULL_ENERGY, NULL_ENERGY + 1}:
        return None
    if joules >= 2**62:
        raise BadValueError(Code.ENERGY, value=value[:40])
    return joules


@lru_cache(REMEMBERED)
def allocated(tres: str) -> Allocated:
    """What an AllocTRES says.

    Cards: the plain count of each kind of accelerator, else the sum of its typed counts, for
    `gres/gpu` and `gres/gpu:h100` name the same cards. Memory: bytes; sacct states it in MiB.
    """
    plain: dict[str, int] = {}
    typed: dict[str, int] = {}
    cores = memory = 0
    for item in tres.split(",") if tres else ():
        name, _, value = item.rpartition("=")
        if not name:
            raise BadValueError(Code.TRES, value=item[:60])
        if name == "cpu":
            cores = _count(item, value)
        elif name == "mem":
            memory = _count(item, value, MOST_MEMORY)
        elif name in ACCELERATORS:
            plain[name] = _count(item, value)
        elif (base := name.partition(":")[0]) in ACCELERATORS:
            typed[base] = typed.get(base, 0) + _count(item, value)
    return Allocated(sum((typed | plain).values()), cores, memory)


def _count(item: str, value: str, most: int = MOST_UNITS) -> int:
    match = _COUNT.match(value)
    if match is None:
        raise BadValueError(Code.TRES, value=item[:60])
    number, unit = match[1], _SUFFIX[match[2]]
    exact = int(number) * unit if number.isdigit() else float(number) * unit
    if exact != int(exact):
        raise BadValueError(Code.INEXACT, value=item[:60])
    if exact > most:
        raise BadValueError(Code.TRES, value=item[:60])
    return int(exact)
