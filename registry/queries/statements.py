"""Statements as pages and exports show them."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from django.db.models import Sum
from django.utils.translation import gettext as _

from consortium.models import Institution, User
from consortium.roles import standing
from registry.models import Contribution, RevenueStatement, StatementLine


@dataclass(frozen=True, slots=True)
class PartRow:
    """One reason for a share: what for, of which checkpoint, and how much of the net."""

    basis: str
    label: str
    checkpoint: str
    percent: str


@dataclass(frozen=True, slots=True)
class LineRow:
    """A party's line. slug: for exports; percent: of the net, to two decimals."""

    name: str
    slug: str
    parts: list[dict[str, str]]
    rows: tuple[PartRow, ...]
    percent: str
    entitled: str
    amount_fen: int
    transfer: str


def lines_of(statement: RevenueStatement) -> list[LineRow]:
    """The lines, in the order in which income flows. One query."""
    rows = statement.lines.select_related("institution").order_by("pk")
    order = {"deployment_arm": 0, "mission_fund": 1, "institution": 2}
    return sorted(
        (_line(row, statement.net_fen) for row in rows),
        key=lambda row: (order.get(row.slug, 2), -row.amount_fen, row.slug),
    )


def _line(line: StatementLine, net_fen: int) -> LineRow:
    return LineRow(
        name=line.name,
        slug=line.institution.slug if line.institution else line.party,
        parts=line.parts,
        rows=tuple(_part(part, net_fen) for part in line.parts),
        percent=_percent(line.exact, net_fen),
        entitled=line.entitled,
        amount_fen=line.amount_fen,
        transfer=str(line.transfer or ""),
    )


def _part(part: dict[str, str], net_fen: int) -> PartRow:
    return PartRow(
        basis=part["basis"],
        label=basis_label(part["basis"]),
        checkpoint=part["checkpoint"],
        percent=_percent(Fraction(part["entitled"]), net_fen),
    )


def basis_label(basis: str) -> str:
    if basis in Contribution.Kind.values:
        return str(Contribution.Kind(basis).label)
    labels = {
        "deployment": _("share of the for-profit arm"),
        "mission": _("share of the mission fund"),
        "unclaimed": _("no contributor on record"),
    }
    return labels.get(basis, basis)


def _percent(share: Fraction, net_fen: int) -> str:
    return f"{float(share / net_fen * 100):.2f} %"


@dataclass(frozen=True, slots=True)
class Total:
    """What one institution of the reader's has received so far."""

    institution: Institution
    amount_fen: int


def totals_for(user: User) -> list[Total]:
    """One row per institution of the reader's that received anything."""
    lines: Any = StatementLine.objects.filter(institution_id__in=standing(user).institution_ids)
    sums = dict(lines.values_list("institution").annotate(n=Sum("amount_fen")).order_by())
    institutions = Institution.objects.filter(pk__in=sums).order_by("pk")
    return [Total(institution, sums[institution.pk]) for institution in institutions]
