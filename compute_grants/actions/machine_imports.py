"""Taking machines of a public table into a centre's catalogue, as drafts that it completes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from compute_grants.actions import machines
from compute_grants.actions.machine_states import Retired
from compute_grants.machine_table import Row, Table, read
from compute_grants.models import Machine
from compute_grants.policies import machines as policy
from consortium.errors import DomainError, Invalid
from consortium.models import Institution, User


@dataclass(slots=True)
class Outcome:
    """Codes of what the table did, and what is wrong with which line."""

    created: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    bad: list[tuple[int, str]] = field(default_factory=list)
    written: bool = False


def import_table(
    lines: Iterable[str],
    *,
    centre: Institution,
    by: User,
    skip_bad: bool = False,
    dry_run: bool = False,
) -> Outcome:
    """Bring the centre's machines up to what the table says; reading it again changes nothing.

    New machines are drafts. What the table leaves empty, and names and kinds of machines that
    are there already, stay as they are. With a bad line nothing is written, unless `skip_bad`.
    Raises PermissionDenied, or machine_table.BadTable for another kind of file.
    """
    policy.can_create(by, centre).require()
    table = read(lines)
    outcome = Outcome(bad=list(table.bad))
    with transaction.atomic():
        _apply(table, outcome, centre, by)
        outcome.written = not dry_run and (skip_bad or not outcome.bad)
        transaction.set_rollback(not outcome.written)
    return outcome


def _apply(table: Table, outcome: Outcome, centre: Institution, by: User) -> None:
    rows = Machine.objects.filter(code__in=[row.code for row in table.rows])
    known = {machine.code: machine for machine in rows}
    for row in table.rows:
        try:
            with transaction.atomic():
                _take(row, known.get(row.code), outcome, centre, by)
        except (DomainError, Invalid, Retired) as error:
            outcome.bad.append((row.line, str(error)))
    outcome.bad.sort()


def _take(
    row: Row, machine: Machine | None, outcome: Outcome, centre: Institution, by: User
) -> None:
    facts: dict[str, Any] = dict(row.facts)
    if machine is None:
        machines.create(
            centre=centre,
            by=by,
            code=row.code,
            cluster=row.code.replace("-", "_"),
            name_en=row.name,
            name_zh=row.name_zh,
            kind=row.kind,
            **facts,
        )
        outcome.created.append(row.code)
        return
    if machine.centre_id != centre.pk:
        raise DomainError(_("Another centre keeps a machine of this code."))
    changed = any(getattr(machine, name) != value for name, value in facts.items())
    if changed:
        machines.edit(machine, by=by, **facts)
    (outcome.changed if changed else outcome.unchanged).append(row.code)
