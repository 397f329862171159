"""Jobs of a grant that wait on its machine, and why, in the reader's words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.dateparse import parse_datetime
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

# What each of Slurm's reasons means here; the limits first, for they are the grant's own.
LIMIT = _("It asks for more time than the grant has left. Running jobs keep theirs set aside.")
REASONS: Mapping[str, str | Promise] = {
    "AssocGrpCPUMinutesLimit": LIMIT,
    "AssocGrpGRESMinutes": LIMIT,
    "QOSGrpCPUMinutesLimit": LIMIT,
    "QOSGrpGRESMinutes": LIMIT,
    "AssocGrpJobsLimit": _("As many jobs run as the grant may have at a time, or it is closed."),
    "AssocMaxJobsLimit": _("Its owner may run no more jobs on this grant."),
    "Resources": _("It waits for nodes that are free."),
    "Priority": _("Jobs of higher priority come first."),
    "Dependency": _("It waits for another job."),
    "BeginTime": _("Its start was asked for later."),
    "JobHeldUser": _("Its owner holds it."),
    "JobHeldAdmin": _("The centre holds it."),
    "PartitionDown": _("The partition is out of service."),
    "PartitionTimeLimit": _("It asks for a longer run than the partition allows."),
    "ReqNodeNotAvail": _("Nodes that it asks for are not available."),
    "Reservation": _("It waits for its reservation."),
    "None": _("The scheduler has not looked at it yet."),
}


@dataclass(frozen=True, slots=True)
class WaitingRow:
    """reason: the scheduler's word; text: the same in a sentence, empty where we have none."""

    job_id: str
    user: str
    submitted_at: datetime | None
    reason: str

    @property
    def text(self) -> str:
        word = self.reason.partition(",")[0]
        return str(REASONS.get(word, ""))


@dataclass(frozen=True, slots=True)
class Queue:
    """What waited at `read_at`, the first handed in first."""

    read_at: datetime | None
    jobs: list[WaitingRow]


def queue_of(reading: Mapping[str, Any] | None) -> Queue | None:
    """Of the JSON of a QueueReading; None where the queue was never read."""
    if reading is None:
        return None
    jobs = [
        WaitingRow(**{**job, "submitted_at": parse_datetime(job["submitted_at"])})
        for job in reading["jobs"]
    ]
    return Queue(parse_datetime(reading["read_at"]), jobs)
