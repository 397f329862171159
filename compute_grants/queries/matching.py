"""What an assignment of reviewers is computed from: people, proposals and what is between them."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt
from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef, QuerySet
from django.utils import timezone

from compute_grants.matching.rules import Pair, Problem
from compute_grants.matching.text import Affinity, Document, TopicFinder
from compute_grants.models import (
    Call,
    Expertise,
    Proposal,
    ResearchTopic,
    ReviewAssignment,
)
from compute_grants.policies.conflicts import Pair as Ids
from compute_grants.policies.conflicts import Reason, weigh, without_waived
from compute_grants.policies.reviews import internal, suits_depth
from compute_grants.queries.reviews import reviewers_with_load
from consortium.models import User

GONE = frozenset({ReviewAssignment.State.DECLINED, ReviewAssignment.State.WITHDRAWN})
TITLE_COUNTS = 3  # a title says more than a sentence of the text


@dataclass(frozen=True, slots=True)
class Wish:
    """How it shall be computed: reviewers of a proposal without an access type, which has a number
    of its own; reviews in hand at most; new ones at least.
    """

    per_proposal: int
    most: int
    least: int = 0


@dataclass(frozen=True, slots=True)
class Situation:
    """Proposals in peer review and reviewers who are not away: rows and columns of `problem`.

    conflicts: by (proposal id, person id). asked: who was ever invited, by proposal id. own: the
    proposals in which the reader has an interest, waived or not.
    """

    proposals: list[Proposal]
    people: list[User]
    topics: list[ResearchTopic]
    affinity: Affinity
    conflicts: Mapping[Ids, list[Reason]]
    asked: Mapping[int, set[int]]
    problem: Problem
    own: frozenset[int] = frozenset()

    def row_of(self) -> dict[int, int]:
        return {proposal.pk: n for n, proposal in enumerate(self.proposals)}

    def column_of(self) -> dict[int, int]:
        return {person.pk: n for n, person in enumerate(self.people)}

    def at(self, ids: Iterable[Ids]) -> list[Pair]:
        """(proposal id, person id) as rows and columns; those that are not here any more fall."""
        rows, columns = self.row_of(), self.column_of()
        return [(rows[p], columns[r]) for p, r in ids if p in rows and r in columns]

    def facts(self) -> dict[str, object]:
        """Plain data to tell one situation from another; see AssignmentPlan.inputs."""
        problem = self.problem
        return {
            "proposals": [
                [proposal.pk, int(problem.wanted[n])] for n, proposal in enumerate(self.proposals)
            ],
            "reviewers": [
                [person.pk, int(problem.most[n])] for n, person in enumerate(self.people)
            ],
            "forbidden": int(problem.forbidden.sum()),
            "affinity_sha256": hashlib.sha256(problem.affinity.tobytes()).hexdigest(),
        }


def situation(
    call: Call, wish: Wish, locked: Iterable[Ids] = (), reader: User | None = None
) -> Situation:
    """Everything a computation needs, as it stands now. The same seven queries for any number,
    one more where some are reviewed internally.

    `reader` asks for `own`, too.
    """
    proposals = list(
        call.proposals.filter(state=Proposal.State.PEER_REVIEW)
        .select_related("institution", "lead", "call", "access_type")
        .annotate(asked_ids=_asked(), held_ids=_asked(besides=GONE))
        .order_by("pk")
    )
    today = timezone.localdate()
    people = [person for person in _reviewers() if not _away(person, today)]
    topics = list(ResearchTopic.objects.all())
    weighed = weigh(proposals, [*people, *([reader] if reader else [])])
    found = _Found(
        proposals=proposals,
        people=people,
        houses=weighed.houses,
        conflicts=without_waived(weighed.conflicts),
        office=internal(proposals, people),
    )
    affinity = _affinity(proposals, people, topics)
    return Situation(
        proposals=proposals,
        people=people,
        topics=topics,
        affinity=affinity,
        conflicts=found.conflicts,
        asked={proposal.pk: asked_of(proposal) for proposal in proposals},
        problem=_problem(found, affinity.values, wish, list(locked)),
        own=frozenset(p for p, person in weighed.conflicts if reader and person == reader.pk),
    )


def _asked(besides: Collection[str] = ()) -> ArraySubquery:
    """Ids of those invited to a proposal, without those whose invitation is in these states."""
    rows = ReviewAssignment.objects.filter(proposal=OuterRef("pk"))
    return ArraySubquery(rows.exclude(state__in=besides).values("reviewer"))


def asked_of(proposal: Proposal) -> set[int]:
    """Everybody who was ever invited. Expects `asked_ids`."""
    return set(proposal.asked_ids)  # type: ignore[attr-defined]  # annotated


def _held(proposal: Proposal) -> set[int]:
    """Who is invited and has not declined. Expects `held_ids`."""
    return set(proposal.held_ids)  # type: ignore[attr-defined]  # annotated


def _reviewers() -> QuerySet[User]:
    """Those with standing, with what they state of themselves and `topic_slugs`. One query."""
    chosen = Expertise.topics.through.objects.filter(expertise__person=OuterRef("pk"))
    return (
        reviewers_with_load()
        .select_related("reviewer", "expertise")
        .annotate(topic_slugs=ArraySubquery(chosen.values("researchtopic__slug")))
    )


def _expertise(person: User) -> Expertise | None:
    return getattr(person, "expertise", None)


def _away(person: User, today: date) -> bool:
    stated = _expertise(person)
    return stated is not None and stated.away(today)


@dataclass(frozen=True, slots=True)
class _Found:
    proposals: list[Proposal]
    people: list[User]
    houses: Mapping[int, frozenset[str]]
    conflicts: Mapping[Ids, list[Reason]]
    office: frozenset[int]


def _problem(
    found: _Found, affinity: npt.NDArray[np.float64], wish: Wish, locked: list[Ids]
) -> Problem:
    rows = {proposal.pk: n for n, proposal in enumerate(found.proposals)}
    columns = {person.pk: n for n, person in enumerate(found.people)}
    held = [_held(proposal) for proposal in found.proposals]
    here = [[columns[r] for r in each if r in columns] for each in held]
    return Problem(
        affinity=affinity,
        forbidden=np.array(
            [_closed(found, proposal) for proposal in found.proposals], dtype=np.bool_
        ).reshape(affinity.shape),
        wanted=np.array(
            [
                max(0, _reviewers_of(proposal, wish) - len(each))
                for proposal, each in zip(found.proposals, held, strict=True)
            ],
            dtype=np.int_,
        ),
        most=np.array([_places(person, wish) for person in found.people], dtype=np.int_),
        least=np.full(len(found.people), wish.least),
        houses=[found.houses[person.pk] for person in found.people],
        had=np.array([len(each) for each in here], dtype=np.int_),
        base=np.array([affinity[row, each].sum() for row, each in enumerate(here)]),
        locked=frozenset((rows[p], columns[r]) for p, r in locked if p in rows and r in columns),
    )


def _reviewers_of(proposal: Proposal, wish: Wish) -> int:
    return proposal.reviewers_needed if proposal.access_type else wish.per_proposal


def _closed(found: _Found, proposal: Proposal) -> list[bool]:
    """For each person: in conflict, asked before, of the house of somebody invited, or not of the
    office where review is internal.
    """
    held, asked = _held(proposal), asked_of(proposal)
    taken = frozenset[str]().union(*(found.houses[pk] for pk in held if pk in found.houses))
    return [
        (proposal.pk, person.pk) in found.conflicts
        or person.pk in asked
        or bool(found.houses[person.pk] & taken)
        or not suits_depth(proposal, person.pk, found.office)
        for person in found.people
    ]


def _places(person: User, wish: Wish) -> int:
    """New reviews that this person can take. Expects `load` from reviewers_with_load."""
    stated = _expertise(person)
    own = stated.most_reviews if stated else None
    most = wish.most if own is None else min(wish.most, own)
    load: int = person.load  # type: ignore[attr-defined]  # annotated
    return max(0, most - load)


# Texts


def _affinity(
    proposals: list[Proposal], people: list[User], topics: list[ResearchTopic]
) -> Affinity:
    finder = TopicFinder({topic.slug: words_of(topic) for topic in topics})
    names = {topic.slug: " ".join(words_of(topic)) for topic in topics}
    return Affinity(
        [_document_of(proposal, finder) for proposal in proposals],
        [_field_of(person, finder, names) for person in people],
    )


def words_of(topic: ResearchTopic) -> list[str]:
    return [word.lower() for word in (topic.name_en, topic.name_zh, *topic.keywords)]


def _document_of(proposal: Proposal, finder: TopicFinder) -> Document:
    title = f"{proposal.title_en} {proposal.title_zh} "
    text = title * TITLE_COUNTS + f"{proposal.summary} {proposal.science_case}"
    return Document(finder.topics(text), text)


def _field_of(person: User, finder: TopicFinder, names: Mapping[str, str]) -> Document:
    """Chosen topics, else those that the labels given at their naming speak of."""
    labels, stated = " ".join(person.reviewer.topics), _expertise(person)
    chosen: set[str] = set(person.topic_slugs)  # type: ignore[attr-defined]  # annotated
    if not chosen:
        chosen = set(finder.topics(f"{labels} {labels}"))
    statement = stated.statement if stated else ""
    # The names of a topic in both languages let a Chinese text meet an English one.
    text = " ".join([statement, labels, *(names[slug] for slug in sorted(chosen))])
    return Document(frozenset(chosen), text)
