"""Importing a cluster's accounting."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import timedelta
from itertools import islice
from typing import IO, BinaryIO

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from compute_grants import sacct_messages
from compute_grants.actions import overuse
from compute_grants.actions.usage_charging import charge_known, record_runs
from compute_grants.models import Allocation, Machine, UsageImport
from compute_grants.policies import allocations as policies
from compute_grants.sacct import BadFileError, JobRun, Problem, SacctReader
from consortium import audit
from consortium.errors import Invalid
from consortium.jobs import nudge
from consortium.models import User
from consortium.states import require_transition

State = UsageImport.State
BATCH = 1000
SHOWN_PROBLEMS = 20
KEPT_PROBLEMS = 100
IN_MEMORY = 8 * 1024 * 1024
STALE = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class _Spool:
    """The whole input on disk, because it is read twice: once to check, once to charge."""

    file: IO[bytes]
    sha256: str
    size: int

    def reader(self, cluster: str) -> SacctReader:
        self.file.seek(0)
        return SacctReader(self.file, cluster)  # type: ignore[arg-type]  # spools are binary files


@dataclass(frozen=True, slots=True)
class _Checked:
    """What the first reading found: the first problems, and how many bad rows in all."""

    problems: list[Problem]
    bad: int
    rows: int
    steps: int


def import_sacct(
    *,
    machine: Machine,
    stream: BinaryIO,
    source: str,
    by: User | None,
    skip_bad: bool = False,
) -> UsageImport:
    """Read `sacct --parsable2` output of one machine and charge every run exactly once.

    Safe to repeat, to cut off anywhere and to run twice at once: what was charged stays, and
    the next reading of the same rows goes on from there. Runs not yet ended are charged for
    the time they had; a later file posts the rest.

    stream: bytes, header first. by=None: somebody at the server's own command line.
    Raises PermissionDenied; Invalid {"file": sentences} when the file cannot be trusted, or
    has bad rows and `skip_bad` is off. Nothing is written then.
    """
    if by is not None:
        policies.can_import_usage(by, machine).require()
    with _spooled(stream) as spool:
        checked = _check(spool, machine.cluster)
        if checked.bad and not skip_bad:
            shown = checked.problems[:SHOWN_PROBLEMS]
            raise Invalid({"file": sacct_messages.sentences(shown, checked.bad)})
        name = source[-200:] or _("standard input")
        imported = _begin(_new(machine, name, spool, checked, by))
        try:
            _charge_all(imported, spool.reader(machine.cluster))
        except BaseException:
            _end(imported, State.INTERRUPTED, "usage.import_interrupted")
            raise
        _end(imported, State.DONE, "usage.imported")
    overuse.follow(Allocation.objects.filter(resource__machine=machine))
    nudge("compute_grants.look_at_alerts")
    return imported


def interrupt_stale() -> int:
    """Mark imports whose process died. Their rows are safe: importing again goes on."""
    old = UsageImport.objects.filter(state=State.RUNNING, changed_at__lt=timezone.now() - STALE)
    stale = list(old)
    for imported in stale:
        _end(imported, State.INTERRUPTED, "usage.import_interrupted")
    return len(stale)


def charge_waiting() -> int:
    """Charge runs that were imported before their account had an allocation. For the sweep."""
    machines = Machine.objects.filter(usage_imports__isnull=False).distinct().order_by("pk")
    done = 0
    for machine in machines:
        while found := charge_known(machine, limit=BATCH):
            done += found
    return done


@contextmanager
def _spooled(stream: BinaryIO) -> Iterator[_Spool]:
    digest, size = hashlib.sha256(), 0
    with tempfile.SpooledTemporaryFile(max_size=IN_MEMORY) as file:
        while block := stream.read(1 << 20):
            digest.update(block)
            size += len(block)
            file.write(block)
        yield _Spool(file, digest.hexdigest(), size)


def _check(spool: _Spool, cluster: str) -> _Checked:
    """Read everything once. Raises Invalid when the file as a whole cannot be trusted."""
    reader = spool.reader(cluster)
    kept: list[Problem] = []
    bad = 0
    try:
        for found in reader:
            if isinstance(found, Problem):
                bad += 1
                if len(kept) < KEPT_PROBLEMS:
                    kept.append(found)
    except BadFileError as error:
        raise Invalid({"file": [sacct_messages.sentence(error.problem)]}) from error
    return _Checked(kept, bad, reader.rows, reader.steps)


def _new(
    machine: Machine, source: str, spool: _Spool, checked: _Checked, by: User | None
) -> UsageImport:
    return UsageImport(
        machine=machine,
        source=source,
        sha256=spool.sha256,
        size_bytes=spool.size,
        rows=checked.rows,
        steps=checked.steps,
        skipped_rows=checked.bad,
        skipped=[asdict(problem) for problem in checked.problems],
        by=by,
    )


@transaction.atomic
def _begin(imported: UsageImport) -> UsageImport:
    imported.save(force_insert=True)
    audit.record(
        "usage.import_started",
        imported,
        by=imported.by,
        sha256=imported.sha256,
        rows=imported.rows,
    )
    return imported


def _charge_all(imported: UsageImport, reader: SacctReader) -> None:
    while charge_known(imported.machine, imported, limit=BATCH):
        pass
    runs = (found for found in reader if isinstance(found, JobRun))
    while batch := list(islice(runs, BATCH)):
        started = [run for run in batch if not run.waiting]
        imported.runs += len(started)
        imported.waiting += len(batch) - len(started)
        record_runs(imported, started)


@transaction.atomic
def _end(imported: UsageImport, new: str, event: str) -> None:
    row = UsageImport.objects.select_for_update().get(pk=imported.pk)
    require_transition(UsageImport.TRANSITIONS, row.state, new)
    imported.state = new
    imported.finished_at = timezone.now()
    imported.save(update_fields=["state", "finished_at", "changed_at"])
    audit.record(
        event,
        imported,
        by=imported.by,
        runs=row.runs,
        recorded=row.recorded,
        corrected=row.corrected,
        unmatched=row.unmatched,
        card_seconds=row.card_seconds,
        core_seconds=row.core_seconds,
    )
