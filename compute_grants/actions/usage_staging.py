"""Job runs on their way into the database: checked, and copied into a table of this session.

The rows of a whole file are staged before one of them is charged, so that a file with a bad
row can be refused whole; only a block of rows is ever in memory.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import islice

from django.db import connection, transaction

from compute_grants.sacct import JobRun, Problem, SacctReader

KEPT_PROBLEMS = 100
AT_ONCE = 50_000  # rows of one COPY, which must end within the role's statement_timeout
BLOCK = 1_000  # rows of one write

_TABLE = """
CREATE TEMPORARY TABLE IF NOT EXISTS usage_staged (
    seq bigint, job_id_raw bigint, submit bigint, start bigint, "end" bigint, elapsed integer,
    cards integer, cores integer, memory_bytes bigint, energy bigint, job_id text, account text,
    cluster_user text, partition text, qos text, job_state text, stage text, job_name text
)
"""
_COPY = "COPY usage_staged FROM STDIN"
_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})
_TEXTS = 8


@dataclass(slots=True)
class Staged:
    """What a file held. problems: the first of the `bad` lines; waiting: jobs not started."""

    runs: int = 0
    waiting: int = 0
    bad: int = 0
    problems: list[Problem] = field(default_factory=list)


def stage(reader: SacctReader, on_problem: Callable[[Problem], None] | None = None) -> Staged:
    """Read everything into the session's table, emptied before. Raises BadFileError.

    on_problem is told of each bad line as it is met; `problems` keeps the first hundred.
    """
    staged = Staged()
    clear()
    lines = _lines(reader, staged, on_problem)
    first = next(lines, None)  # a header that is none is refused before a COPY begins
    while first is not None:
        with transaction.atomic(), connection.cursor() as cursor, cursor.copy(_COPY) as copy:
            copy.write(first)
            for _ in range(AT_ONCE // BLOCK - 1):
                block = "".join(islice(lines, BLOCK))
                if not block:
                    break
                copy.write(block)
        first = next(lines, None)
    return staged


def clear() -> None:
    """An empty table, for the next file of this session."""
    with connection.cursor() as cursor:
        cursor.execute(_TABLE)
        cursor.execute("TRUNCATE usage_staged")


def _lines(
    reader: SacctReader, staged: Staged, on_problem: Callable[[Problem], None] | None
) -> Iterator[str]:
    for found in reader:
        if isinstance(found, Problem):
            staged.bad += 1
            if len(staged.problems) < KEPT_PROBLEMS:
                staged.problems.append(found)
            if on_problem is not None:
                on_problem(found)
        elif found.waiting:
            staged.waiting += 1
        else:
            staged.runs += 1
            yield _line(staged.runs, found)


def _line(seq: int, run: JobRun) -> str:
    """The run as a line of COPY's text format."""
    _, _, job_id_raw, job_id, account, user, partition, qos, submit, start, end = run[:11]
    elapsed, state, cards, cores, memory, energy, stage, name = run[11:]
    texts = f"{job_id}\t{account}\t{user}\t{partition}\t{qos}\t{state}\t{stage}\t{name}"
    if "\\" in texts or texts.count("\t") != _TEXTS - 1:
        each = (job_id, account, user, partition, qos, state, stage, name)
        texts = "\t".join(text.translate(_ESCAPES) for text in each)
    return (
        f"{seq}\t{job_id_raw}\t{submit}\t{_number(start)}\t{_number(end)}\t{elapsed}\t{cards}\t"
        f"{cores}\t{memory}\t{_number(energy)}\t{texts}\n"
    )


def _number(value: int | None) -> int | str:
    return "\\N" if value is None else value
