"""What a request would change, in numbers: before and after."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from django.utils.translation import gettext as _

from compute_grants.models import Allocation, Amendment, CallBudget

Kind = Amendment.Kind
OUT_OF_BUDGET = frozenset({Kind.SUPPLEMENT, Kind.ADVANCE, Kind.RENEWAL, Kind.ADJUSTMENT})


@dataclass(frozen=True, slots=True)
class Change:
    """One figure. unit: of hours, which are given in seconds; without it the values are days."""

    label: str
    before: int | date | None
    after: int | date | None
    unit: str = ""


def changes(amendment: Amendment) -> list[Change]:
    """From what holds now to what would hold. At most one query; the accounts come with it."""
    grant, found = amendment.allocation, list[Change]()
    if amendment.kind in Amendment.WITH_END:
        found.append(Change(_("Last day"), grant.ends_on, amendment.ends_on or grant.ends_on))
    if amendment.kind == Kind.TRANSFER and amendment.other is not None:
        gives, receives = amendment.gives_seconds or 0, amendment.receives_seconds or 0
        return [*_moved(grant, -gives), *_moved(amendment.other, receives)]
    if amendment.kind in OUT_OF_BUDGET and amendment.seconds:
        found += [*_moved(grant, amendment.seconds), *_budget(grant, amendment.seconds)]
    return found


def _moved(grant: Allocation, seconds: int) -> list[Change]:
    unit = str(grant.resource.hours_unit)
    left = grant.account.available if grant.account else grant.seconds
    granted = _("%(number)s, granted") % {"number": grant.number}
    rest = _("%(number)s, left") % {"number": grant.number}
    return [
        Change(granted, grant.seconds, grant.seconds + seconds, unit),
        Change(rest, left, left + seconds, unit),
    ]


def _budget(grant: Allocation, seconds: int) -> list[Change]:
    """What the call has left. The lead reads it too: it says whether asking has a chance."""
    row = (
        CallBudget.objects.filter(call=grant.proposal.call_id, resource=grant.resource_id)
        .select_related("account")
        .first()
    )
    if row is None or row.account is None:
        return []
    left, unit = row.account.available, str(grant.resource.hours_unit)
    return [Change(_("The call's budget, left"), left, left - seconds, unit)]
