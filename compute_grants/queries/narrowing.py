"""Lists narrowed to the rows behind a figure, by the terms of their address.

What a list does not know it leaves out; what names nothing finds nothing. Days are Beijing's.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from compute_grants.models import Proposal, ResourceRequest
from consortium.models import Affiliation, Institution, User
from consortium.roles import standing

BEIJING = ZoneInfo("Asia/Shanghai")

LABELS: Mapping[str, str | Promise] = {
    "call": _("Call"),
    "machine": _("Machine"),
    "tres": _("Resource"),
    "centre": _("Centre"),
    "own": _("Machines of my centre"),
    "institution": _("Institution"),
    "kind": _("Kind of institution"),
    "access": _("Access type"),
    "precision": _("Precision"),
    "verdict": _("Verdict of the centre"),
    "handed_in": _("Submitted and not withdrawn"),
    "since": _("From"),
    "until": _("Until"),
}
FLAGS = frozenset({"own", "handed_in"})


@dataclass(frozen=True, slots=True)
class Term:
    """One term in force. text: its value for people; "" for a term that is only there or not."""

    name: str
    value: str
    label: str
    text: str


@dataclass(frozen=True, slots=True)
class Narrowed:
    """The terms in force, to be shown above the list and kept by its other filters."""

    terms: tuple[Term, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.terms)


Rule = Callable[[str, User], Q]


def terms_of(given: Mapping[str, str], known: Mapping[str, Rule]) -> Narrowed:
    """Those of `given` that the list knows and that say something."""
    return Narrowed(
        tuple(
            Term(name, given[name], str(LABELS[name]), "" if name in FLAGS else _words(name, given))
            for name in known
            if given.get(name, "").strip()
        )
    )


def _words(name: str, given: Mapping[str, str]) -> str:
    if name == "kind" and given[name] in Institution.Kind.values:
        return str(Institution.Kind(given[name]).label)
    return given[name]


# Proposals

# Terms about one request of the proposal: all of them must hold of the same one.
_OF_A_REQUEST: Mapping[str, Rule] = {
    "machine": lambda value, _user: Q(resource__machine__code=value),
    "tres": lambda value, _user: Q(resource__tres=value),
    "centre": lambda value, _user: Q(resource__machine__centre__slug=value),
    "own": lambda _value, user: _own(user, "resource__machine__centre"),
    "precision": lambda value, _user: Q(precision=value),
    "verdict": lambda value, _user: _verdict(value),
}
_OF_A_PROPOSAL: Mapping[str, Rule] = {
    "call": lambda value, _user: Q(call__code=value),
    "institution": lambda value, _user: Q(institution__slug=value),
    "kind": lambda value, _user: Q(institution__kind=value),
    "access": lambda value, _user: (
        Q(access_type__isnull=True) if value == "none" else Q(access_type__code=value)
    ),
    "handed_in": lambda _value, _user: (
        Q(submitted_at__isnull=False) & ~Q(state=Proposal.State.WITHDRAWN)
    ),
    "since": lambda value, _user: from_day("submitted_at", value),
    "until": lambda value, _user: until_day("submitted_at", value),
}


def proposals(
    rows: QuerySet[Proposal], given: Mapping[str, str], user: User
) -> tuple[QuerySet[Proposal], Narrowed]:
    """Proposals to which all terms apply. No query of its own."""
    narrowed = terms_of(given, {**_OF_A_PROPOSAL, **_OF_A_REQUEST})
    of_request = Q()
    for term in narrowed.terms:
        if term.name in _OF_A_REQUEST:
            of_request &= _OF_A_REQUEST[term.name](term.value, user)
        else:
            rows = rows.filter(_OF_A_PROPOSAL[term.name](term.value, user))
    if of_request:
        asks = ResourceRequest.objects.filter(of_request, proposal=OuterRef("pk"))
        rows = rows.filter(Exists(asks))
    return rows, narrowed


def _own(user: User, name: str) -> Q:
    centres = standing(user).institutions_as(Affiliation.Role.OPERATOR)
    return Q(**{f"{name}__in": centres})


def _verdict(value: str) -> Q:
    if value == "none":
        return Q(technical_review__isnull=True)
    if value == "feasible":
        return Q(technical_review__verdict__in=["feasible", "partly"])
    return Q(technical_review__verdict=value)


def from_day(name: str, value: str) -> Q:
    """From the beginning of that day in Beijing on; nothing where it is no day."""
    day = _day(value)
    return Q(**{f"{name}__gte": _midnight(day)}) if day else Q(pk__in=[])


def until_day(name: str, value: str) -> Q:
    """Until the end of that day in Beijing; nothing where it is no day."""
    day = _day(value)
    return Q(**{f"{name}__lt": _midnight(day + timedelta(days=1))}) if day else Q(pk__in=[])


def _day(value: str) -> date | None:
    try:
        return date.fromisoformat(value)
    except ValueError:
        return None


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), BEIJING)
