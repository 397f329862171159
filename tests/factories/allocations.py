"""Allocations as the panel's award leaves them, active ones, and sacct files to charge them."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from io import BytesIO

from django.db import transaction
from django.utils import timezone

from compute_grants.actions import allocations
from compute_grants.models import Allocation, ProgrammePolicy, Proposal
from consortium.models import User
from tests.factories.compute_grants import HOUR, call_with, panellist, proposal_for
from tests.factories.consortium import operator, research_officer

HEADER = (
    "Cluster|JobIDRaw|JobID|Account|User|Partition|Submit|Start|End|ElapsedRaw|State|AllocTRES"
    "|ConsumedEnergyRaw|Comment|JobName"
)
SUBMIT = datetime(2026, 11, 20, 1, 0, tzinfo=UTC)


def awarded(
    *,
    hours: int = 1000,
    resource=None,
    starts_on: date = date(2026, 10, 1),
    ends_on: date = date(2027, 9, 30),
    proposal: Proposal | None = None,
    **fields,
) -> Allocation:
    """An award whose cluster has not been told yet, out of a call's funded budget."""
    if proposal is None:
        call = call_with(*([resource] if resource else []), state="in_review")
        proposal = proposal_for(call, state="awarded", **fields)
    resource = resource or proposal.requests.get().resource
    with transaction.atomic():
        return allocations.create(
            proposal=proposal,
            resource=resource,
            seconds=hours * HOUR,
            starts_on=starts_on,
            ends_on=ends_on,
            by=panellist(),
        )


def active(**fields) -> Allocation:
    """An award that the machine knows of, as the desired-state loop leaves it."""
    allocation = awarded(**fields)
    with transaction.atomic():
        allocations.record_applied(allocation.number, allocation.account_name)
    allocation.refresh_from_db()
    return allocation


def suspended(**fields) -> Allocation:
    allocation = active(**fields)
    return allocations.suspend(allocation, reason="Audit.", by=operator_for(allocation))


def closed(**fields) -> Allocation:
    return allocations.close(active(**fields), reason="Done.", by=None)


def operator_for(allocation: Allocation) -> User:
    return operator(allocation.resource.machine.centre)


def row(  # noqa: PLR0917
    allocation: Allocation,
    job: int = 100,
    elapsed: int = 3600,
    cards: int = 8,
    submit: datetime = SUBMIT,
    state: str = "COMPLETED",
    **fields: str,
) -> str:
    """One job line of a sacct file, under HEADER, that started a minute after its submission."""
    start = submit + timedelta(minutes=1)
    ended = state not in {"RUNNING", "PENDING", "SUSPENDED"}
    gpus = f",gres/gpu={cards},gres/gpu:h100={cards}" if cards else ""
    values = {
        "Cluster": allocation.resource.machine.cluster,
        "JobIDRaw": str(job),
        "JobID": str(job),
        "Account": allocation.account_name,
        "User": allocation.members.all()[0].cluster_user,
        "Partition": "gpu",
        "Submit": stamp(submit),
        "Start": stamp(start),
        "End": stamp(start + timedelta(seconds=elapsed)) if ended else "Unknown",
        "ElapsedRaw": str(elapsed),
        "State": state,
        "AllocTRES": f"billing=1,cpu={max(cards, 1) * 16},mem=1000M,node=1{gpus}",
        "ConsumedEnergyRaw": "",
        "Comment": "",
        "JobName": "train",
    } | fields
    return "|".join(values[name] for name in HEADER.split("|"))


def stamp(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%S}"


def sacct(rows: Iterable[str], header: str = HEADER) -> BytesIO:
    return BytesIO("".join(f"{line}\n" for line in [header, *rows]).encode())


def halved(**fields) -> Allocation:
    """An active grant whose second half waits for a report. The rule holds for it alone."""
    half = {"percent": 50, "after_days": 180}
    parts = [half | {"condition": "award"}, half | {"condition": "report"}]
    _release_rule({"parts": parts})
    made = active(**fields)
    _release_rule({})
    return made


def _release_rule(body: dict) -> None:
    ProgrammePolicy.objects.create(
        kind="release_schedule",
        since=timezone.localdate(),
        body=body,
        by=research_officer(),
    )
