"""The parameters of a run in words and in people's units."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.utils.translation import gettext as _

from compute_grants.models import AwardRun, Resource
from consortium.models import Institution

HOUR = 3600


def parameter_rows(run: AwardRun, resources: Mapping[str, Resource]) -> list[tuple[str, str]]:
    """Each parameter of `run`: what it is called, and its value."""
    flat: list[tuple[str, Any]] = []
    for name, value in run.parameters.items():
        if isinstance(value, dict):
            flat += [(f"{name}.{key}", each) for key, each in value.items()]
        else:
            flat.append((name, value))
    return [(label(name, resources), shown(name, value)) for name, value in flat]


def named(
    differing: Iterable[tuple[str, object, object]], resources: Mapping[str, Resource]
) -> list[tuple[str, str, str]]:
    """Of two runs: what each parameter is called, and both values."""
    return [
        (label(name, resources), shown(name, first), shown(name, second))
        for name, first, second in differing
    ]


def label(name: str, resources: Mapping[str, Resource]) -> str:
    group, _dot, key = name.partition(".")
    if group == "floors":
        return _("Floor for %(kind)s, %%") % {"kind": Institution.Kind(key).label}
    if group == "budgets":
        machine = resources[key].label if key in resources else key
        return _("Hours on %(machine)s") % {"machine": machine}
    return {
        "merit": _("Score"),
        "weigh": _("Weigh proposals"),
        "alpha": _("Being awarded counts"),
        "beta": _("The time awarded counts"),
        "min_share_percent": _("Least share, %"),
        "min_machine_percent": _("Least share on one machine, %"),
        "max_machines": _("Most machines for one proposal"),
        "min_merit": _("Lowest score"),
        "cap_percent": _("Most for one proposal, %"),
        "give_up_percent": _("Merit that may be given up, %"),
        "limit_seconds": _("Longest search, seconds"),
        "seed": _("Number of the lot"),
    }.get(name, name)


def shown(name: str, value: Any) -> str:
    if value is None:
        return "–"
    if name == "merit":
        return _("adjusted for strictness") if value == "adjusted" else _("mean of the reviews")
    if name == "weigh":
        return _("by the size of what it asks") if value == "size" else _("every one the same")
    if name.startswith("budgets."):
        return f"{value // HOUR:,}"
    return f"{value:g}" if isinstance(value, float) else str(value)
