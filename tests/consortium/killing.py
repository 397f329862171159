"""Workers that are killed, as by kill -9, at the n-th line they execute.

The worker is a forked process with a database session of its own, ended by os._exit: no finally
runs, no transaction is rolled back by it, no lock is given back by it. What the kernel and the
database do about a process that is gone is all that happens.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence

from django.db import connection

from consortium.actions import desired
from consortium.models import DesiredState

CRASHED, FINISHED, BROKEN = 9, 0, 1
MOST_CLAIMS = 500


def killed_at(point: int, work: Callable[[], object], files: Sequence[str]) -> bool:
    """Run `work` in a process that dies at the `point`-th line executed in one of `files`.

    files: how the paths of the files begin whose lines count. Returns whether it got that far.
    """
    pid = os.fork()
    if pid == 0:
        try:
            _parents = connection.connection  # kept: closing it would end the parent's session
            connection.connection = None
            sys.settrace(_line_counter(point, tuple(files)))
            work()
            sys.settrace(None)
            os._exit(FINISHED)
        finally:
            os._exit(BROKEN)
    _pid, status = os.waitpid(pid, 0)
    code = os.waitstatus_to_exitcode(status)
    assert code in {CRASHED, FINISHED}, f"the worker broke at point {point}"
    return code == CRASHED


def let_lease_expire_and_settle(row: DesiredState) -> None:
    """A healthy worker, until done. It waits for nothing but what the dead one still locks."""
    for _ in range(MOST_CLAIMS):
        DesiredState.objects.filter(pk=row.pk).update(lease_until=None, next_at=row.next_at)
        desired.reconcile_due()
        row.refresh_from_db()
        if row.settled:
            return
    raise AssertionError(f"never settled: {row.error}")


def _line_counter(stop_at: int, files: tuple[str, ...]) -> Callable[..., object]:
    """A trace function that ends the process at the n-th line executed in one of `files`."""
    seen = 0

    def line(frame, event, arg):
        nonlocal seen
        if event == "line":
            seen += 1
            if seen == stop_at:
                os._exit(CRASHED)
        return line

    def call(frame, event, arg):
        return line if frame.f_code.co_filename.startswith(files) else None

    return call
