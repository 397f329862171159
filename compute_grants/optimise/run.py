"""Running a search in a process of its own, which can be watched, stopped and timed out.

scipy's milp neither reports while it searches nor lets itself be stopped; a process does. It is
started by name rather than forked, because a worker's children may not fork again.
"""

from __future__ import annotations

import json
import selectors
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from compute_grants.optimise.problem import Infeasible, Phase, Problem, Progress, Solution
from compute_grants.optimise.solve import GAP, SECONDS

ROOT = Path(__file__).resolve().parents[2]
COMMAND = [sys.executable, "-m", "compute_grants.optimise.child"]
TICK = 1.0
GRACE = 15.0  # for starting and for rounding off, beyond the search's own limit


class Failed(Exception):
    """The process ended without an answer."""


@dataclass(frozen=True, slots=True)
class Report:
    """Where the search stands. elapsed: seconds since it began; best: to be had if it stopped."""

    progress: Progress
    best: Solution | None
    elapsed: float


@dataclass(frozen=True, slots=True)
class Outcome:
    """stopped: before it was done, on request or out of time; solution: the best until then."""

    solution: Solution | None
    stopped: bool = False


def run(
    problem: Problem,
    *,
    watch: Callable[[Report], bool],
    gap: float = GAP,
    seconds: float = SECONDS,
) -> Outcome:
    """Solve in a child process. `watch` hears about every second; it answers False to stop it.

    Raises Infeasible, or Failed when the process died.
    """
    given = {"problem": problem.to_data(), "gap": gap, "seconds": seconds}
    began = time.monotonic()
    with _child(json.dumps(given)) as child:
        report = Report(Progress(Phase.MERIT), None, 0.0)
        for line in _lines(child):
            elapsed = time.monotonic() - began
            if "result" in line:
                return Outcome(Solution.from_data(line["result"]))
            if "infeasible" in line:
                raise Infeasible(line["infeasible"])
            report = _report(line, report, elapsed)
            if not watch(report) or elapsed > seconds + GRACE:
                return Outcome(report.best, stopped=True)
    raise Failed(f"the search ended with {child.returncode} and no answer")


def _report(line: dict[str, Any], before: Report, elapsed: float) -> Report:
    """With what the line tells; an empty line is a tick of the clock."""
    if not line:
        return Report(before.progress, before.best, elapsed)
    progress = Progress(**{**line["progress"], "phase": Phase(line["progress"]["phase"])})
    best = Solution.from_data(line["best"]) if line["best"] else before.best
    return Report(progress, best, elapsed)


@contextmanager
def _child(given: str) -> Iterator[subprocess.Popen[bytes]]:
    child = subprocess.Popen(
        COMMAND, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0
    )
    try:
        assert child.stdin
        child.stdin.write(given.encode() + b"\n")
        child.stdin.close()
        yield child
    finally:
        child.kill()
        child.wait()
        assert child.stdout
        child.stdout.close()


def _lines(child: subprocess.Popen[bytes]) -> Iterator[dict[str, Any]]:
    """What it writes, a JSON object a line, and {} every TICK seconds in which it is silent."""
    assert child.stdout
    unread = b""
    with selectors.DefaultSelector() as selector:
        selector.register(child.stdout, selectors.EVENT_READ)
        while True:
            if not selector.select(TICK):
                yield {}
                continue
            block = child.stdout.read(1 << 16)
            if not block:
                child.wait()
                return
            *lines, unread = (unread + block).split(b"\n")
            yield from (json.loads(line) for line in lines)
