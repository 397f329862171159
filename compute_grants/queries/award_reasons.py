"""The limits that bound an award, in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.formats import number_format
from django.utils.translation import gettext as _

from compute_grants.models import Resource
from compute_grants.optimise.explain import Bound

# Reasons that tell how much of a machine is left, from which others' awards could be worked out.
_TELLING = frozenset({Bound.CAPACITY, Bound.MIN_SHARE})
# Reasons that tell figures of others.
_COMPARING = frozenset({Bound.LOWER_MERIT, Bound.SIZE})


def sentence(reason: Mapping[str, Any], resources: Mapping[str, Resource], *, plain: bool) -> str:
    """One reason (explain.Reason.to_data). plain: without what is left of a machine."""
    bound = Bound(reason["bound"])
    resource = resources.get(reason["machine"])
    values = {
        "machine": resource.label if resource else _("the machines it asks for"),
        "least": _number(reason["least"], 0),
        "left": _number(reason["left"], 0),
        "merit": _number(reason["merit"], 2),
        "other": _number(reason["other"], 2),
    }
    if bound in _TELLING and (plain or not reason["least"]):
        return _("The time on %(machine)s is given away.") % values
    if plain and bound in _COMPARING:
        return _("Others bring more merit for the time.")
    return _text(bound, bool(resource)) % values


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
