"""Conflicts of interest: what the portal knows of the ties between people and proposals.

Weighed are the lead, the team, and their institutions with their related groups, in both
directions: a conflict with one part of a proposal covers the whole.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from compute_grants.models import Proposal, ReviewPolicy, TeamMember, Tie, Waiver, load_people
from compute_grants.months import months_before
from compute_grants.policies.conflict_facts import (
    WALL,
    Fact,
    Homes,
    House,
    facts_of,
    homes_of,
    house_of,
)
from consortium.models import User

Pair = tuple[int, int]  # (proposal id, person id)


class Code(StrEnum):
    """What kind of conflict it is."""

    LEAD = "lead"
    TEAM = "team"
    WALL = "wall"
    INSTITUTION = "institution"
    FORMER_EMPLOYER = "former_employer"
    FORMER_COLLEAGUE = "former_colleague"
    COLLABORATION = "collaboration"
    CO_EDITOR = "co_editor"
    ADVISING = "advising"
    FAMILY = "family"


# One's own proposal, one's own team and the other side of the wall are beyond any waiver.
NEVER_WAIVED = frozenset({Code.LEAD, Code.TEAM, Code.WALL})


WORDS = {
    Code.LEAD: _("leads this proposal"),
    Code.TEAM: _("is on this proposal's team"),
    Code.WALL: _("works in the deployment office"),
    Code.INSTITUTION: _("belongs to the proposal's institution or its related group"),
    Code.FORMER_EMPLOYER: _(
        "left the proposal's institution or its related group less than %(months)s months ago"
    ),
    Code.FORMER_COLLEAGUE: _(
        "belongs to an institution that %(name)s of the proposal left less than %(months)s "
        "months ago"
    ),
    Code.COLLABORATION: _("published or worked with %(name)s in the last %(months)s months"),
    Code.CO_EDITOR: _("edited with %(name)s in the last %(months)s months"),
    Code.ADVISING: _("is or was the adviser or student of %(name)s"),
    Code.FAMILY: _("is family or a close relation of %(name)s"),
}


@dataclass(frozen=True, slots=True)
class Reason:
    """One conflict of one person with one proposal.

    subject: the id of the tie or of the institution it follows from, 0 for the person itself;
    name: the person of the proposal's side, where it is about one; months: the window it
    falls into, 0 for none; evidence: the numbers of outputs and proposals it was found in.
    """

    code: Code
    subject: int = 0
    name: str = ""
    months: int = 0
    evidence: str = ""

    @property
    def key(self) -> str:
        """Names this conflict in a waiver."""
        return f"{self.code}:{self.subject}"

    @property
    def waivable(self) -> bool:
        return self.code not in NEVER_WAIVED

    @property
    def text(self) -> str:
        """What the person is or did, as the end of a sentence, in the reader's language."""
        words = str(WORDS[self.code]) % {"name": self.name, "months": self.months}
        if not self.evidence:
            return words
        return gettext("%(conflict)s (found in %(evidence)s)") % {
            "conflict": words,
            "evidence": self.evidence,
        }


@dataclass(frozen=True, slots=True)
class Weighed:
    """What is between some proposals and some people, read once.

    conflicts: by (proposal id, person id), the waived ones among them; pairs without are absent.
    houses: the institutions, or related groups, where each person works today.
    """

    conflicts: Mapping[Pair, list[Reason]]
    houses: Mapping[int, frozenset[House]]


def weigh(
    proposals: Iterable[Proposal], people: Iterable[User], *, today: date | None = None
) -> Weighed:
    """Three queries, whatever there is; 600 x 250 takes well under a second.

    Expects each proposal's institution and lead loaded.
    """
    today = today or timezone.localdate()
    sides = _sides_of(list(proposals))
    readers = {person.email.lower(): person.pk for person in people}
    ids = frozenset(readers.values())
    policy = ReviewPolicy.objects.on(today)
    facts = facts_of(ids.union(*(side.team for side in sides)), policy, today)
    homes = homes_of(facts, today)
    found: dict[Pair, list[Reason]] = defaultdict(list)
    _add_own(found, sides, ids)
    _add_wall(found, sides, ids, facts)
    _add_institutions(found, sides, ids, homes, policy.former_employer_months)
    _add_ties(found, sides, readers, _counting(facts, policy, today))
    houses = {pk: frozenset(homes[pk].now) if pk in homes else frozenset() for pk in ids}
    return Weighed(dict(found), houses)


