"""Reading `sacct --parsable2` output: one record per job run, exactly as Slurm kept it.

Pure: no Django, no database, no clock. Format facts (Slurm 22.05, sacct(1)):

- Columns may come in any order. `|` inside a job name is not escaped, so JobName must be the
  last column, where the rest of the line belongs to it.
- Job rows and step rows alternate; a step ("132.batch") follows the job it belongs to.
- A run is (cluster, JobIDRaw, Submit): a requeued job keeps its id and gets a new Submit.
- AllocTRES names `gres/gpu` and `gres/gpu:h100` for the same cards; they are never added.
- ConsumedEnergyRaw of a job sums its srun steps only; a batch-only job leaves it blank, and
  then the `.batch` step has it. 18446744073709551614 is the database's null.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from enum import StrEnum
from typing import BinaryIO

REQUIRED = (
    *("JobIDRaw", "Account", "User", "Partition", "Submit", "Start", "End"),
    *("ElapsedRaw", "State", "AllocTRES"),
)
OPTIONAL = ("Cluster", "JobID", "ConsumedEnergyRaw", "Comment", "JobName")
COMMAND = (
    "env TZ=UTC SLURM_TIME_FORMAT=%s sacct --allusers --duplicates --parsable2 --noconvert "
    "--format=Cluster,JobIDRaw,JobID,Account,User,Partition,Submit,Start,End,ElapsedRaw,State,"
    "AllocTRES,ConsumedEnergyRaw,Comment,JobName -S <from> -E <to>"
)
NULL_ENERGY = 18_446_744_073_709_551_614
LONGEST_LINE = 65_536
LONGEST_RUN_S = 10 * 366 * 86_400
MOST_UNITS = 50_000_000  # more cores or cards than any machine has
ACCELERATORS = frozenset({"gres/gpu", "gres/npu", "gres/dcu", "gres/mlu", "gres/gcu"})
STATES = frozenset(
    (
        *("BOOT_FAIL", "CANCELLED", "COMPLETED", "COMPLETING", "CONFIGURING", "DEADLINE"),
        *("FAILED", "LAUNCH_FAILED", "NODE_FAIL", "OUT_OF_MEMORY", "PENDING", "PREEMPTED"),
        *("RECONFIG_FAIL", "REQUEUED", "RESIZING", "REVOKED", "RUNNING", "STOPPED"),
        *("SUSPENDED", "TIMEOUT"),
    )
)
STAGES = frozenset({"development", "training", "finetuning", "inference"})

_JOB_ID = re.compile(r"^(\d{1,18})(?:\.([\w+]+))?$")
_COUNT = re.compile(r"^(\d+(?:\.\d+)?)([KMGTP]?)$")
_STAGE = re.compile(r"\bportal:(?:[\w=-]+,)*stage=([a-z-]+)")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
_SUFFIX = {"": 1, "K": 1024, "M": 1024**2, "G": 1024**3, "T": 1024**4, "P": 1024**5}
_NO_TIME = frozenset({"", "Unknown", "None", "N/A", "0"})


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


class _BadRowError(Exception):
    def __init__(self, code: Code, **values: object) -> None:
        self.code, self.values = code, values
        super().__init__(code)


@dataclass(frozen=True, slots=True)
class JobRun:
    """One run of one job. Times are UTC; `elapsed_seconds` excludes time suspended.

    cards, cores: allocated, 0 where none; energy_joules: None where Slurm has no reading.
    """

    line: int
    cluster: str
    job_id_raw: int
    job_id: str
    account: str
    user: str
    partition: str
    submit_at: datetime
    start_at: datetime | None
    end_at: datetime | None
    elapsed_seconds: int
    state: str
    cards: int
    cores: int
    energy_joules: int | None
    stage: str
    job_name: str

    @property
    def key(self) -> tuple[int, datetime]:
        return self.job_id_raw, self.submit_at

    @property
    def waiting(self) -> bool:
        """Whether the job has not started yet, so that there is nothing to record."""
        return self.state == "PENDING" and self.elapsed_seconds == 0

    @property
    def card_seconds(self) -> int:
        return self.cards * self.elapsed_seconds

    @property
    def core_seconds(self) -> int:
        return self.cores * self.elapsed_seconds


class SacctReader:
    """Iterate over a binary stream: JobRun for each run, Problem for each bad row.

    cluster: used where the file has no Cluster column; a row of another cluster is a Problem.
    rows, steps: how many of each were read so far. Raises BadFileError.
    """

    def __init__(self, stream: BinaryIO, cluster: str) -> None:
        self.stream, self.cluster = stream, cluster
        self.rows = self.steps = 0

    def __iter__(self) -> Iterator[JobRun | Problem]:
        lines = self._lines()
        columns = _columns(next(lines, (0, "")))
        header = "|".join(columns)
        waiting: JobRun | None = None
        for number, line in lines:
            if not line or line == header:
                continue
            self.rows += 1
            try:
                found = self._row(number, _fields(columns, line))
            except _BadRowError as error:
                yield Problem(number, error.code, error.values)
                continue
            if isinstance(found, JobRun):
                if waiting is not None:
                    yield waiting
                waiting = found
            elif waiting is not None:
                waiting = _with_batch_energy(waiting, found)
        if waiting is not None:
            yield waiting

    def _lines(self) -> Iterator[tuple[int, str]]:
        chunks = iter(lambda: self.stream.readline(LONGEST_LINE), b"")
        for number, raw in enumerate(chunks, 1):
            if not raw.endswith(b"\n"):
                code = Code.TOO_LONG if len(raw) == LONGEST_LINE else Code.CUT
                raise BadFileError(code, line=number)
            try:
                text = raw.decode("utf-8-sig" if number == 1 else "utf-8")
            except UnicodeDecodeError as error:
                raise BadFileError(Code.ENCODING, line=number, byte=error.start + 1) from error
            yield number, text.rstrip("\r\n")

    def _row(self, number: int, row: dict[str, str]) -> JobRun | tuple[int, str, int | None]:
        """A JobRun, or (job id, step name, joules) of a step."""
        match = _JOB_ID.match(row["JobIDRaw"])
        if match is None:
            raise _BadRowError(Code.JOB_ID, value=row["JobIDRaw"][:40])
        job_id, step = int(match[1]), match[2]
        if step is not None:
            self.steps += 1
            energy = row.get("ConsumedEnergyRaw", "") if step == "batch" else ""
            return job_id, step, _energy(energy)
        cluster = row.get("Cluster", "") or self.cluster
        if cluster != self.cluster:
            raise _BadRowError(Code.CLUSTER, value=cluster, expected=self.cluster)
        return _job(number, cluster, job_id, row)


def _columns(first: tuple[int, str]) -> list[str]:
    number, header = first
    if number == 0:
        raise BadFileError(Code.EMPTY)
    columns = [name.strip() for name in header.split("|")]
    missing = [name for name in REQUIRED if name not in columns]
    if len(missing) == len(REQUIRED):
        raise BadFileError(Code.NOT_SACCT, line=1)
    if columns[-1] == "":
        raise BadFileError(Code.TRAILING_BAR, line=1)
    if missing:
        raise BadFileError(Code.MISSING_COLUMNS, line=1, columns=", ".join(missing))
    if len(set(columns)) != len(columns):
        raise BadFileError(Code.DOUBLE_COLUMNS, line=1)
    return columns


def _fields(columns: list[str], line: str) -> dict[str, str]:
    """The row by column name. Only a JobName in the last column may hold bars."""
    most = len(columns) - 1 if columns[-1] == "JobName" else -1
    values = line.split("|", most)
    if len(values) != len(columns):
        raise _BadRowError(Code.FIELDS, found=len(values), expected=len(columns))
    if _CONTROL.search(line):
        raise _BadRowError(Code.CONTROL)
    return dict(zip(columns, values, strict=True))


def _job(number: int, cluster: str, job_id: int, row: Mapping[str, str]) -> JobRun:
    submit_at = _time("Submit", row["Submit"])
    if submit_at is None:
        raise _BadRowError(Code.NO_SUBMIT)
    start_at, end_at = _time("Start", row["Start"]), _time("End", row["End"])
    if start_at and end_at and end_at < start_at:
        raise _BadRowError(Code.ORDER)
    cards, cores = _units(row["AllocTRES"])
    return JobRun(
        line=number,
        cluster=cluster,
        job_id_raw=job_id,
        job_id=_text("JobID", row.get("JobID", "") or str(job_id), 64),
        account=_text("Account", row["Account"].lower(), 64),
        user=_text("User", row["User"], 64),
        partition=_text("Partition", row["Partition"], 64),
        submit_at=submit_at,
        start_at=start_at,
        end_at=end_at,
        elapsed_seconds=_whole("ElapsedRaw", row["ElapsedRaw"], LONGEST_RUN_S),
        state=_state(row["State"]),
        cards=cards,
        cores=cores,
        energy_joules=_energy(row.get("ConsumedEnergyRaw", "")),
        stage=_stage(row.get("Comment", "")),
        job_name=row.get("JobName", "")[:200],
    )


def _with_batch_energy(run: JobRun, step: tuple[int, str, int | None]) -> JobRun:
    job_id, _, joules = step
    if joules is None or run.energy_joules is not None or run.job_id_raw != job_id:
        return run
    return replace(run, energy_joules=joules)


def _text(column: str, value: str, longest: int) -> str:
    if len(value) > longest:
        raise _BadRowError(Code.TEXT, column=column, longest=longest)
    return value


def _time(column: str, value: str) -> datetime | None:
    """Epoch seconds, or ISO without a zone (read as UTC). None where Slurm knows no time."""
    if value in _NO_TIME:
        return None
    try:
        if value.isdigit():
            return datetime.fromtimestamp(int(value), UTC)
        return _iso(value).replace(tzinfo=UTC)
    except (ValueError, OverflowError, OSError) as error:
        raise _BadRowError(Code.TIME, column=column, value=value[:40]) from error


def _iso(value: str) -> datetime:
    """Slurm's own form only: fromisoformat alone would take dates and offsets too."""
    if len(value) != len("2026-11-24T02:27:27") or value[10] != "T":
        raise ValueError(value)
    return datetime.fromisoformat(value)


