"""What a person owes the consortium before asking for more."""

from __future__ import annotations

from datetime import date

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from compute_grants.models import GrantReport, Sanction
from consortium.models import User
from consortium.policies import ALLOW, Decision, deny


def overdue_reports(user: User, today: date) -> int:
    """How many reports on the grants that this person leads are late. One query."""
    owed = GrantReport.objects.owed().filter(allocation__proposal__lead=user)
    return owed.filter(due_on__lt=today).count()


def may_ask_for_more(user: User) -> Decision:
    """Whether proposals and requests are taken from this person. One query.

    The reason names the late report, its due date and its address.
    """
    found = (
        Sanction.objects.standing()
        .filter(
            step=Sanction.Step.REFUSED,
            report__allocation__proposal__lead=user,
            report__state__in=GrantReport.OWED,
        )
        .select_related("report__allocation")
        .order_by("due_on", "pk")
        .first()
    )
    if found is None:
        return ALLOW
    message = _(
        "Report %(number)s on %(grant)s was due on %(day)s. Submit it at %(address)s first; "
        "then proposals and requests are taken again."
    )
    facts = {
        "number": found.report.number,
        "grant": found.report.allocation.number,
        "day": date_format(found.due_on, "DATE_FORMAT"),
        "address": found.report.get_absolute_url(),
    }
    return deny(message % facts)
