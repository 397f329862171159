"""What a report is made of: tables of plain values, their charts, and what the words mean."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

LEAST = 3  # people outside read no cell that counts fewer


class Kind(StrEnum):
    """How a value is stored, and so how it is shown."""

    TEXT = "text"
    COUNT = "count"
    HOURS = "hours"  # seconds of a unit, shown as hours
    SHARE = "share"  # a fraction of 1, shown in percent
    ENERGY = "energy"  # joules
    CARBON = "carbon"  # grams of CO2
    DAYS = "days"  # a float


Value = str | int | float | None


@dataclass(frozen=True, slots=True)
class Column:
    """key: its name in CSV and JSON, with the unit of what is stored."""

    key: str
    label: str
    kind: Kind = Kind.COUNT


@dataclass(frozen=True, slots=True)
class Cell:
    """One figure and the address of the list of its rows. masked: not shown to this reader."""

    value: Value
    href: str = ""
    masked: bool = False

    @property
    def empty(self) -> bool:
        return self.value is None

    @property
    def percent(self) -> float:
        """Of a share."""
        return float(self.value or 0) * 100

    @property
    def kilograms(self) -> float:
        """Of grams."""
        return float(self.value or 0) / 1000


@dataclass(frozen=True, slots=True)
class Line:
    """A row of a table: a cell for each column. total: a sum of those before it."""

    cells: tuple[Cell, ...]
    total: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """counts: keys of the columns by which small cells are found. option: of its chart."""

    key: str
    caption: str
    columns: tuple[Column, ...]
    lines: tuple[Line, ...]
    counts: tuple[str, ...] = ()
    chart_caption: str = ""
    option: Mapping[str, Any] | None = None

    @property
    def body(self) -> list[list[tuple[Column, Cell]]]:
        """The lines, each cell with its column."""
        return [self._paired(line) for line in self.lines if not line.total]

    @property
    def foot(self) -> list[list[tuple[Column, Cell]]]:
        """The sums, likewise."""
        return [self._paired(line) for line in self.lines if line.total]

    def _paired(self, line: Line) -> list[tuple[Column, Cell]]:
        return list(zip(self.columns, line.cells, strict=True))

    def values(self) -> list[dict[str, Value]]:
        """Each line as {key: value}; None where there is nothing or it is masked."""
        return [
            {
                column.key: None if cell.masked else cell.value
                for column, cell in zip(self.columns, line.cells, strict=True)
            }
            for line in self.lines
        ]


@dataclass(frozen=True, slots=True)
class Term:
    """What a word of the report means."""

    name: str
    meaning: str


@dataclass(frozen=True, slots=True)
class Report:
    """One report as this reader sees it. as_of: the moment, or the newest accounting read."""

    slug: str
    title: str
    lede: str
    tables: tuple[Table, ...]
    terms: tuple[Term, ...]
    source: str
    as_of: datetime | None

    def as_masked(self) -> Report:
        """For people outside: see `masked`."""
        return replace(self, tables=tuple(masked(table) for table in self.tables))


def masked(table: Table) -> Table:
    """The table without small cells and without its chart, which would show them.

    A line that counts one or two of something keeps its name only. Where that leaves one line
    alone, the next smallest is masked too, or the whole sum, since a difference would tell.
    """
    places = [n for n, column in enumerate(table.columns) if column.key in table.counts]
    small = {n for n, line in enumerate(table.lines) if _is_small(line, places)}
    parts = [n for n, line in enumerate(table.lines) if not line.total]
    alone = [n for n in parts if n in small]
    totals = {n for n, line in enumerate(table.lines) if line.total}
    if len(alone) == 1 and totals:
        others = sorted(
            (n for n in parts if n not in small), key=lambda n: _size(table.lines[n], places)
        )
        others = [n for n in others if _size(table.lines[n], places)]
        small |= set(others[:1]) or totals
    lines = tuple(
        _hidden(line, table.columns) if n in small else _unlinked(line)
        for n, line in enumerate(table.lines)
    )
    option = None if small else table.option
    return replace(table, lines=lines, option=option)


def _is_small(line: Line, places: Sequence[int]) -> bool:
    return any(0 < int(line.cells[n].value or 0) < LEAST for n in places)


def _size(line: Line, places: Sequence[int]) -> int:
    return int(line.cells[places[0]].value or 0) if places else 0


def _hidden(line: Line, columns: Sequence[Column]) -> Line:
    return replace(
        line,
        cells=tuple(
            Cell(cell.value) if column.kind == Kind.TEXT else Cell(None, masked=True)
            for column, cell in zip(columns, line.cells, strict=True)
        ),
    )


def _unlinked(line: Line) -> Line:
    return replace(line, cells=tuple(replace(cell, href="") for cell in line.cells))
