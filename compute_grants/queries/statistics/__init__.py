"""Reports for funders and centres, one module each: SLUG, TITLE, LEDE and report(scope).

Every report is a fixed number of SQL aggregates; Python folds groups, never rows.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from compute_grants.queries.statistics import awards, demand, energy, success, timing, use
from compute_grants.queries.statistics.scope import Asked, Scope
from compute_grants.queries.statistics.tables import Report
from consortium.models import User

_MODULES = (demand, awards, use, energy, success, timing)
REPORTS: Mapping[str, Callable[[Scope], Report]] = {
    module.SLUG: module.report for module in _MODULES
}


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the index."""

    slug: str
    title: str
    lede: str


def index() -> list[Entry]:
    return [Entry(module.SLUG, str(module.TITLE), str(module.LEDE)) for module in _MODULES]


def read(slug: str, user: User, asked: Asked | None = None) -> Report:
    """One report as this person may read it.

    Raises PermissionDenied; KeyError where there is no such report.
    """
    scope = Scope.of(user, asked)
    found = REPORTS[slug](scope)
    return found.as_masked() if scope.outside else found
