"""Which proposals a member of a panel stays out of: one filter for every list and every decision.

It says what policies.conflicts finds, for one person and any number of proposals, so that it
can stand inside `visible_to`. A waiver is leave to review, never to decide: none counts here.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from operator import itemgetter
from typing import Any

from django.db.models import Q, QuerySet, Value
from django.db.models.functions import Lower
from django.utils import timezone

from compute_grants.models.panel_recusals import PanelRecusal
from compute_grants.models.reviews import ReviewAssignment
from compute_grants.models.team import TeamMember
from compute_grants.models.ties import ReviewPolicy, Tie
from compute_grants.months import months_before
from consortium.models import Affiliation, ArmAppointment, User
from consortium.roles import standing

# The figures of a policy that say how long something counts as a conflict.
WINDOWS = ("former_employer_months", "collaborator_months", "co_editor_months")


@dataclass(frozen=True, slots=True)
class _Known:
    """What is read of the person before any proposal is looked at, so that no filter nests it.

    here, left: where they work, and worked within the window: (institution ids, related groups).
    """

    today: date
    policy: ReviewPolicy
    here: tuple[frozenset[int], frozenset[str]]
    left: tuple[frozenset[int], frozenset[str]]

    @classmethod
    def of(cls, user: User) -> _Known:
        """Kept on the user object for the request's length, like their standing."""
        kept: _Known | None = getattr(user, "_panel_known", None)
        if kept is None:
            kept = cls._read(user, timezone.localdate())
            user._panel_known = kept  # type: ignore[attr-defined]  # noqa: SLF001
        return kept

    @classmethod
    def _read(cls, user: User, today: date) -> _Known:
        """One query, for the homes and the policy together."""
        house = ("institution", "institution__related_group", "until")
        nothing = tuple(Value(0) for _name in WINDOWS)
        there = Affiliation.objects.filter(user=user, since__lte=today)
        stated = _employments(Q()).filter(person=user)
        policies = ReviewPolicy.objects.filter(since__lte=today)
        rows = list(
            there.values_list(*house, *nothing).union(
                stated.values_list(*house, *nothing),
                policies.values_list(Value(0), Value(""), "since", *WINDOWS),
            )
        )
        newest = max((row for row in rows if not row[0]), key=itemgetter(2), default=None)
        windows = dict(zip(WINDOWS, newest[3:], strict=True)) if newest else {}
        policy = ReviewPolicy(since=today, **windows)
        since = months_before(today, policy.former_employer_months)
        homes = [row for row in rows if row[0]]
        here = [row for row in homes if row[2] is None or row[2] >= today]
        left = [row for row in homes if row[2] is not None and since <= row[2] < today]
        return cls(today, policy, _ids_and_groups(here), _ids_and_groups(left))

    def within(self, months: int) -> Q:
        """Of rows with a last day: those that last, or ended at most so many months ago."""
        return Q(until__isnull=True) | Q(until__gte=months_before(self.today, months))


def _ids_and_groups(rows: list[tuple[Any, ...]]) -> tuple[frozenset[int], frozenset[str]]:
    return frozenset(row[0] for row in rows), frozenset(row[1] for row in rows) - {""}


def interest_of(user: User) -> Q:
    """Of proposals: those with which this person has a conflict, found, stated or declared."""
    if ArmAppointment.Office.DEPLOYMENT in standing(user).offices:
        return Q(pk__isnull=False)  # on the other side of the wall from every proposal
    known = _Known.of(user)
    here, left = _in(*known.here), _in(*known.left)
    recent = known.within(known.policy.former_employer_months)
    colleagues = _people_of(here, recent, known) | _people_of(left, known.within(0), known)
    close = User.objects.annotate(mail=Lower("email")).filter(
        Q(pk=user.pk) | colleagues | _tied_to(user, known)
    )
    houses = here | left
    team = TeamMember.objects.on_the_team().annotate(mail=Lower("email"))
    # Whoever was asked by address counts with it, before the account is entered on the row.
    addresses = Q(mail__in=close.values("mail")) | Q(
        mail__in=_stated_by(user, known).values("other_email")
    )
    parts = team.filter(Q(user__in=close.values("pk")) | Q(user__isnull=True) & addresses | houses)
    return (
        Q(lead__in=close.values("pk"))
        | houses
        | Q(pk__in=parts.values("proposal"))
        | Q(pk__in=PanelRecusal.objects.filter(person=user).values("proposal"))
        | Q(pk__in=_declined_by(user).values("proposal"))
    )


def unanswered_by(user: User) -> Q:
    """Of proposals: those this person is asked to review and has not declared about."""
    asked = ReviewAssignment.objects.filter(reviewer=user, state=ReviewAssignment.State.INVITED)
    return Q(pk__in=asked.values("proposal"))


def _declined_by(user: User) -> QuerySet[ReviewAssignment]:
    """Reviews this person turned down for a conflict."""
    declined = ReviewAssignment.objects.filter(reviewer=user, state=ReviewAssignment.State.DECLINED)
    return declined.exclude(conflict="")


def _employments(until: Q) -> QuerySet[Tie]:
    return Tie.objects.standing().filter(until, kind=Tie.Kind.EMPLOYMENT)


def _in(ids: frozenset[int], groups: frozenset[str]) -> Q:
    """Of rows with an institution: those of these, or of their related groups."""
    return Q(institution__in=ids) | Q(institution__related_group__in=groups)


def _people_of(houses: Q, until: Q, known: _Known) -> Q:
    """Of people: those who worked there. A suspended member is still a home."""
    there = Affiliation.objects.filter(houses, until, since__lte=known.today)
    stated = _employments(until).filter(houses)
    return Q(pk__in=there.values("user")) | Q(pk__in=stated.values("person"))


def _counting(known: _Known) -> QuerySet[Tie]:
    """The ties between people whose window has not passed."""
    windows = {
        Tie.Kind.COLLABORATION: known.policy.collaborator_months,
        Tie.Kind.CO_EDITOR: known.policy.co_editor_months,
    }
    counts = Q(kind__in=[Tie.Kind.ADVISING, Tie.Kind.FAMILY])
    for kind, months in windows.items():
        counts |= Q(kind=kind) & known.within(months)
    return Tie.objects.standing().filter(counts)


def _stated_by(user: User, known: _Known) -> QuerySet[Tie]:
    return _counting(known).filter(person=user)


def _tied_to(user: User, known: _Known) -> Q:
    """Of people with `mail`: a tie that either of the two has stated, or that was recorded."""
    theirs = _counting(known).filter(other_email=user.email.lower())
    return Q(mail__in=_stated_by(user, known).values("other_email")) | Q(
        pk__in=theirs.values("person")
    )
