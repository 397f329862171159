"""What an assignment of reviewers is computed from: people, proposals and what is between them."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from django.utils import timezone

from compute_grants.matching.rules import Pair, Problem
from compute_grants.matching.text import Affinity, Document, TopicFinder
from compute_grants.models import (
    Call,
    Expertise,
    Proposal,
    ResearchTopic,
    ReviewAssignment,
    Tie,
)
from compute_grants.policies.conflicts import Pair as Ids
from compute_grants.policies.conflicts import Reason, conflicts_between
from compute_grants.queries.reviews import reviewers_with_load
from consortium.models import Affiliation, User, in_force

GONE = frozenset({ReviewAssignment.State.DECLINED, ReviewAssignment.State.WITHDRAWN})
TITLE_COUNTS = 3  # a title says more than a sentence of the text


@dataclass(frozen=True, slots=True)
class Wish:
    """How it shall be computed: reviewers of a proposal, reviews in hand at most, new at least."""

    per_proposal: int
    most: int
    least: int = 0


@dataclass(frozen=True, slots=True)
class Situation:
    """Proposals in peer review and reviewers who are not away: rows and columns of `problem`.

    conflicts: by (proposal id, person id). asked: who was ever invited, by proposal id.
    """

    proposals: list[Proposal]
    people: list[User]
    affinity: Affinity
    conflicts: Mapping[Ids, list[Reason]]
    asked: Mapping[int, set[int]]
    problem: Problem

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


def situation(call: Call, wish: Wish, locked: Iterable[Ids] = ()) -> Situation:
    """Everything a computation needs, as it stands now. A fixed number of queries."""
    proposals = list(
        call.proposals.filter(state=Proposal.State.PEER_REVIEW)
        .select_related("institution", "lead", "call")
        .order_by("pk")
    )
    people = reviewers_with_load()
    expertise = expertise_of(people)
    today = timezone.localdate()
    people = [p for p in people if p.pk not in expertise or not expertise[p.pk].away(today)]
    affinity = _affinity(proposals, people, expertise)
    found = _Found(
        proposals=proposals,
        people=people,
        houses=houses_of(people),
        conflicts=conflicts_between(proposals, people),
        invited=_invited(proposals),
    )
    return Situation(
        proposals=proposals,
        people=people,
        affinity=affinity,
        conflicts=found.conflicts,
        asked=found.invited.asked,
        problem=_problem(found, affinity.values, wish, expertise, list(locked)),
    )


@dataclass(frozen=True, slots=True)
class _Invited:
    """By proposal id: who is invited and has not declined, and everybody who ever was."""

    held: Mapping[int, set[int]]
    asked: Mapping[int, set[int]]


@dataclass(frozen=True, slots=True)
class _Found:
    proposals: list[Proposal]
    people: list[User]
    houses: Mapping[int, frozenset[str]]
    conflicts: Mapping[Ids, list[Reason]]
    invited: _Invited


def _problem(
    found: _Found,
    affinity: npt.NDArray[np.float64],
    wish: Wish,
    expertise: Mapping[int, Expertise],
    locked: list[Ids],
) -> Problem:
    rows = {proposal.pk: n for n, proposal in enumerate(found.proposals)}
    columns = {person.pk: n for n, person in enumerate(found.people)}
    here = {
        pk: [columns[r] for r in held if r in columns] for pk, held in found.invited.held.items()
    }
    held = [found.invited.held[proposal.pk] for proposal in found.proposals]
    return Problem(
        affinity=affinity,
        forbidden=np.array(
            [_closed(found, proposal) for proposal in found.proposals], dtype=np.bool_
        ).reshape(affinity.shape),
        wanted=np.array([max(0, wish.per_proposal - len(each)) for each in held], dtype=np.int_),
        most=np.array([places(p, expertise.get(p.pk), wish) for p in found.people], dtype=np.int_),
        least=np.full(len(found.people), wish.least),
        houses=[found.houses[person.pk] for person in found.people],
        had=np.array([len(here[p.pk]) for p in found.proposals], dtype=np.int_),
        base=np.array([affinity[rows[p.pk], here[p.pk]].sum() for p in found.proposals]),
        locked=frozenset((rows[p], columns[r]) for p, r in locked if p in rows and r in columns),
    )


def _closed(found: _Found, proposal: Proposal) -> list[bool]:
    """For each person: in conflict, asked before, or of the house of somebody invited."""
    held, asked = found.invited.held[proposal.pk], found.invited.asked[proposal.pk]
    taken = frozenset[str]().union(*(found.houses[pk] for pk in held if pk in found.houses))
    return [
        (proposal.pk, person.pk) in found.conflicts
        or person.pk in asked
        or bool(found.houses[person.pk] & taken)
        for person in found.people
    ]


def places(person: User, expertise: Expertise | None, wish: Wish) -> int:
    """New reviews that this person can take. Expects `load` from reviewers_with_load."""
    own = expertise.most_reviews if expertise else None
    most = wish.most if own is None else min(wish.most, own)
    load: int = person.load  # type: ignore[attr-defined]  # annotated
    return max(0, most - load)


def expertise_of(people: Iterable[User]) -> dict[int, Expertise]:
    """Two queries."""
    rows = Expertise.objects.filter(person__in=[person.pk for person in people])
    return {row.person_id: row for row in rows.prefetch_related("topics")}


def houses_of(people: Iterable[User]) -> dict[int, frozenset[str]]:
    """The institutions, or related groups, where each person works today. Two queries."""
    ids, today = [person.pk for person in people], timezone.localdate()
    columns = ("institution", "institution__related_group")
    jobs = Affiliation.objects.filter(in_force(today), user__in=ids).values_list("user", *columns)
    ties = Tie.objects.standing().filter(
        person__in=ids, kind=Tie.Kind.EMPLOYMENT, until__isnull=True
    )
    found: dict[int, set[str]] = defaultdict(set)
    for person, institution, group in [*jobs, *ties.values_list("person", *columns)]:
        found[person].add(f"group {group}" if group else f"institution {institution}")
    return {pk: frozenset(found[pk]) for pk in ids}


def _invited(proposals: list[Proposal]) -> _Invited:
    """One query."""
    held: dict[int, set[int]] = {proposal.pk: set() for proposal in proposals}
    asked: dict[int, set[int]] = {proposal.pk: set() for proposal in proposals}
    rows = ReviewAssignment.objects.filter(proposal__in=list(held))
    for proposal, reviewer, state in rows.values_list("proposal", "reviewer", "state"):
        asked[proposal].add(reviewer)
        if state not in GONE:
            held[proposal].add(reviewer)
    return _Invited(held, asked)


# Texts


def _affinity(
    proposals: list[Proposal], people: list[User], expertise: Mapping[int, Expertise]
) -> Affinity:
    topics = list(ResearchTopic.objects.all())
    finder = TopicFinder({topic.slug: words_of(topic) for topic in topics})
    names = {topic.slug: " ".join(words_of(topic)) for topic in topics}
    return Affinity(
        [_document_of(proposal, finder) for proposal in proposals],
        [_field_of(person, expertise.get(person.pk), finder, names) for person in people],
    )


def words_of(topic: ResearchTopic) -> list[str]:
    return [word.lower() for word in (topic.name_en, topic.name_zh, *topic.keywords)]


def _document_of(proposal: Proposal, finder: TopicFinder) -> Document:
    title = f"{proposal.title_en} {proposal.title_zh} "
    text = title * TITLE_COUNTS + f"{proposal.summary} {proposal.science_case}"
    return Document(finder.topics(text), text)


def _field_of(
    person: User,
    expertise: Expertise | None,
    finder: TopicFinder,
    names: Mapping[str, str],
) -> Document:
    """Chosen topics, else those that the labels given at their naming speak of."""
    labels = " ".join(person.reviewer.topics)
    chosen = {topic.slug for topic in expertise.topics.all()} if expertise else set[str]()
    if not chosen:
        chosen = set(finder.topics(f"{labels} {labels}"))
    statement = expertise.statement if expertise else ""
    # The names of a topic in both languages let a Chinese text meet an English one.
    text = " ".join([statement, labels, *(names[slug] for slug in sorted(chosen))])
    return Document(frozenset(chosen), text)
