"""“What needs me / 待我处理” and “what is mine”: their rows, and how all are read at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from types import SimpleNamespace
from typing import Any, Generic, Literal, TypeVar

from django.db.models import QuerySet, Value
from django.db.models.expressions import Combinable
from django.db.models.functions import JSONObject

MOST = 20  # of one kind: a longer list is read on its own page


@dataclass(frozen=True, slots=True)
class Task:
    """Something that waits for one person.

    verb: what the button says ("Review"); title: the object; why: one sentence;
    due: None when the rules set no date; tone: "seal" only for official acts.
    """

    verb: str
    title: str
    href: str
    why: str
    due: datetime | None = None
    tone: Literal["seal", "warn", "plain"] = "plain"


@dataclass(frozen=True, slots=True)
class Holding:
    """One of my grants, models or licences, for the dashboard's table."""

    kind: str
    number: str
    title: str
    href: str
    figure: str
    state: str
    tone: str = "neutral"


Told = TypeVar("Told", Task, Holding)


class Facts(SimpleNamespace):
    """The columns of one row that its Part names; moments and days as ISO 8601 has them."""

    def moment(self, name: str) -> datetime:
        return datetime.fromisoformat(getattr(self, name))

    def day(self, name: str) -> date:
        return date.fromisoformat(getattr(self, name))


@dataclass(frozen=True, slots=True)
class Part(Generic[Told]):
    """Rows of one kind, in order, of which the first `most` are told.

    facts: by name the columns that `tell` needs, as QuerySet.values takes them.
    """

    rows: QuerySet[Any]
    facts: Mapping[str, str | Combinable]
    tell: Callable[[Facts], Told]
    most: int = MOST


AnyPart = Part[Task] | Part[Holding]


def read_together(parts: Iterable[AnyPart]) -> list[Task | Holding]:
    """What all parts tell, in their order. One query, however many there are."""
    listed = list(parts)
    wanted = [
        part.rows.values_list(Value(n), JSONObject(**part.facts))[: part.most]
        for n, part in enumerate(listed)
    ]
    if not wanted:
        return []
    rows = wanted[0].union(*wanted[1:], all=True) if len(wanted) > 1 else wanted[0]
    found = sorted(rows, key=lambda row: row[0])
    return [listed[n].tell(Facts(**facts)) for n, facts in found]


def named(prefix: str, name: str, *more: str) -> dict[str, str]:
    """Facts of a text in both languages, and of `more` columns, all at `prefix`."""
    return {each: f"{prefix}{each}" for each in (f"{name}_en", f"{name}_zh", *more)}
