"""A public table of machines, read from CSV. Pure: no Django models, no database.

The columns are those in which lists of the largest machines are passed on:

    name,site,country,list,cores,rmax_pf,rpeak_pf,power_kw,gf_per_w,source

Figures that are not known are empty. Further columns may stand anywhere: code, name_zh, kind,
nodes, cards. Lines count as an editor does, the header is line 1.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation

NEEDED = (
    *("name", "site", "country", "list", "cores"),
    *("rmax_pf", "rpeak_pf", "power_kw", "gf_per_w", "source"),
)
KINDS = frozenset({"supercomputing", "ai", "general"})
MOST_COUNT = 2**31 - 1  # what a column of counts holds
MOST_FIGURE = 10**15
# column -> (field of Machine, how many of the stored unit one of the column's is)
FIGURES = {
    "rmax_pf": ("rmax_gigaflops", 1_000_000),
    "rpeak_pf": ("rpeak_gigaflops", 1_000_000),
    "power_kw": ("power_watts", 1_000),
    "gf_per_w": ("megaflops_per_watt", 1_000),
}
COUNTS = ("cores", "nodes", "cards")
LENGTHS = {"name": 200, "name_zh": 200, "site": 120, "list": 80, "source": 300, "code": 32}


class BadTable(ValueError):
    """The file is no such table at all."""


@dataclass(frozen=True, slots=True)
class Row:
    """One machine. facts: by the field of Machine, in stored units; only what the line says."""

    line: int
    code: str
    name: str
    name_zh: str
    kind: str
    facts: dict[str, int | str]


@dataclass(slots=True)
class Table:
    """What was read: whole rows, and what is wrong with which line."""

    rows: list[Row] = field(default_factory=list)
    bad: list[tuple[int, str]] = field(default_factory=list)


def read(lines: Iterable[str]) -> Table:
    """Rows and bad lines. Raises BadTable where the header lacks a column."""
    reader = csv.DictReader(lines, strict=True)
    header = [name.strip() for name in reader.fieldnames or []]
    reader.fieldnames = header
    missing = [name for name in NEEDED if name not in header]
    if missing:
        raise BadTable(f"the header lacks: {', '.join(missing)}")
    table = Table()
    seen: dict[str, int] = {}
    try:
        for cells in reader:
            _take(table, seen, reader.line_num, cells)
    except csv.Error as error:
        table.bad.append((reader.line_num, f"not CSV: {error}"))
    return table


def _take(table: Table, seen: dict[str, int], line: int, cells: dict[str, str]) -> None:
    found = _row(line, cells)
    if isinstance(found, str):
        table.bad.append((line, found))
    elif found.code in seen:
        table.bad.append((line, f"{found.code} stands in line {seen[found.code]} already"))
    else:
        seen[found.code] = line
        table.rows.append(found)


def _row(line: int, cells: dict[str, str]) -> Row | str:
    """The row, or what is wrong with it."""
    if None in cells or None in cells.values():
        return "it has another number of cells than the header"
    said = {name: value.strip() for name, value in cells.items()}
    faults = [*_text_faults(said), *_figure_faults(said)]
    if faults:
        return "; ".join(faults)
    facts: dict[str, int | str] = {"source": said["source"]}
    for column, name in (("site", "site"), ("country", "country"), ("list", "listing")):
        if said[column]:
            facts[name] = said[column]
    for column in COUNTS:
        if said.get(column):
            facts[column] = int(said[column])
    for column, (name, scale) in FIGURES.items():
        if said[column]:
            facts[name] = int(Decimal(said[column]) * scale)
    rmax, rpeak = facts.get("rmax_gigaflops"), facts.get("rpeak_gigaflops")
    if isinstance(rmax, int) and isinstance(rpeak, int) and rmax > rpeak:
        return "rmax_pf is above rpeak_pf"
    name = said["name"]
    return Row(
        line=line,
        code=said.get("code") or code_of(name),
        name=name,
        name_zh=said.get("name_zh") or name,
        kind=said.get("kind") or "supercomputing",
        facts=facts,
    )


def _text_faults(said: dict[str, str]) -> Iterable[str]:
    for column in ("name", "source"):
        if not said[column]:
            yield f"{column} is empty"
    for column, most in LENGTHS.items():
        if len(said.get(column, "")) > most:
            yield f"{column} is longer than {most} characters"
    code = said.get("code") or code_of(said["name"])
    if not re.fullmatch(r"[a-z][a-z0-9-]{1,30}", code):
        yield "no code can be made of the name; give one in a column code"
    if said["country"] and not re.fullmatch(r"[A-Z]{2}", said["country"]):
        yield "country is not two capital letters"
    if said.get("kind") and said["kind"] not in KINDS:
        yield f"kind is none of {', '.join(sorted(KINDS))}"


def _figure_faults(said: dict[str, str]) -> Iterable[str]:
    for column in COUNTS:
        text = said.get(column, "")
        if text and not (text.isascii() and text.isdigit() and int(text) <= MOST_COUNT):
            yield f"{column} is not a whole number: {text[:20]}"
    for column, (_name, scale) in FIGURES.items():
        text = said[column]
        if text and not 0 < _decimal(text) * scale <= MOST_FIGURE:
            yield f"{column} is not a number above 0: {text[:20]}"


def _decimal(text: str) -> Decimal:
    """The number, or 0 where it is none."""
    try:
        number = Decimal(text)
    except InvalidOperation:
        return Decimal(0)
    return number if number.is_finite() else Decimal(0)


def code_of(name: str) -> str:
    """A machine's code out of its name: lower-case letters, digits and hyphens."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:31].rstrip("-")
