"""What each field of an MLflow call may hold. A Field reads a value and gives it back clean.

Names are the ones in MLflow's protocol files, in snake_case only; Protobuf would also take
camelCase, and so a second name for each. Raises Refused(400).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

from registry.gateway.parsing import artifact_path, odd
from registry.models import MODEL_SLUG

Field = Callable[[Any, str], Any]
Shape = dict[str, Field]

LONGEST_TEXT = 200_000
MOST_ITEMS = 2_000
_NUMBER = re.compile(r"^-?[0-9]{1,19}\Z")
_FLOATS = frozenset({"NaN", "Infinity", "-Infinity"})


def text(value: Any, name: str) -> str:
    if not isinstance(value, str) or len(value) > LONGEST_TEXT:
        odd(_("“%(name)s” must be a text."), name=name)
    return value


def whole(value: Any, name: str) -> int:
    """A whole number, as JSON has it or as a query has it."""
    if isinstance(value, str) and _NUMBER.match(value):
        return int(value)
    if isinstance(value, bool) or not isinstance(value, int) or not -(2**63) <= value < 2**63:
        odd(_("“%(name)s” must be a whole number."), name=name)
    return value


def number(value: Any, name: str) -> float | str:
    """A number; what JSON has no sign for comes as text, as Protobuf writes it."""
    if isinstance(value, str) and value in _FLOATS:
        return value
    if isinstance(value, bool) or not isinstance(value, int | float):
        odd(_("“%(name)s” must be a number."), name=name)
    return value


def flag(value: Any, name: str) -> bool:
    if not isinstance(value, bool):
        odd(_("“%(name)s” must be true or false."), name=name)
    return value


def matching(pattern: str, what: object) -> Field:
    compiled = re.compile(pattern)

    def check(value: Any, name: str) -> str:
        if not isinstance(value, str) or not compiled.fullmatch(value):
            odd(_("“%(name)s” must be %(what)s."), name=name, what=what)
        return value

    return check


def many(of: Field, most: int = MOST_ITEMS) -> Field:
    def check(value: Any, name: str) -> list[Any]:
        if not isinstance(value, list) or len(value) > most:
            odd(_("“%(name)s” must be a list of at most %(most)s."), name=name, most=most)
        return [of(item, name) for item in value]

    return check


def one(shape: Shape) -> Field:
    def check(value: Any, name: str) -> dict[str, Any]:
        if not isinstance(value, dict):
            odd(_("“%(name)s” must be an object."), name=name)
        return shaped(value, shape)

    return check


def empty(value: Any, name: str) -> str:
    """A field the gateway fills in itself: clients may leave it out or empty."""
    if value not in ("", None):
        odd(_("“%(name)s” is set by the portal. Leave it out."), name=name)
    return ""


def shaped(value: Mapping[str, Any], shape: Shape) -> dict[str, Any]:
    """`value` with each field read by its rule; unknown names are refused."""
    unknown = sorted(set(value) - set(shape))
    if unknown:
        odd(_("This call has no field “%(name)s”. Leave it out."), name=unknown[0][:80])
    return {name: shape[name](item, name) for name, item in value.items() if item is not None}


def folder(value: Any, name: str) -> str:
    """A relative path given as an argument; decoded already, so encoded once for the check."""
    path = text(value, name)
    return artifact_path(path.replace("%", "%25")) if path else ""


run_id = matching(r"[0-9a-f]{32}", _("a run id of 32 hexadecimal digits"))
experiment_id = matching(r"[0-9]{1,19}", _("an experiment's number"))
logged_model_id = matching(r"m-[0-9a-f]{32}", _("a logged model's id"))
version = matching(r"[1-9][0-9]{0,8}", _("a version number"))
model_name = matching(
    r"(?=.{2,60}\Z)" + MODEL_SLUG.removeprefix("^"),
    _("2 to 60 lower-case letters and digits, parted by single dots, dashes or underscores"),
)
alias = matching(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,100}", _("letters, digits, dots and dashes"))
key = matching(r"[^\x00-\x1f\x7f]{1,250}", _("a name of at most 250 characters"))
state = matching(r"[A-Z_]{2,40}", _("one of MLflow's states"))

TAG: Shape = {"key": key, "value": text}
DATA_SET: Shape = dict.fromkeys(
    ("name", "digest", "source_type", "source", "schema", "profile"), text
)
METRIC: Shape = {
    "key": key,
    "value": number,
    "timestamp": whole,
    "step": whole,
    "run_id": run_id,
    "model_id": logged_model_id,
    "dataset_name": text,
    "dataset_digest": text,
}
ORDER: Shape = {
    "field_name": text,
    "ascending": flag,
    "dataset_name": text,
    "dataset_digest": text,
}
tags = many(one(TAG))
PAGE: Shape = {"max_results": whole, "page_token": text, "filter": text}
