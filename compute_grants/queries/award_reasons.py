"""The limits that bound an award: as plain data that is kept with a decision, and in words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from django.utils.formats import number_format
from django.utils.translation import gettext as _

from compute_grants.models import Resource
from compute_grants.optimise.explain import Bound

# Reasons that tell how much of a machine is left, from which others' awards could be worked out.
_TELLING = frozenset({Bound.CAPACITY, Bound.MIN_SHARE})
# Reasons that tell figures of others.
_COMPARING = frozenset({Bound.LOWER_MERIT, Bound.SIZE})

Data = Mapping[str, Any]  # one reason: explain.Reason.to_data, or what `kept` makes of it


class Telling(StrEnum):
    """How much a reader is told of the figures."""

    ALL = "all"
    PLAIN = "plain"  # nothing from which a hidden proposal's award could be worked out
    OWN = "own"  # those of the proposal itself: for its lead


def kept(reasons: Iterable[Data]) -> list[dict[str, Any]]:
    """The reasons as a decision keeps them, each once: whole credits, merits to two places."""
    found = []
    for reason in reasons:
        figures = {name: round(reason[name]) for name in ("least", "left")}
        figures |= {name: round(float(reason[name]), 2) for name in ("merit", "other")}
        row = {"bound": str(reason["bound"]), "machine": reason["machine"], **figures}
        if row not in found:
            found.append(row)
    return found


def told(reason: Data, telling: Telling) -> dict[str, Any]:
    """The reason without the figures that the reader is not told; they are 0."""
    bound, row = Bound(reason["bound"]), dict(reason)
    if telling is Telling.ALL:
        return row
    if bound in _TELLING:
        row |= {"left": 0} if telling is Telling.OWN else {"left": 0, "least": 0}
    if bound in _COMPARING:
        row |= {"other": 0} if telling is Telling.OWN else {"other": 0, "merit": 0}
    return row


@dataclass(frozen=True, slots=True)
class Limit:
    """One reason for one reader: `data` without what it is not told, and its sentence."""

    data: Data
    resource: Resource | None
    telling: Telling

    @property
    def text(self) -> str:
        label = self.resource.label if self.resource else ""
        return sentence(self.data, label, telling=self.telling)

    @property
    def bound(self) -> str:
        return str(self.data["bound"])


def limits(
    reasons: Iterable[Data], resources: Mapping[str, Resource], telling: Telling
) -> list[Limit]:
    """What `kept` made, in the reader's language. resources: by id, as text, with machines."""
    return [
        Limit(told(reason, telling), resources.get(reason["machine"]), telling)
        for reason in reasons
    ]


def resources_of(reasons: Iterable[Data]) -> dict[str, Resource]:
    """The resources that these reasons name, by id as text. One query, or none."""
    keys = {reason["machine"] for reason in reasons if reason["machine"]}
    if not keys:
        return {}
    rows = Resource.objects.filter(pk__in=keys).select_related("machine")
    return {str(row.pk): row for row in rows}


def sentence(reason: Data, label: str, *, telling: Telling) -> str:
    """One reason in words. label: of the machine, empty where it is about none."""
    bound = Bound(reason["bound"])
    values = {
        "machine": label or _("the machines it asks for"),
        "least": _number(reason["least"], 0),
        "left": _number(reason["left"], 0),
        "merit": _number(reason["merit"], 2),
        "other": _number(reason["other"], 2),
    }
    if bound in _TELLING and (telling is Telling.PLAIN or not reason["least"]):
        return _("The time on %(machine)s is given away.") % values
    if bound in _COMPARING and telling is Telling.PLAIN:
        return _("Others bring more merit for the time.")
    if telling is Telling.OWN and bound in _TELLING | _COMPARING:
        return _own(bound) % values
    return _text(bound, bool(label)) % values


def _own(bound: Bound) -> str:
    """For the lead: with the figures of the proposal and of nobody else."""
    texts = {
        Bound.CAPACITY: _(
            "The time on %(machine)s is given away: it needs at least %(least)s credits, and fewer "
            "are left."
        ),
        Bound.MIN_SHARE: _(
            "What is left is less than its least share: it needs %(least)s credits."
        ),
        Bound.LOWER_MERIT: _(
            "Its score %(merit)s is lower than that of every proposal that got time there."
        ),
        Bound.SIZE: _(
            "It asks for much: it brings %(merit)s of merit for a thousand credits, those that got "
            "time there more on average."
        ),
    }
    return texts[bound]


def _text(bound: Bound, named: bool) -> str:
    texts = {
        Bound.FIXED: _("It was decided before."),
        Bound.TECHNICAL: _("The centre found no more feasible on %(machine)s.")
        if named
        else _("No centre found it feasible."),
        Bound.THRESHOLD: _("Its score %(merit)s is below the least that is awarded, %(other)s."),
        Bound.MACHINES: _("It gets time on as many machines as one proposal may have."),
        Bound.TOO_LARGE: _(
            "It needs at least %(least)s credits, and %(machine)s has too little for it even when "
            "nobody else gets any: %(left)s could be had."
        ),
        Bound.CAPACITY: _(
            "The time on %(machine)s is given away: it needs at least %(least)s credits, and "
            "%(left)s are to be had."
        ),
        Bound.LOWER_MERIT: _(
            "Its score %(merit)s is lower than the lowest that got time there, %(other)s."
        ),
        Bound.SIZE: _(
            "It asks for much: it brings %(merit)s of merit for a thousand credits, those that got "
            "time there %(other)s on average."
        ),
        Bound.MIN_SHARE: _(
            "What is left is less than its least share: it needs %(least)s credits, and %(left)s "
            "are to be had."
        ),
        Bound.CAP: _("It has the most that one proposal may get, %(left)s credits."),
    }
    return texts[bound]


def _number(value: float, places: int) -> str:
    return number_format(round(value, places), places, force_grouping=True)