def conflicts_between(
    proposals: Iterable[Proposal],
    people: Iterable[User],
    *,
    waived: bool = False,
    today: date | None = None,
) -> Mapping[Pair, list[Reason]]:
    """Every conflict between these proposals and people, by (proposal id, person id).

    Pairs without a conflict are absent. What a waiver in force covers is left out, unless
    `waived` asks for it. Four queries at most.
    """
    found = weigh(proposals, people, today=today).conflicts
    return found if waived else without_waived(found, today=today)


@dataclass(frozen=True, slots=True)
class _Side:
    """Whom a proposal consists of: `team` with the lead among them, by id and name.

    mails: their ids by address, in lower case.
    """

    proposal: int
    lead: int
    institution: int
    group: str
    team: Mapping[int, str] = field(default_factory=dict)
    mails: Mapping[str, int] = field(default_factory=dict)


def _sides_of(proposals: list[Proposal]) -> list[_Side]:
    """Expects each proposal's institution and lead loaded. One query for all teams."""
    load_people(proposals)
    return [
        _Side(
            proposal=proposal.pk,
            lead=proposal.lead_id,
            institution=proposal.institution_id,
            group=proposal.institution.related_group,
            team=_names(proposal.people) | {proposal.lead_id: proposal.lead.name},
            mails={m.address.lower(): m.person for m in proposal.people if m.person}
            | {proposal.lead.email.lower(): proposal.lead_id},
        )
        for proposal in proposals
    ]


def team_names(ids: list[int]) -> dict[int, dict[int, str]]:
    """People asked onto each proposal's team or on it, beside its lead.

    {proposal id: {person id: name}}. One query.
    """
    found: dict[int, list[TeamMember]] = defaultdict(list)
    for member in TeamMember.objects.filter(proposal__in=ids).people():
        found[member.proposal_id].append(member)
    return {proposal: _names(team) for proposal, team in found.items()}


def _names(team: Iterable[TeamMember]) -> dict[int, str]:
    return {member.person: member.shown_name for member in team if member.person}


def _parties(sides: Iterable[_Side]) -> dict[int, list[_Side]]:
    """The proposals that each person is a part of."""
    found: dict[int, list[_Side]] = defaultdict(list)
    for side in sides:
        for person in side.team:
            found[person].append(side)
    return found


def _add_own(found: dict[Pair, list[Reason]], sides: Iterable[_Side], ids: frozenset[int]) -> None:
    for side in sides:
        for person in ids & side.team.keys():
            code = Code.LEAD if person == side.lead else Code.TEAM
            found[side.proposal, person].append(Reason(code))


def _add_wall(
    found: dict[Pair, list[Reason]],
    sides: Iterable[_Side],
    ids: frozenset[int],
    facts: Iterable[Fact],
) -> None:
    """The deployment office is on the other side of the wall from every proposal."""
    for person in ids & {fact.person for fact in facts if fact.kind == WALL}:
        for side in sides:
            found[side.proposal, person].append(Reason(Code.WALL))


# Institutions


@dataclass(slots=True)
class _Doors:
    """Which proposals a house leads to, and through whom of the team it left."""

    now: dict[House, set[int]] = field(default_factory=lambda: defaultdict(set))
    past: dict[House, dict[int, str]] = field(default_factory=lambda: defaultdict(dict))


def _doors(sides: Iterable[_Side], homes: Mapping[int, Homes]) -> _Doors:
    doors = _Doors()
    for side in sides:
        doors.now[house_of(side.institution, side.group)].add(side.proposal)
        for person, name in side.team.items():
            if person not in homes:
                continue
            for house in homes[person].now:
                doors.now[house].add(side.proposal)
            for house in homes[person].past:
                doors.past[house][side.proposal] = name
    return doors


