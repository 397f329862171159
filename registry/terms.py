"""The terms of a licence, as data: one schema for the form, the API, the agreement, the file."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import MISSING, asdict, dataclass, fields
from typing import Any

from django.utils.translation import gettext as _

from consortium.errors import Invalid
from registry.models import FieldOfUse

UPDATES = ("none", "fixes", "all")
METER_UNITS = ("none", "card_seconds", "requests", "tokens")
METER_PERIODS = ("month", "quarter", "year")
LARGEST = 10**9
LARGEST_PRICE_FEN = 10**14
_REGION = re.compile(r"[A-Z]{2}(-[A-Z0-9]{1,3})?")
_HOST = re.compile(r"[0-9a-f]{64}")
_LISTS = ("fields", "regions", "sites", "card_classes", "hosts")


@dataclass(frozen=True, slots=True)
class Terms:
    """What is granted, to what extent, for how long and for how much.

    fields: of use; regions: ISO 3166 codes; sites, card_classes: names, none for any;
    hosts: fingerprints the licence is bound to, none for any; sublicense_depth: 0 forbids;
    royalty_basis_points: of the licensee's income, in hundredths of a percent;
    status_days: how old the status list may be; status_grace_days: and how long after that a
    warning suffices. Their sum is the longest delay of a revocation.
    """

    fields: tuple[str, ...]
    regions: tuple[str, ...]
    nodes: int
    cards: int
    months: int
    price_fen: int
    sites: tuple[str, ...] = ()
    card_classes: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()
    concurrency: int = 0
    public_facing: bool = False
    filing: str = ""
    finetune: bool = False
    sublicense_depth: int = 0
    updates: str = "fixes"
    royalty_basis_points: int = 0
    meter_unit: str = "none"
    meter_period: str = "quarter"
    grace_days: int = 30
    status_days: int = 30
    status_grace_days: int = 15

    def __post_init__(self) -> None:
        errors = _errors(self)
        if errors:
            raise Invalid(errors)

    def as_json(self) -> dict[str, Any]:
        return {
            name: list(value) if isinstance(value, tuple) else value
            for name, value in asdict(self).items()
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Terms:
        """Terms from JSON. Raises Invalid for what is missing, unknown, or of another type."""
        known = {f.name: f for f in fields(cls)}
        errors = {name: [_("This is no term of a licence.")] for name in data if name not in known}
        for name, field in known.items():
            if name in data:
                if not _right_type(name, data[name], str(field.type)):
                    errors[name] = [_("This is not of the right type.")]
            elif field.default is MISSING:
                errors[name] = [_("This term is missing.")]
        if errors:
            raise Invalid(errors)
        values: dict[str, Any] = {n: tuple(v) if n in _LISTS else v for n, v in data.items()}
        return cls(**values)


def _right_type(name: str, value: Any, annotation: str) -> bool:
    if name in _LISTS:
        return isinstance(value, list | tuple) and all(isinstance(item, str) for item in value)
    if annotation == "int":
        return isinstance(value, int) and not isinstance(value, bool)
    return isinstance(value, bool if annotation == "bool" else str)


def _errors(terms: Terms) -> dict[str, list[str]]:
    """Every rule that the values break, by term."""
    errors: dict[str, list[str]] = defaultdict(list)
    _check_lists(terms, errors)
    _check_amounts(terms, errors)
    if terms.public_facing and not terms.filing.strip():
        errors["filing"].append(_("A service to the public needs its filing number."))
    if terms.updates not in UPDATES:
        errors["updates"].append(_("Choose which updates are included."))
    if terms.meter_unit not in METER_UNITS or terms.meter_period not in METER_PERIODS:
        errors["meter_unit"].append(_("Choose how use is metered."))
    if len(terms.filing) > 64:  # noqa: PLR2004  no filing number is longer
        errors["filing"].append(_("A filing number has at most 64 characters."))
    return dict(errors)


def _check_lists(terms: Terms, errors: dict[str, list[str]]) -> None:
    for name in _LISTS:
        values = getattr(terms, name)
        if len(set(values)) != len(values):
            errors[name].append(_("Name each only once."))
        if any(not value.strip() or len(value) > 80 for value in values):  # noqa: PLR2004
            errors[name].append(_("Each has 1 to 80 characters."))
    if not terms.fields or not set(terms.fields) <= set(FieldOfUse.values):
        errors["fields"].append(_("Choose at least one field of use."))
    if not terms.regions or not all(_REGION.fullmatch(region) for region in terms.regions):
        errors["regions"].append(_("Name regions by their ISO codes, such as CN or CN-BJ."))
    if not all(_HOST.fullmatch(host) for host in terms.hosts):
        errors["hosts"].append(_("A host fingerprint has 64 digits: see omic-verify fingerprint."))


def _check_amounts(terms: Terms, errors: dict[str, list[str]]) -> None:
    least = {"nodes": 1, "cards": 1, "months": 1, "price_fen": 0, "status_days": 1}
    most = {
        "months": 120,
        "price_fen": LARGEST_PRICE_FEN,
        "royalty_basis_points": 10_000,
        "sublicense_depth": 3,
        "grace_days": 365,
        "status_days": 365,
        "status_grace_days": 365,
    }
    for name in (
        *("nodes", "cards", "months", "price_fen", "concurrency", "sublicense_depth"),
        *("royalty_basis_points", "grace_days", "status_days", "status_grace_days"),
    ):
        low, high = least.get(name, 0), most.get(name, LARGEST)
        if not low <= getattr(terms, name) <= high:
            text = _("Enter a number from %(low)s to %(high)s.")
            errors[name].append(text % {"low": low, "high": high})


def changed(before: Mapping[str, Any] | None, after: Mapping[str, Any]) -> frozenset[str]:
    """The names of the terms that differ; none for a first revision."""
    if before is None:
        return frozenset()
    return frozenset(name for name in after if before.get(name) != after[name])
