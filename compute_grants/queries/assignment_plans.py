"""A plan of reviewers as pages and the API show it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Count, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from compute_grants.models import (
    AssignmentPlan,
    Call,
    Expertise,
    PlannedPair,
    Proposal,
    ResearchTopic,
    ReviewAssignment,
)
from compute_grants.policies.matching import own_side
from compute_grants.queries.matching import Situation
from consortium.models import User, in_force


@dataclass(slots=True)
class PlanRow:
    """One proposal of a plan: its pairs, their mean affinity, how many it lacks.

    A masked one is of the reader's own side: its number and nothing else.
    """

    proposal: Proposal
    masked: bool = False
    mean: float = 0.0
    pairs: list[PlannedPair] = field(default_factory=list)
    missing: int = 0
    cause: str = ""


@dataclass(frozen=True, slots=True)
class PlanView:
    """rows: by proposal, those that lack somebody first, then the worst-off. loads: (new reviews,
    how many people get so many), of all pairs. outcomes: how many pairs came to which.
    """

    rows: list[PlanRow]
    loads: list[tuple[int, int]]
    outcomes: dict[str, int]


def plan_view(plan: AssignmentPlan, user: User) -> PlanView:
    """Five queries at most."""
    pairs = plan.pairs.select_related("proposal__institution", "proposal__lead", "reviewer")
    found = list(pairs.order_by("-affinity", "pk"))
    return PlanView(
        rows=_rows(plan, found, user),
        loads=loads((pair.proposal_id, pair.reviewer_id) for pair in found),
        outcomes=Counter(pair.outcome for pair in found),
    )


def plan_rows(plan: AssignmentPlan, user: User) -> list[PlanRow]:
    """As in plan_view."""
    return plan_view(plan, user).rows


def _rows(plan: AssignmentPlan, pairs: list[PlannedPair], user: User) -> list[PlanRow]:
    rows: dict[int, PlanRow] = {}
    for pair in pairs:
        rows.setdefault(pair.proposal_id, PlanRow(pair.proposal)).pairs.append(pair)
    short = {each["proposal"]: each for each in plan.short}
    absent = [pk for pk in short if pk not in rows]
    lonely = Proposal.objects.filter(pk__in=absent).select_related("institution", "lead")
    for proposal in lonely if absent else ():
        rows[proposal.pk] = PlanRow(proposal)
    own = own_side(user, [row.proposal for row in rows.values()])
    for pk, row in rows.items():
        row.mean = sum(pair.affinity for pair in row.pairs) / max(1, len(row.pairs))
        if pk in short:
            row.missing, row.cause = short[pk]["missing"], cause_text(short[pk])
    ordered = sorted(rows.values(), key=lambda row: (-row.missing, row.mean, row.proposal.pk))
    return [
        PlanRow(row.proposal, masked=True) if row.proposal.pk in own else row for row in ordered
    ]


def cause_text(short: dict[str, Any]) -> str:
    """Why a proposal gets too few reviewers, as a sentence."""
    if short["cause"] == "fit":
        return _("Only %(count)s reviewers are free of a conflict and have time.") % {
            "count": short["fit"]
        }
    if short["cause"] == "houses":
        return _("Those who could review it are of %(count)s institutions or groups only.") % {
            "count": short["houses"]
        }
    return _("Those who could review it are full with other proposals.")


def name_topics(
    pairs: Iterable[PlannedPair], topics: Iterable[ResearchTopic] | None = None
) -> None:
    """Put `topic_names` on each pair, in the reader's language. One query unless `topics` are."""
    known = ResearchTopic.objects.all() if topics is None else topics
    names = {topic.slug: topic.name for topic in known}
    for pair in pairs:
        pair.topic_names = [  # type: ignore[attr-defined]
            names.get(slug, slug) for slug in pair.topics
        ]


def loads(pairs: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """(new reviews, how many people get so many), ascending, of (proposal, reviewer) ids."""
    each = Counter(reviewer for _proposal, reviewer in pairs)
    return sorted(Counter(each.values()).items())


def load_chart(found: list[tuple[int, int]]) -> dict[str, Any]:
    """Bars: how many people get how many new reviews."""
    return {
        "xAxis": {"type": "category", "name": _("New reviews"), "data": [n for n, _p in found]},
        "yAxis": {"type": "value", "name": _("Reviewers"), "minInterval": 1},
        "series": [{"name": _("Reviewers"), "type": "bar", "data": [p for _n, p in found]}],
    }


@dataclass(frozen=True, slots=True)
class Candidate:
    """Somebody who could review a proposal, with the affinity, the topics shared, the places."""

    person: User
    affinity: float
    places: int


def candidates(
    found: Situation, proposal: Proposal, *, besides: Collection[int] = (), most: int = 20
) -> list[Candidate]:
    """The closest people without a conflict who have a place. Nothing is asked of the database.

    besides: ids of people who are planned already.
    """
    row = found.row_of().get(proposal.pk)
    if row is None:
        return []
    problem = found.problem
    fit = [
        n
        for n, person in enumerate(found.people)
        if not problem.forbidden[row, n] and problem.most[n] > 0 and person.pk not in besides
    ]
    fit.sort(key=lambda n: (-problem.affinity[row, n], n))
    return [
        Candidate(found.people[n], float(problem.affinity[row, n]), int(problem.most[n]))
        for n in fit[:most]
    ]


# The pool


def pool(call: Call) -> QuerySet[User]:
    """Everybody with standing as a reviewer today. `load`: reviews in hand; `here`: invitations
    of this call that were not declined. One query.
    """
    states = ReviewAssignment.State
    mine = Q(assignments__proposal__call=call) & ~Q(
        assignments__state__in=[states.DECLINED, states.WITHDRAWN]
    )
    people = User.objects.filter(in_force(timezone.localdate(), "reviewer__"), is_active=True)
    return (
        people.select_related("reviewer")
        .annotate(
            load=Count("assignments", filter=Q(assignments__state__in=ReviewAssignment.WAITING)),
            here=Count("assignments", filter=mine),
        )
        .order_by("-load", "name_en", "pk")
    )


def with_expertise(people: Iterable[User]) -> list[tuple[User, Expertise | None, bool]]:
    """(person, what they stated, whether they are away today). Two queries."""
    listed = list(people)
    rows = Expertise.objects.filter(person__in=listed).prefetch_related("topics")
    found = {row.person_id: row for row in rows}
    today = timezone.localdate()
    return [
        (person, mine, bool(mine and mine.away(today)))
        for person in listed
        for mine in [found.get(person.pk)]
    ]


def plans_of(call: Call, user: User) -> QuerySet[AssignmentPlan]:
    """Newest first. One query."""
    return AssignmentPlan.objects.visible_to(user).filter(call=call).select_related("asked_by")
