"""Lists narrowed to the rows behind a figure, by the terms of their address.

What a list does not know it leaves out; what names nothing finds nothing. Days are Beijing's.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from django.db.models import Exists, OuterRef, Q, QuerySet, TextChoices
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from compute_grants.models import (
    Proposal,
    Resource,
    ResourceRequest,
    Review,
    TechnicalReview,
    UsageRecord,
)
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
    "answered": _("Answered by a centre"),
    "reviewed": _("With a review"),
    "decided": _("Awarded, rejected or on the waitlist"),
    "settled": _("Awarded or rejected"),
    "undecided": _("Not decided yet"),
    "stage": _("Stage"),
    "source": _("Source of the energy"),
    "lost": _("Ended in a failure"),
    "since": _("From"),
    "until": _("Until"),
}
FLAGS = frozenset(
    {"own", "handed_in", "answered", "reviewed", "decided", "settled", "undecided", "lost"}
)


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
Rows = TypeVar("Rows", bound=QuerySet[Any])


def terms_of(given: Mapping[str, str], known: Mapping[str, Rule]) -> Narrowed:
    """Those of `given` that the list knows and that say something."""
    return Narrowed(
        tuple(
            Term(name, given[name], str(LABELS[name]), "" if name in FLAGS else _words(name, given))
            for name in known
            if given.get(name, "").strip()
        )
    )


_CHOICES: Mapping[str, type[TextChoices]] = {
    "kind": Institution.Kind,
    "tres": Resource.Tres,
    "stage": UsageRecord.Stage,
    "source": UsageRecord.EnergySource,
}


def _words(name: str, given: Mapping[str, str]) -> str:
    choices = _CHOICES.get(name)
    if choices is not None and given[name] in choices.values:
        return str(choices(given[name]).label)
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
    "answered": lambda _value, _user: Q(
        Exists(TechnicalReview.objects.filter(request__proposal=OuterRef("pk")))
    ),
    "reviewed": lambda _value, _user: Q(
        Exists(Review.objects.counted().filter(assignment__proposal=OuterRef("pk")))
    ),
    "decided": lambda _value, _user: Q(state__in=Proposal.DECIDED),
    "settled": lambda _value, _user: Q(state__in=[Proposal.State.AWARDED, Proposal.State.REJECTED]),
    "undecided": lambda _value, _user: ~Q(state__in=Proposal.DECIDED),
    "since": lambda value, _user: from_day("submitted_at", value),
    "until": lambda value, _user: until_day("submitted_at", value),
}


def proposals(rows: Rows, given: Mapping[str, str], user: User) -> tuple[Rows, Narrowed]:
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


# Grants and their job runs


def _of_a_grant(prefix: str) -> Mapping[str, Rule]:
    """Terms about a grant, named from what belongs to it through `prefix`."""
    resource, proposal = f"{prefix}resource", f"{prefix}proposal"
    return {
        "call": lambda value, _user: Q(**{f"{proposal}__call__code": value}),
        "machine": lambda value, _user: Q(**{f"{resource}__machine__code": value}),
        "tres": lambda value, _user: Q(**{f"{resource}__tres": value}),
        "centre": lambda value, _user: Q(**{f"{resource}__machine__centre__slug": value}),
        "own": lambda _value, user: _own(user, f"{resource}__machine__centre"),
        "institution": lambda value, _user: Q(**{f"{proposal}__institution__slug": value}),
        "kind": lambda value, _user: Q(**{f"{proposal}__institution__kind": value}),
    }


_ALLOCATIONS: Mapping[str, Rule] = {
    **_of_a_grant(""),
    "since": lambda value, _user: from_day("awarded_at", value),
    "until": lambda value, _user: until_day("awarded_at", value),
}
_RUNS: Mapping[str, Rule] = {
    **_of_a_grant("allocation__"),
    "stage": lambda value, _user: Q(stage=value),
    "precision": lambda value, _user: _asked_at(value),
    "source": lambda value, _user: Q(energy_source=value),
    "lost": lambda _value, _user: Q(job_state__in=UsageRecord.LOST),
    "since": lambda value, _user: from_day("used_at", value),
    "until": lambda value, _user: until_day("used_at", value),
}


def allocations(rows: Rows, given: Mapping[str, str], user: User) -> tuple[Rows, Narrowed]:
    """Grants to which all terms apply. No query of its own."""
    narrowed = terms_of(given, _ALLOCATIONS)
    for term in narrowed.terms:
        rows = rows.filter(_ALLOCATIONS[term.name](term.value, user))
    return rows, narrowed


def runs(rows: Rows, given: Mapping[str, str], user: User) -> tuple[Rows, Narrowed]:
    """Job runs to which all terms apply. No query of its own."""
    narrowed = terms_of(given, _RUNS)
    for term in narrowed.terms:
        rows = rows.filter(_RUNS[term.name](term.value, user))
    return rows, narrowed


def _asked_at(precision: str) -> Q:
    """Runs of grants whose time was asked at that precision; "none" for those without a request."""
    asked = ResourceRequest.objects.filter(
        proposal=OuterRef("allocation__proposal"), resource=OuterRef("allocation__resource")
    )
    if precision == "none":
        return ~Q(Exists(asked))
    return Q(Exists(asked.filter(precision=precision)))


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
