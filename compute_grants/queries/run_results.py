"""What adopted award runs gave to proposals, wherever people decide on them afterwards."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import Exists, Max, OuterRef, QuerySet, Subquery

from compute_grants.models import AwardRun, Call, DecisionSet, PanelDecision, Proposal
from compute_grants.queries.award_reasons import kept

Outcome = PanelDecision.Outcome


@dataclass(frozen=True, slots=True)
class Given:
    """One run's result for one proposal.

    adopted: as DecisionItem.adopted; without time its outcome is empty, since a run says nothing
    about what becomes of a proposal then. binding: as DecisionItem.binding.
    """

    adopted: dict[str, Any]
    binding: list[dict[str, Any]] = field(default_factory=list)


def weighed(call: Call, proposals: Collection[Proposal]) -> bool:
    """Whether an adopted run that stands speaks of any of them. One query."""
    numbers = [proposal.number for proposal in proposals]
    return _adopted(call).filter(result__reasons__has_any_keys=numbers).exists()


def given(call: Call, proposals: Collection[Proposal]) -> dict[int, Given]:
    """By proposal id, of the newest adopted run that weighed it. Three queries, or one.

    A run counts while the set that was made of it stands. What was decided since is left out, and
    so is a waitlisted proposal without time in the run: to get time later is what the list is for.
    """
    runs = list(_adopted(call).values_list("made_at", "result")) if proposals else []
    if not runs:
        return {}
    rows = Proposal.objects.filter(pk__in=[proposal.pk for proposal in proposals])
    rows = rows.annotate(decided_at=Max("decisions__decided_at")).prefetch_related("requests")
    found: dict[int, Given] = {}
    for proposal in rows:
        newest = next((run for run in runs if proposal.number in run[1]["reasons"]), None)
        decided: datetime | None = proposal.decided_at  # type: ignore[attr-defined]  # annotated
        if newest is None or (decided and decided >= newest[0]):
            continue
        one = _given(proposal, newest[1])
        if one.adopted["seconds"] or proposal.state != Proposal.State.WAITLISTED:
            found[proposal.pk] = one
    return found


def _adopted(call: Call) -> QuerySet[Any, Any]:
    """Runs of which a set stands, with `made_at` of that set, the newest first."""
    sets = DecisionSet.objects.filter(run_pk=OuterRef("pk"))
    sets = sets.exclude(state=DecisionSet.State.DISCARDED).order_by("-pk")
    rows = AwardRun.objects.filter(Exists(sets), call=call, result__isnull=False)
    return rows.annotate(made_at=Subquery(sets.values("made_at")[:1])).order_by("-made_at")


def _given(proposal: Proposal, result: dict[str, Any]) -> Given:
    award = result["awards"].get(proposal.number, {})
    seconds = {
        str(request.pk): award[str(request.resource_id)]
        for request in proposal.requests.all()
        if award.get(str(request.resource_id))
    }
    outcome = str(Outcome.AWARDED) if seconds else ""
    binding = kept(result["reasons"][proposal.number])
    return Given({"outcome": outcome, "seconds": seconds}, binding)


def departs(adopted: dict[str, Any], now: dict[str, Any]) -> bool:
    """Whether what is decided now is not what the run gave; False where none weighed it."""
    if not adopted:
        return False
    if adopted["seconds"] != now["seconds"]:
        return True
    return bool(adopted["outcome"]) and adopted["outcome"] != now["outcome"]
