"""Importing a cluster's accounting."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import BinaryIO

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from compute_grants import sacct_messages
from compute_grants.actions import overuse, usage_staging
from compute_grants.actions.usage_charging import charge_known, record_runs
from compute_grants.actions.usage_staging import Staged
from compute_grants.backends import cluster
from compute_grants.models import Allocation, Machine, UsageImport
from compute_grants.policies import allocations as policies
from compute_grants.queries import stage_rules as stages
from compute_grants.sacct import BadFileError, Problem, SacctReader
from consortium import audit
from consortium.errors import Invalid
from consortium.jobs import nudge
from consortium.models import User
from consortium.states import require_transition

State = UsageImport.State
BATCH = 20_000
SHOWN_PROBLEMS = 20
STALE = timedelta(minutes=15)


def import_sacct(
    *,
    machine: Machine,
    stream: BinaryIO,
    source: str,
    by: User | None,
    skip_bad: bool = False,
    on_problem: Callable[[Problem], None] | None = None,
) -> UsageImport:
    """Read `sacct --parsable2` output of one machine and charge every run exactly once.

    Safe to repeat, to cut off anywhere and to run twice at once: what was charged stays, and
    the next reading of the same rows goes on from there. Runs not yet ended are charged for
    the time they had; a later file posts the rest. Memory is constant, whatever the size.

    stream: bytes, header first. by=None: somebody at the server's own command line.
    on_problem: told of each bad line. Raises PermissionDenied; Invalid {"file": sentences} when
    the file cannot be trusted, or has bad lines and `skip_bad` is off. Nothing is written then.
    """
    if by is not None:
        policies.can_import_usage(by, machine).require()
    file = _Hashed(stream)
    reader = SacctReader(file, machine.cluster, stages.rules_of(machine))
    try:
        staged = usage_staging.stage(reader, on_problem)
        if staged.bad and not skip_bad:
            shown = staged.problems[:SHOWN_PROBLEMS]
            raise Invalid({"file": sacct_messages.sentences(shown, staged.bad)})
        name = source[-200:] or _("standard input")
        imported = _begin(_new(machine, name, file=file, reader=reader, staged=staged, by=by))
        try:
            _charge_all(imported, staged.runs)
        except BaseException:
            _end(imported, State.INTERRUPTED, "usage.import_interrupted")
            raise
        _end(imported, State.DONE, "usage.imported")
    except BadFileError as error:
        raise Invalid({"file": [sacct_messages.sentence(error.problem)]}) from error
    finally:
        usage_staging.clear()
    overuse.follow(Allocation.objects.filter(resource__machine=machine))
    nudge("compute_grants.look_at_alerts")
    return imported


def fetch(
    *, machine: Machine, since: datetime, until: datetime, skip_bad: bool = False
) -> UsageImport:
    """Ask the machine's cluster for a window of its accounting, and charge it.

    Nothing is charged of an answer that is not whole. Raises ClusterError; else as import_sacct.
    """
    source = f"sacct {since:%FT%TZ} {until:%FT%TZ}"
    with cluster(machine.cluster, machine.backend).fetch_jobs(since, until) as stream:
        return import_sacct(
            machine=machine, stream=stream, source=source, by=None, skip_bad=skip_bad
        )


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


class _Hashed:
    """A binary stream that is read once, line by line, and knows its size and SHA-256."""

    def __init__(self, stream: BinaryIO) -> None:
        self.stream, self.digest, self.size = stream, hashlib.sha256(), 0

    def readline(self, limit: int) -> bytes:
        line = self.stream.readline(limit)
        self.digest.update(line)
        self.size += len(line)
        return line


def _new(
    machine: Machine,
    source: str,
    *,
    file: _Hashed,
    reader: SacctReader,
    staged: Staged,
    by: User | None,
) -> UsageImport:
    return UsageImport(
        machine=machine,
        source=source,
        sha256=file.digest.hexdigest(),
        size_bytes=file.size,
        rows=reader.rows,
        steps=reader.steps,
        waiting=staged.waiting,
        skipped_rows=staged.bad,
        skipped=[asdict(problem) for problem in staged.problems],
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


def _charge_all(imported: UsageImport, runs: int) -> None:
    while charge_known(imported.machine, imported, limit=BATCH):
        pass
    for after in range(0, runs, BATCH):
        record_runs(imported, after, min(after + BATCH, runs))


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
