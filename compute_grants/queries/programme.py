"""The programme's rules in force."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import Field, dataclass, fields
from datetime import date
from typing import Any

from django.utils import timezone

from compute_grants import programme
from compute_grants.models import ProgrammePolicy

_known: ContextVar[Mapping[str, programme.Body] | None] = ContextVar("programme", default=None)


@contextmanager
def read_once() -> Iterator[None]:
    """Within the block today's rules are those of its beginning: for acts that ask row by row."""
    before = _known.set(all_in_force())
    try:
        yield
    finally:
        _known.reset(before)


def in_force(kind: str, day: date | None = None) -> programme.Body:
    """The body of one kind on a day (today). One query; none within `read_once`."""
    known = _known.get()
    if known is not None and day is None:
        return known[kind]
    row = ProgrammePolicy.objects.filter(kind=kind).in_force(day or timezone.localdate()).first()
    return row.parsed if row else programme.KINDS[kind]()


def all_in_force(day: date | None = None) -> dict[str, programme.Body]:
    """The body of every kind on a day (today). One query."""
    rows = ProgrammePolicy.objects.in_force(day or timezone.localdate())
    found = {kind: shape() for kind, shape in programme.KINDS.items()}
    return found | {row.kind: row.parsed for row in rows if row.kind in found}


def figures(body: programme.Body) -> list[tuple[str, Any]]:
    """(name for people, value) of each whole number of a rule."""
    return [
        (str(one.metadata["label"]), getattr(body, one.name))
        for one in fields(body)
        if "least" in one.metadata
    ]


@dataclass(frozen=True, slots=True)
class Ladder:
    """The rows of a rule: the names of their columns, and their values for people.

    Each name and each value with whether it is a number, for pages to set it to the right.
    """

    label: str
    columns: list[tuple[str, bool]]
    rows: list[list[tuple[Any, bool]]]


def ladders(body: programme.Body) -> list[Ladder]:
    """Each field of a rule that holds rows."""
    return [
        _ladder(one.metadata, getattr(body, one.name))
        for one in fields(body)
        if "shape" in one.metadata
    ]


def _ladder(about: Mapping[str, Any], rows: Sequence[Any]) -> Ladder:
    columns = fields(about["shape"])
    return Ladder(
        label=str(about["label"]),
        columns=[(str(one.metadata["label"]), _is_number(one)) for one in columns],
        rows=[[(_cell(row, one), _is_number(one)) for one in columns] for row in rows],
    )


def _is_number(one: Field[Any]) -> bool:
    return "choices" not in one.metadata


def _cell(row: Any, one: Field[Any]) -> Any:
    value = getattr(row, one.name)
    return one.metadata.get("choices", {}).get(value, value)


@dataclass(frozen=True, slots=True)
class PolicyRow:
    """One kind of rule as the page shows it. version: None while the founding one holds."""

    kind: str
    label: str
    body: programme.Body
    version: ProgrammePolicy | None
    coming: ProgrammePolicy | None

    @property
    def values(self) -> list[tuple[str, Any]]:
        return figures(self.body)

    @property
    def ladders(self) -> list[Ladder]:
        return ladders(self.body)


def policy_rows(day: date | None = None) -> list[PolicyRow]:
    """Every kind with the version in force and the next one. One query."""
    today = day or timezone.localdate()
    current: dict[str, ProgrammePolicy] = {}
    coming: dict[str, ProgrammePolicy] = {}
    for row in ProgrammePolicy.objects.select_related("by").order_by("since", "pk"):
        if row.since <= today:
            current[row.kind] = row
        elif row.kind not in coming or coming[row.kind].since == row.since:
            coming[row.kind] = row
    return [
        PolicyRow(
            kind=kind,
            label=str(programme.LABELS.get(kind, kind)),
            body=current[kind].parsed if kind in current else shape(),
            version=current.get(kind),
            coming=coming.get(kind),
        )
        for kind, shape in programme.KINDS.items()
    ]


@dataclass(frozen=True, slots=True)
class Version:
    """One version of a rule. row: None for the founding one; holds: the one in force today."""

    row: ProgrammePolicy | None
    body: programme.Body
    holds: bool
    coming: bool

    @property
    def values(self) -> list[tuple[str, Any]]:
        return figures(self.body)

    @property
    def ladders(self) -> list[Ladder]:
        return ladders(self.body)


def versions(kind: str, day: date | None = None) -> list[Version]:
    """All versions of one kind, the newest first, the founding one last. One query."""
    today = day or timezone.localdate()
    rows = list(ProgrammePolicy.objects.filter(kind=kind).select_related("by"))
    past = [row for row in rows if row.since <= today]
    found = [
        Version(row, row.parsed, holds=row in past[:1], coming=row.since > today) for row in rows
    ]
    return [*found, Version(None, programme.KINDS[kind](), holds=not past, coming=False)]
