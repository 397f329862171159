"""What usage adds up to, and how an import went."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import BinaryIO

from django.db.models import Count, Q, QuerySet, Sum
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from compute_grants import sacct_messages
from compute_grants.models import UsageImport, UsageRecord
from compute_grants.sacct import Code, JobRun, Problem, SacctReader
from consortium.models import User

SHOWN = 20


@dataclass(frozen=True, slots=True)
class UsageTotals:
    """energy_joules: of the runs that have a figure; None where no run has one.

    measured_joules: the part the cluster measured; the rest is estimated.
    """

    runs: int
    card_seconds: int
    core_seconds: int
    energy_joules: int | None
    measured_joules: int
    lost_card_seconds: int
    lost_core_seconds: int
    last_used_at: datetime | None = None


def usage_totals(records: QuerySet[UsageRecord]) -> UsageTotals:
    """Add up job runs, in one query. For a checkpoint: the records of the jobs it names."""
    measured = Q(energy_source=UsageRecord.EnergySource.MEASURED)
    lost = Q(job_state__in=UsageRecord.LOST)
    sums = records.order_by().aggregate(
        runs=Count("pk"),
        cards=Sum("card_seconds", default=0),
        cores=Sum("core_seconds", default=0),
        joules=Sum("energy_joules"),
        measured=Sum("energy_joules", filter=measured, default=0),
        lost_cards=Sum("card_seconds", filter=lost, default=0),
        lost_cores=Sum("core_seconds", filter=lost, default=0),
    )
    return UsageTotals(
        runs=sums["runs"],
        card_seconds=int(sums["cards"]),
        core_seconds=int(sums["cores"]),
        energy_joules=None if sums["joules"] is None else int(sums["joules"]),
        measured_joules=int(sums["measured"]),
        lost_card_seconds=int(sums["lost_cards"]),
        lost_core_seconds=int(sums["lost_cores"]),
    )


def explain(imported: UsageImport) -> list[str]:
    """Sentences on what a reader might miss: why it found nothing, what it left out."""
    lines = []
    if imported.rows == 0:
        lines.append(
            _(
                "The file has a header and no rows. Check the window (-S, -E), --allusers, and "
                "that the cluster's accounting database answered."
            )
        )
    elif imported.runs == 0 and imported.waiting == 0 and imported.skipped_rows == 0:
        lines.append(_("The file has only job steps. Export without --steps filters."))
    elif imported.runs == 0 and imported.waiting:
        lines.append(_("None of the jobs has started yet, so there is nothing to charge."))
    elif imported.runs and imported.unchanged == imported.runs:
        lines.append(_("Every run was known already; nothing changed."))
    for account, runs in sorted(imported.unknown_accounts.items()):
        text = ngettext(
            "%(runs)s run of account “%(account)s” is kept uncharged: no grant on this machine "
            "has that account.",
            "%(runs)s runs of account “%(account)s” are kept uncharged: no grant on this machine "
            "has that account.",
            runs,
        )
        lines.append(text % {"runs": runs, "account": account})
    return lines + _skipped(imported)


def _skipped(imported: UsageImport) -> list[str]:
    problems = [
        Problem(row["line"], Code(row["code"]), row["values"]) for row in imported.skipped[:SHOWN]
    ]
    return sacct_messages.sentences(problems, imported.skipped_rows)


def run_rows(user: User) -> QuerySet[UsageRecord]:
    """Charged job runs that this person may see, newest first, with what a list names of them."""
    rows = UsageRecord.objects.visible_to(user).filter(allocation__isnull=False)
    return rows.select_related("allocation__resource__machine").order_by("-used_at", "-pk")


@dataclass(frozen=True, slots=True)
class ClusterDay:
    """What a file and the portal say of one cluster on one UTC day, by when runs ended."""

    day: date
    file_card_seconds: int
    file_core_seconds: int
    card_seconds: int
    core_seconds: int

    @property
    def agrees(self) -> bool:
        return (self.file_card_seconds, self.file_core_seconds) == (
            self.card_seconds,
            self.core_seconds,
        )


def compare_with_file(cluster: str, stream: BinaryIO) -> list[ClusterDay]:
    """The portal's totals against a sacct export, per cluster and day of its ended runs.

    The file must hold whole days: a day it has in part differs, as it should.
    """
    told: dict[date, dict[tuple[int, int], JobRun]] = {}
    for run in SacctReader(stream, cluster):
        if isinstance(run, JobRun) and run.end_at is not None:
            told.setdefault(run.end_at.date(), {})[run.key] = run
    return [_cluster_day(cluster, day, told[day].values()) for day in sorted(told)]


def _cluster_day(cluster: str, day: date, runs: Collection[JobRun]) -> ClusterDay:
    begin = datetime.combine(day, time(), UTC)
    here = usage_totals(
        UsageRecord.objects.filter(
            cluster=cluster, end_at__gte=begin, end_at__lt=begin + timedelta(days=1)
        )
    )
    return ClusterDay(
        day=day,
        file_card_seconds=sum(run.card_seconds for run in runs),
        file_core_seconds=sum(run.core_seconds for run in runs),
        card_seconds=here.card_seconds,
        core_seconds=here.core_seconds,
    )
