"""Who reads which statistics: everything, a centre's, or a summary with small cells masked."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from django.utils.translation import gettext_lazy as _

from consortium.models import Affiliation, ArmAppointment, User
from consortium.policies import ALLOW, Decision, deny
from consortium.roles import Permission, Role, has, standing

Office = ArmAppointment.Office


class Audience(StrEnum):
    """How far a reader sees. SUMMARY: decided calls only, no filters, cells under 3 masked."""

    ALL = "all"
    CENTRE = "centre"
    SUMMARY = "summary"


@dataclass(frozen=True, slots=True)
class Reader:
    """centres: ids of the institutions whose machines count; None for all.

    reads_rows: whether the lists show this person every row that a figure counts.
    """

    audience: Audience
    centres: frozenset[int] | None
    reads_rows: bool


def can_read(user: User) -> Decision:
    if Office.DEPLOYMENT in standing(user).offices:
        return deny(_("Statistics of research are not for those who hold a for-profit office."))
    if not has(user, Permission.STATISTICS_VIEW):
        return deny(_("Statistics are for the R&D office, auditors, centres and public bodies."))
    return ALLOW


def reader(user: User) -> Reader:
    """Whom this person reads as. Raises PermissionDenied for those who read nothing."""
    can_read(user).require()
    who = standing(user)
    if who.offices & {Office.RESEARCH, Office.AUDITOR}:
        return Reader(Audience.ALL, None, reads_rows=True)
    operated = who.institutions_as(Affiliation.Role.OPERATOR)
    if operated or Role.CENTRE_ADMIN in who.roles:
        administered = who.institutions_as(Affiliation.Role.ADMIN)
        reads = bool(operated) and administered <= operated
        return Reader(Audience.CENTRE, operated | administered, reads_rows=reads)
    return Reader(Audience.SUMMARY, None, reads_rows=False)