def _whole(column: str, value: str, most: int) -> int:
    if not (value.isascii() and value.isdigit()) or int(value) > most:
        raise _BadRowError(Code.NUMBER, column=column, value=value[:40])
    return int(value)


def _state(value: str) -> str:
    """The state's first word: Slurm writes "CANCELLED by 1000"."""
    word = value.split(" ", 1)[0]
    if word not in STATES:
        raise _BadRowError(Code.STATE, value=value[:40])
    return word


def _energy(value: str) -> int | None:
    """Joules, or None for a blank and for the database's null."""
    if not value:
        return None
    if not (value.isascii() and value.isdigit()):
        raise _BadRowError(Code.ENERGY, value=value[:40])
    joules = int(value)
    if joules in {NULL_ENERGY, NULL_ENERGY + 1}:
        return None
    if joules >= 2**62:
        raise _BadRowError(Code.ENERGY, value=value[:40])
    return joules


def _units(text: str) -> tuple[int, int]:
    """(cards, cores) of an AllocTRES. Both 0 where nothing was allocated.

    Cards: the plain count of each kind of accelerator, else the sum of its typed counts.
    """
    plain: dict[str, int] = {}
    typed: dict[str, int] = {}
    cores = 0
    for item in text.split(",") if text else ():
        name, _, value = item.rpartition("=")
        if not name:
            raise _BadRowError(Code.TRES, value=item[:60])
        if name == "cpu":
            cores = _count(item, value)
        elif name in ACCELERATORS:
            plain[name] = _count(item, value)
        elif (base := name.partition(":")[0]) in ACCELERATORS:
            typed[base] = typed.get(base, 0) + _count(item, value)
    return sum((typed | plain).values()), cores


def _count(item: str, value: str) -> int:
    match = _COUNT.match(value)
    if match is None:
        raise _BadRowError(Code.TRES, value=item[:60])
    exact = float(match[1]) * _SUFFIX[match[2]]
    if exact != int(exact):
        raise _BadRowError(Code.INEXACT, value=item[:60])
    if exact > MOST_UNITS:
        raise _BadRowError(Code.TRES, value=item[:60])
    return int(exact)


def _stage(comment: str) -> str:
    """The stage a job states about itself, as in `--comment=portal:stage=inference`."""
    match = _STAGE.search(comment)
    stage = match[1].replace("-", "") if match else ""
    return stage if stage in STAGES else "training"
