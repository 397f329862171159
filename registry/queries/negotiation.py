"""The terms of a licence side by side, with what changed marked."""

from __future__ import annotations

from dataclasses import dataclass

from registry.agreements import clauses
from registry.models import Licence, LicenceTerms
from registry.terms import changed

SHOWN = 3


@dataclass(frozen=True, slots=True)
class Cell:
    value: str
    changed: bool


@dataclass(frozen=True, slots=True)
class Clause:
    """One term: its label, and its value in each shown revision."""

    name: str
    label: str
    cells: tuple[Cell, ...]

    @property
    def changed(self) -> bool:
        return any(cell.changed for cell in self.cells)


@dataclass(frozen=True, slots=True)
class ClauseTable:
    """The newest revisions, oldest first, and every clause in them."""

    revisions: tuple[LicenceTerms, ...]
    clauses: tuple[Clause, ...]


def clause_table(licence: Licence) -> ClauseTable:
    """One query. Changes are marked against the revision before, shown or not."""
    revisions = list(licence.revisions.select_related("by"))
    marks = [
        changed(before.terms if before else None, after.terms)
        for before, after in zip([None, *revisions], revisions, strict=False)
    ]
    shown, marks = revisions[-SHOWN:], marks[-SHOWN:]
    columns = [clauses(revision.terms) for revision in shown]
    rows = tuple(
        Clause(
            name=cells[0][0],
            label=cells[0][1],
            cells=tuple(
                Cell(value, name in mark)
                for (name, _label, value), mark in zip(cells, marks, strict=True)
            ),
        )
        for cells in zip(*columns, strict=True)
    )
    return ClauseTable(tuple(shown), rows)
