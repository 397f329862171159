"""The nouns that come in many rows: who makes them, and which pages show them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from django.urls import reverse

from bench import more_rows as more
from bench import rows
from consortium.models import User

Arguments = dict[str, Callable[[rows.Cast], Any]]
Address = tuple[str, User, str]  # (what it is, who opens it, address)


def pages(noun: str, people: rows.Cast) -> Iterator[Address]:
    """The lists (and pages with a list) that grow with a noun, for everybody who sees all rows."""
    for name, who, kwargs in _PAGES[noun]:
        person: User = getattr(people, who)
        arguments: dict[str, Any] = {key: value(people) for key, value in kwargs.items()}
        yield f"{name} of {who}", person, reverse(name, kwargs=arguments)


_NUMBER: Arguments = {"number": lambda people: rows.first_grant(people).number}
_CODE: Arguments = {"code": lambda people: people.call.code}
_SET: Arguments = {"number": lambda people: more.the_set(people).number}
_PLAN: Arguments = {"pk": lambda people: more.the_plan(people).pk}
_EVERYBODY = ("pi", "operator", "office", "reviewer", "chair")
_PAGES: dict[str, list[tuple[str, str, Arguments]]] = {
    "proposals": [
        *(("compute_grants:proposal_list", who, {}) for who in _EVERYBODY),
        *(("portal:dashboard", who, {}) for who in _EVERYBODY),
        ("api:proposal-list", "office", {}),
        ("compute_grants:call_list", "office", {}),
        ("compute_grants:call", "office", _CODE),
    ],
    "reviews": [
        ("compute_grants:review_list", "reviewer", {}),
        ("api:review-list", "reviewer", {}),
        ("portal:dashboard", "reviewer", {}),
    ],
    "allocations": [
        *(("compute_grants:allocation_list", who, {}) for who in ("pi", "operator", "office")),
        ("api:allocation-list", "pi", {}),
        ("portal:dashboard", "pi", {}),
    ],
    "usage": [
        *(("compute_grants:usage_run_list", who, {}) for who in ("pi", "operator", "office")),
        ("api:usagerun-list", "operator", {}),
        ("compute_grants:allocation", "pi", _NUMBER),
    ],
    "movements": [("compute_grants:allocation", "pi", _NUMBER)],
    "reports": [
        *(("compute_grants:report_list", who, {}) for who in ("pi", "operator", "office")),
        ("api:grantreport-list", "pi", {}),
        ("portal:dashboard", "pi", {}),
    ],
    "reclaims": [
        *(("compute_grants:reclaim_list", who, {}) for who in ("pi", "operator", "office")),
        ("api:reclaim-list", "office", {}),
        ("portal:dashboard", "pi", {}),
    ],
    "drift": [
        *(("compute_grants:drift_list", who, {}) for who in ("operator", "office")),
        ("api:drift-list", "operator", {}),
    ],
    "amendments": [
        *(("compute_grants:amendment_list", who, {}) for who in ("pi", "operator", "office")),
        ("api:amendment-list", "pi", {}),
        ("portal:dashboard", "operator", {}),
    ],
    "decision_sets": [
        *(("compute_grants:decision_set_list", who, _CODE) for who in ("office", "chair")),
        ("api:decisionset-list", "chair", {}),
        ("portal:dashboard", "chair", {}),
    ],
    "decisions": [
        *(("compute_grants:decision_set", who, _SET) for who in ("office", "chair")),
        ("compute_grants:decision_set_sign", "chair", _SET),
        ("portal:dashboard", "chair", {}),
    ],
    "plans": [
        ("compute_grants:matching", "office", _CODE),
        ("api:plan-list", "office", {}),
    ],
    "pairs": [
        ("compute_grants:assignment_plan", "office", _PLAN),
        ("api:plan-pairs", "office", _PLAN),
    ],
    "award_runs": [
        *(("compute_grants:award_run_list", who, _CODE) for who in ("office", "chair")),
        ("api:awardrun-list", "chair", {}),
    ],
}
# Those whose lists are timed; the others stand on the same tables.
MEASURED = ("proposals", "reviews", "allocations", "usage", "movements")
MAKE: dict[str, Callable[[rows.Cast, int], object]] = {
    "proposals": rows.proposals,
    "reviews": rows.reviews,
    "allocations": rows.allocations,
    "usage": rows.usage,
    "movements": rows.movements,
    "reports": more.reports,
    "reclaims": more.reclaims,
    "drift": more.drift,
    "amendments": more.amendments,
    "decision_sets": more.decision_sets,
    "decisions": more.decisions,
    "plans": more.plans,
    "pairs": more.pairs,
    "award_runs": more.award_runs,
}
