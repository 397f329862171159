"""Reading `sacct --parsable2` output: one record per job run, exactly as Slurm kept it.

Pure: no Django, no database, no clock. Format facts (Slurm 22.05, sacct(1)):

- Columns may come in any order. `|` inside a job name is not escaped, so JobName must be the
  last column, where the rest of the line belongs to it.
- Job rows and step rows alternate; a step ("132.batch") follows the job it belongs to.
- A run is (cluster, JobIDRaw, Submit): a requeued job keeps its id and gets a new Submit.
- AllocTRES names `gres/gpu` and `gres/gpu:h100` for the same cards; they are never added.
- ConsumedEnergyRaw of a job sums its srun steps only; a batch-only job leaves it blank, and
  then the `.batch` step has it. 18446744073709551614 is the database's null.

A million rows pass here at a time, in constant memory: a run is a tuple, times are numbers,
and nothing is kept but the run whose steps may follow.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from operator import itemgetter
from typing import NamedTuple, Protocol

from compute_grants import sacct_values as values
from compute_grants.sacct_values import (
    LONGEST_RUN_S,
    NULL_ENERGY,
    BadFileError,
    BadValueError,
    Code,
    Problem,
)
from compute_grants.stage_rules import StageOf, stated_stage

__all__ = ["NULL_ENERGY", "BadFileError", "Code", "JobRun", "Problem", "SacctReader"]

REQUIRED = (
    *("JobIDRaw", "Account", "User", "Partition", "Submit", "Start", "End"),
    *("ElapsedRaw", "State", "AllocTRES"),
)
OPTIONAL = ("Cluster", "JobID", "QOS", "ConsumedEnergyRaw", "Comment", "JobName")
FORMAT = (
    "Cluster,JobIDRaw,JobID,Account,User,Partition,QOS,Submit,Start,End,ElapsedRaw,State,"
    "AllocTRES,ConsumedEnergyRaw,Comment,JobName"
)
COMMAND = (
    "env TZ=UTC SLURM_TIME_FORMAT=%s sacct --allusers --duplicates --parsable2 --noconvert "
    f"--format={FORMAT} -S <from> -E <to>"
)
LONGEST_LINE = 65_536
LONGEST_ID = 18  # digits of a bigint

_JOB_ID = re.compile(r"^(\d{1,18})(?:\.([\w+]+))?$", re.ASCII)
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")


class JobRun(NamedTuple):
    """One run of one job. submit, start, end: epoch seconds, UTC; None where Slurm knows none.

    `elapsed_seconds` excludes time suspended. cards, cores, memory_bytes: allocated, 0 where
    none; energy_joules: None where Slurm has no reading.
    """

    line: int
    cluster: str
    job_id_raw: int
    job_id: str
    account: str
    user: str
    partition: str
    qos: str
    submit: int
    start: int | None
    end: int | None
    elapsed_seconds: int
    state: str
    cards: int
    cores: int
    memory_bytes: int
    energy_joules: int | None
    stage: str
    job_name: str

    @property
    def submit_at(self) -> datetime:
        return datetime.fromtimestamp(self.submit, UTC)

    @property
    def start_at(self) -> datetime | None:
        return None if self.start is None else datetime.fromtimestamp(self.start, UTC)

    @property
    def end_at(self) -> datetime | None:
        return None if self.end is None else datetime.fromtimestamp(self.end, UTC)

    @property
    def key(self) -> tuple[int, int]:
        return self.job_id_raw, self.submit

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


class Lines(Protocol):
    """Bytes that are read line by line."""

    def readline(self, limit: int, /) -> bytes: ...


class SacctReader:
    """Iterate over a binary stream: JobRun for each run, Problem for each bad line.

    cluster: used where the file has no Cluster column; a row of another cluster is a Problem.
    stage_of: the stage of a run by its partition, QOS and comment. rows, steps: how many of
    each were read so far. Raises BadFileError where the header is no sacct header.
    """

    def __init__(self, stream: Lines, cluster: str, stage_of: StageOf = stated_stage) -> None:
        self.stream, self.cluster, self.stage_of = stream, cluster, stage_of
        self.rows = self.steps = 0

    def __iter__(self) -> Iterator[JobRun | Problem]:
        lines = self._lines()
        columns = _columns(next(lines, (0, "")))
        header = "|".join(columns)
        split, read = _splitter(columns), self._row_reader(columns)
        waiting: JobRun | None = None
        for number, line in lines:
            if isinstance(line, Problem):
                self.rows += 1
                yield line
                continue
            if not line or line == header:
                continue
            self.rows += 1
            try:
                found = read(number, split(line))
            except BadValueError as error:
                if waiting is not None:  # what follows may be steps of the bad row's job
                    yield waiting
                    waiting = None
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

    def _lines(self) -> Iterator[tuple[int, str | Problem]]:
        """Each line with its number, decoded; or what is wrong with it as a line."""
        readline, number = self.stream.readline, 0
        while raw := readline(LONGEST_LINE):
            number += 1
            if not raw.endswith(b"\n"):
                if len(raw) == LONGEST_LINE:
                    yield number, Problem(number, Code.TOO_LONG)
                    _skip_line(readline)
                else:
                    yield number, Problem(number, Code.CUT)
                continue
            try:
                line = raw.decode("utf-8-sig" if number == 1 else "utf-8").rstrip("\r\n")
            except UnicodeDecodeError as error:
                yield number, Problem(number, Code.ENCODING, {"byte": error.start + 1})
                continue
            if not line.isprintable() and _CONTROL.search(line):
                yield number, Problem(number, Code.CONTROL)
                continue
            yield number, line

    def _row_reader(
        self, columns: list[str]
    ) -> Callable[[int, list[str]], JobRun | tuple[int, int | None]]:
        """A function of (line, fields): a JobRun, or (job id, joules) of a step."""
        order = {name: place for place, name in enumerate(columns)}
        absent = len(columns)  # each row gets one empty field more, for columns it lacks
        needed = itemgetter(*(order[name] for name in REQUIRED))
        extra = itemgetter(*(order.get(name, absent) for name in OPTIONAL))
        stage_of, own = self.stage_of, self.cluster

        def read(number: int, row: list[str]) -> JobRun | tuple[int, int | None]:
            row.append("")
            required, optional = needed(row), extra(row)
            raw, account, user, partition, submitted, started, ended = required[:7]
            elapsed, state, tres = required[7:]
            cluster, shown, qos, joules, comment, name = optional
            if not (raw.isdigit() and raw.isascii() and len(raw) <= LONGEST_ID):
                return self._step(raw, joules)
            if cluster and cluster != own:
                raise BadValueError(Code.CLUSTER, value=cluster[:40], expected=own)
            submit = values.seconds("Submit", submitted)
            if submit is None:
                raise BadValueError(Code.NO_SUBMIT)
            start = values.seconds("Start", started)
            end = values.seconds("End", ended)
            if start is not None and end is not None and end < start:
                raise BadValueError(Code.ORDER)
            cards, cores, memory = values.allocated(tres)
            return JobRun(
                number,
                own,
                int(raw),
                values.text("JobID", shown or raw, 64),
                values.text("Account", account.lower(), 64),
                values.text("User", user, 64),
                values.text("Partition", partition, 64),
                values.text("QOS", qos, 64),
                submit,
                start,
                end,
                values.whole("ElapsedRaw", elapsed, LONGEST_RUN_S),
                values.state(state),
                cards,
                cores,
                memory,
                values.energy(joules) if joules else None,
                stage_of(partition, qos, comment),
                name[:200],
            )

        return read

    def _step(self, raw: str, joules: str) -> tuple[int, int | None]:
        """(job id, joules) of a step's row; only the batch step's joules are of use."""
        match = _JOB_ID.match(raw)
        if match is None or match[2] is None:
            raise BadValueError(Code.JOB_ID, value=raw[:40])
        self.steps += 1
        return int(match[1]), values.energy(joules if match[2] == "batch" else "")


def _skip_line(readline: Callable[[int], bytes]) -> None:
    """Read on to the next line end."""
    while (rest := readline(LONGEST_LINE)) and not rest.endswith(b"\n"):
        pass


def _columns(first: tuple[int, str | Problem]) -> list[str]:
    number, header = first
    if number == 0:
        raise BadFileError(Code.EMPTY)
    if isinstance(header, Problem):
        raise BadFileError(header.code, line=1, **header.values)
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


def _splitter(columns: list[str]) -> Callable[[str], list[str]]:
    """A row's fields. Only a JobName in the last column may hold bars."""
    expected = len(columns)
    most = expected - 1 if columns[-1] == "JobName" else -1

    def split(line: str) -> list[str]:
        fields = line.split("|", most)
        if len(fields) != expected:
            raise BadValueError(Code.FIELDS, found=len(fields), expected=expected)
        return fields

    return split


def _with_batch_energy(run: JobRun, step: tuple[int, int | None]) -> JobRun:
    job_id, joules = step
    if joules is None or run.energy_joules is not None or run.job_id_raw != job_id:
        return run
    return run._replace(energy_joules=joules)
