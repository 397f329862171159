"""What pages and rules know of a grant's requests."""

from __future__ import annotations

from datetime import date

from django.db.models import Q, QuerySet
from django.utils import timezone

from compute_grants.amendment_facts import Facts
from compute_grants.models import Allocation, Amendment, AmendmentPart
from compute_grants.queries.programme import all_in_force
from consortium.models import Account, User


def facts(allocation: Allocation, today: date | None = None) -> Facts:
    """Two queries, and one for the account."""
    past = tuple(allocation.amendments.order_by("pk"))
    account = Account.objects.filter(pk=allocation.account_id or 0).first()
    left = max(account.available, 0) if account else allocation.seconds
    return Facts(allocation, today or timezone.localdate(), all_in_force(), past, left)


def of_grant(allocation: Allocation, user: User) -> QuerySet[Amendment]:
    """The requests of a grant, as giver or receiver, newest first."""
    rows = Amendment.objects.visible_to(user).shown()
    return rows.filter(Q(allocation=allocation) | Q(other=allocation)).order_by("-pk")


def receivers(allocation: Allocation) -> QuerySet[Allocation]:
    """Grants of the same lead that time can be transferred to."""
    rows = Allocation.objects.live().filter(proposal__lead=allocation.proposal.lead_id)
    return rows.exclude(pk=allocation.pk).shown().order_by("number")


def waiting_parts(amendment: Amendment) -> list[AmendmentPart]:
    """The words of the current round that are still out."""
    rows = amendment.parts.filter(round=amendment.round, verdict=AmendmentPart.Verdict.WAITING)
    return list(rows.select_related("centre").order_by("pk"))
