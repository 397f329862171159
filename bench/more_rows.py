"""Many rows of what follows a decision, and of what a panel works with; see rows.py."""

from __future__ import annotations

from datetime import date, timedelta

from django.utils import timezone

from bench.rows import AT_ONCE, HOUR, Cast, allocations, numbers, proposals
from compute_grants.models import (
    Amendment,
    AssignmentPlan,
    AwardRun,
    DecisionItem,
    DecisionItemLine,
    DecisionSet,
    Drift,
    GrantReport,
    PanelDecision,
    PlannedPair,
    Proposal,
    Reclaim,
    ResourceRequest,
)

STARTS, ENDS = date(2030, 1, 1), date(2030, 12, 31)


def reports(people: Cast, count: int) -> None:
    """Progress reports that the PI owes, each on a grant of its own."""
    due = timezone.localdate() + timedelta(days=7)
    GrantReport.objects.bulk_create(
        (
            GrantReport(
                number=f"RB-{grant.pk}",
                allocation=grant,
                kind=GrantReport.Kind.PROGRESS,
                due_on=due,
            )
            for grant in allocations(people, count)
        ),
        batch_size=AT_ONCE,
    )


def drift(people: Cast, count: int) -> None:
    """Differences on the operator's machine, each of a grant of its own."""
    Drift.objects.bulk_create(
        (
            Drift(
                machine_id=people.resource.machine_id,
                allocation=grant,
                account=f"drift_{grant.pk}",
                aspect=Drift.Aspect.MEMBER,
                subject=f"user_{grant.pk}",
                expected="yes",
                found="no",
                repairable=True,
            )
            for grant in allocations(people, count)
        ),
        batch_size=AT_ONCE,
    )


def reclaims(people: Cast, count: int) -> None:
    """Hours of the PI's grants that go back unless they are used."""
    now = timezone.now()
    Reclaim.objects.bulk_create(
        (
            Reclaim(
                number=f"UB-{grant.pk}",
                allocation=grant,
                state=Reclaim.State.NOTICED,
                by_day=90,
                below_percent=30,
                take_percent=20,
                used_seconds=0,
                granted_seconds=grant.seconds,
                seconds=100 * HOUR,
                noticed_at=now,
                due_on=now.date() + timedelta(days=14),
                ask_until=now.date() + timedelta(days=7),
            )
            for grant in allocations(people, count)
        ),
        batch_size=AT_ONCE,
    )


def amendments(people: Cast, count: int) -> None:
    """Requests of the PI for more hours that wait to be taken up."""
    now = timezone.now()
    Amendment.objects.bulk_create(
        (
            Amendment(
                number=f"AB-{grant.pk}",
                kind=Amendment.Kind.SUPPLEMENT,
                allocation=grant,
                state=Amendment.State.SUBMITTED,
                reason="More runs.",
                seconds=100 * HOUR,
                asked_by=people.pi,
                submitted_at=now,
                due_on=now.date() + timedelta(days=14),
            )
            for grant in allocations(people, count)
        ),
        batch_size=AT_ONCE,
    )


def decision_sets(people: Cast, count: int) -> None:
    """Sets of the chair's call that wait for signatures."""
    DecisionSet.objects.bulk_create(
        (_set(people, f"DB-{people.ground.key}-{n}") for n in numbers(people, "sets", count)),
        batch_size=AT_ONCE,
    )


def _set(people: Cast, number: str) -> DecisionSet:
    return DecisionSet(
        number=number,
        call=people.call,
        state=DecisionSet.State.PROPOSED,
        made_by=people.chair,
        proposed_at=timezone.now(),
    )


def the_set(people: Cast) -> DecisionSet:
    """The set that holds every item of `decisions`."""
    number = f"DB-{people.ground.key}"
    found = DecisionSet.objects.filter(number=number).first()
    if found is None:
        found = _set(people, number)
        found.save()
    return found


def decisions(people: Cast, count: int) -> None:
    """Awards of one set that waits for signatures."""
    made, whole = proposals(people, count), the_set(people)
    items = DecisionItem.objects.bulk_create(
        (
            DecisionItem(
                set=whole,
                proposal=proposal,
                position=n,
                outcome=PanelDecision.Outcome.AWARDED,
                reason="Sound.",
                starts_on=STARTS,
                ends_on=ENDS,
            )
            for n, proposal in zip(numbers(people, "decisions", count), made, strict=True)
        ),
        batch_size=AT_ONCE,
    )
    request_of = dict(
        ResourceRequest.objects.filter(proposal__call=people.call).values_list("proposal", "pk")
    )
    DecisionItemLine.objects.bulk_create(
        (
            DecisionItemLine(item=item, request_id=request_of[item.proposal_id], seconds=HOUR)
            for item in items
        ),
        batch_size=AT_ONCE,
    )


def plans(people: Cast, count: int) -> None:
    """Plans of reviewers that were computed for the chair's call."""
    AssignmentPlan.objects.bulk_create(
        (_plan(people) for _n in range(count)),
        batch_size=AT_ONCE,
    )


def _plan(people: Cast) -> AssignmentPlan:
    return AssignmentPlan(
        call=people.call,
        state=AssignmentPlan.State.DONE,
        per_proposal=3,
        most=8,
        asked_by=people.office,
        ended_at=timezone.now(),
    )


def the_plan(people: Cast) -> AssignmentPlan:
    """The plan that holds every pair of `pairs`: the first one of the call."""
    found = AssignmentPlan.objects.filter(call=people.call).order_by("pk").first()
    if found is None:
        found = _plan(people)
        found.save()
    return found


def pairs(people: Cast, count: int) -> None:
    """Pairs of one plan, each of a proposal of its own."""
    plan = the_plan(people)
    PlannedPair.objects.bulk_create(
        (
            PlannedPair(plan=plan, proposal=proposal, reviewer=people.reviewer, affinity=0.5)
            for proposal in proposals(people, count, Proposal.State.PEER_REVIEW)
        ),
        batch_size=AT_ONCE,
    )


def award_runs(people: Cast, count: int) -> None:
    """Runs of the award optimiser for the chair's call that were stopped."""
    now = timezone.now()
    AwardRun.objects.bulk_create(
        (
            AwardRun(
                call=people.call,
                title=f"Run {n}",
                parameters={},
                inputs={},
                inputs_sha256="ab" * 32,
                state=AwardRun.State.STOPPED,
                started_by=people.chair,
                ended_at=now,
            )
            for n in numbers(people, "runs", count)
        ),
        batch_size=AT_ONCE,
    )