def _add_institutions(
    found: dict[Pair, list[Reason]],
    sides: list[_Side],
    ids: frozenset[int],
    homes: Mapping[int, Homes],
    months: int,
) -> None:
    doors = _doors(sides, homes)
    for person in ids & homes.keys():
        for house, pk in homes[person].now.items():
            for proposal in doors.now.get(house, ()):
                found[proposal, person].append(Reason(Code.INSTITUTION, pk))
            for proposal, name in doors.past.get(house, {}).items():
                if proposal not in doors.now.get(house, ()):
                    reason = Reason(Code.FORMER_COLLEAGUE, pk, name, months)
                    found[proposal, person].append(reason)
        for house, pk in homes[person].past.items():
            for proposal in doors.now.get(house, ()):
                reason = Reason(Code.FORMER_EMPLOYER, pk, months=months)
                found[proposal, person].append(reason)


# Ties between people


def _windows(policy: ReviewPolicy) -> dict[str, tuple[Code, int]]:
    """Each kind of tie between people, with how many months it counts after its end; 0: ever."""
    return {
        Tie.Kind.COLLABORATION: (Code.COLLABORATION, policy.collaborator_months),
        Tie.Kind.CO_EDITOR: (Code.CO_EDITOR, policy.co_editor_months),
        Tie.Kind.ADVISING: (Code.ADVISING, 0),
        Tie.Kind.FAMILY: (Code.FAMILY, 0),
    }


Counting = tuple[Fact, Code, int]  # (a tie, the conflict it makes, months that it counts)


def _counting(facts: Iterable[Fact], policy: ReviewPolicy, today: date) -> Iterator[Counting]:
    """The ties between people whose window has not passed."""
    windows = _windows(policy)
    for fact in facts:
        if fact.kind not in windows:
            continue
        code, months = windows[fact.kind]
        if not (months and fact.until and fact.until < months_before(today, months)):
            yield fact, code, months


def _add_ties(
    found: dict[Pair, list[Reason]],
    sides: Iterable[_Side],
    readers: Mapping[str, int],
    ties: Iterable[Counting],
) -> None:
    """Ties that either of the two has stated, or that were recorded for either."""
    parties, ids = _parties(sides), frozenset(readers.values())
    person_of = {mail: pk for side in sides for mail, pk in side.mails.items()} | dict(readers)
    for fact, code, months in ties:
        other = person_of.get(fact.email)
        if other is None:
            continue
        for mine, theirs in ((fact.person, other), (other, fact.person)):
            if mine in ids:
                for side in parties.get(theirs, ()):
                    reason = Reason(code, fact.tie, side.team[theirs], months, fact.evidence)
                    found[side.proposal, mine].append(reason)


# Waivers


def without_waived(
    found: Mapping[Pair, list[Reason]], *, today: date | None = None
) -> dict[Pair, list[Reason]]:
    """Without what a waiver in force covers. One query, none where there is no conflict."""
    rows = Waiver.objects.in_force(today or timezone.localdate()).filter(
        proposal__in={proposal for proposal, _person in found},
        reviewer__in={person for _proposal, person in found},
    )
    waived = set(rows.values_list("proposal", "reviewer", "ground"))
    left = {
        pair: [r for r in reasons if not (r.waivable and (*pair, r.key) in waived)]
        for pair, reasons in found.items()
    }
    return {pair: reasons for pair, reasons in left.items() if reasons}


# For one proposal


def detected_conflicts(proposal: Proposal, people: Iterable[User]) -> dict[int, str]:
    """Why each of these people must not review this proposal; the absent ones may."""
    found = conflicts_between([proposal], people)
    return {person: reasons[0].text for (_proposal, person), reasons in found.items()}


def own_interest(proposal: Proposal, user: User) -> bool:
    """Whether the person leads the proposal or is on its team: the office then stays out."""
    return user.pk == proposal.lead_id or user.pk in _names(proposal.people)
