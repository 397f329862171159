"""Work that two people did together, as far as the portal records it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from itertools import combinations

from django.db.models import Max, Q
from django.db.models.functions import Coalesce, TruncDate

from compute_grants.models import OutputAuthor, Proposal, TeamMember
from consortium.models import User

Pair = tuple[int, int]  # ids of two people, the lower first


@dataclass(frozen=True, slots=True)
class Work:
    """An output by its id, or a proposal by its id, and the last day that it counts as work."""

    kind: str  # "output" or "proposal"
    pk: int
    on: date


def shared_since(since: date) -> dict[Pair, list[Work]]:
    """What pairs of people did together on `since` or later. Four queries."""
    found: dict[Pair, list[Work]] = defaultdict(list)
    for work, people in (*_outputs(since), *_proposals(since)):
        for pair in combinations(sorted(people), 2):
            found[pair].append(work)
    return dict(found)


def _outputs(since: date) -> Iterator[tuple[Work, set[int]]]:
    """People are known by the ORCID iD they state. A year is all that is recorded of an output,
    so its last day counts: rather too long than too short.
    """
    people = dict(User.objects.exclude(orcid="").values_list("orcid", "pk"))
    rows = (
        OutputAuthor.objects.exclude(orcid="")
        .filter(output__removed_at__isnull=True, output__year__gte=since.year)
        .order_by("output")
        .values_list("output", "output__year", "orcid")
    )
    authors: dict[tuple[int, int], set[int]] = defaultdict(set)
    for output, year, orcid in rows:
        if orcid in people:
            authors[output, year].add(people[orcid])
    for (output, year), known in authors.items():
        yield Work("output", output, date(year, 12, 31)), known


def _proposals(since: date) -> Iterator[tuple[Work, set[int]]]:
    """The lead and those who confirmed, from submission to the end of what was awarded."""
    handed_in = TruncDate("submitted_at")
    rows = (
        Proposal.objects.filter(submitted_at__isnull=False)
        .annotate(on=Coalesce(Max("allocations__ends_on"), handed_in))
        .filter(Q(on__gte=since))
        .values_list("pk", "lead", "on")
    )
    proposals = {pk: (lead, on) for pk, lead, on in rows}
    teams = _teams(proposals)
    for pk, (lead, on) in proposals.items():
        if pk in teams:
            yield Work("proposal", pk, on), {lead, *teams[pk]}


def _teams(proposals: Iterable[int]) -> dict[int, set[int]]:
    rows = TeamMember.objects.filter(
        proposal__in=list(proposals), state=TeamMember.State.CONFIRMED, user__isnull=False
    )
    found: dict[int, set[int]] = defaultdict(set)
    for proposal, user in rows.values_list("proposal", "user"):
        found[proposal].add(user)
    return found
