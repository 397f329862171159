"""What pages and rules know of a grant's requests."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from django.db.models import Q, QuerySet
from django.utils import timezone

from compute_grants import programme
from compute_grants.models import Allocation, Amendment, AmendmentPart
from compute_grants.queries.programme import all_in_force
from consortium.models import Account, User

Kind = Amendment.Kind
State = Amendment.State
RAISES = frozenset({Kind.SUPPLEMENT, Kind.ADVANCE, Kind.RENEWAL})


@dataclass(frozen=True, slots=True)
class Facts:
    """What the rules ask about one grant. past: its requests as giver, oldest first.

    left: seconds unused, not below zero.
    """

    allocation: Allocation
    today: date
    bodies: dict[str, programme.Body]
    past: tuple[Amendment, ...]
    left: int

    def open_of(self, kind: str) -> Amendment | None:
        return next((a for a in self.past if a.kind == kind and a.state in Amendment.OPEN), None)

    @property
    def applied(self) -> list[Amendment]:
        return [a for a in self.past if a.state == State.APPLIED]

    @property
    def awarded_seconds(self) -> int:
        """What the call gave before anything was added on request."""
        added = sum(a.seconds or 0 for a in self.applied if a.kind in RAISES)
        return max(self.allocation.promised_seconds - added, 0)

    @property
    def owed_seconds(self) -> int:
        return sum(a.owed_seconds for a in self.past)

    def added(self, kind: str) -> int:
        """Seconds that requests of one kind have added so far."""
        return sum(a.seconds or 0 for a in self.applied if a.kind == kind)

    @property
    def term_ends_on(self) -> date:
        """The last day of the current term, before its extensions."""
        term = self.allocation.ends_on
        for past in reversed(self.applied):
            if past.kind == Kind.RENEWAL:
                break
            if past.kind == Kind.EXTENSION and past.ended_on_before:
                term = past.ended_on_before
        return term


def facts(allocation: Allocation, today: date | None = None) -> Facts:
    """Two queries, and one for the account."""
    past = tuple(allocation.amendments.order_by("pk"))
    account = Account.objects.filter(pk=allocation.account_id or 0).first()
    left = max(account.available, 0) if account else allocation.seconds
    return Facts(allocation, today or timezone.localdate(), all_in_force(), past, left)


def months_later(day: date, months: int) -> date:
    """The same day so many months later, or the last one of that month."""
    index = day.year * 12 + day.month - 1 + months
    first = date(index // 12, index % 12 + 1, 1)
    following = date((index + 1) // 12, (index + 1) % 12 + 1, 1)
    return min(first + timedelta(days=day.day - 1), following - timedelta(days=1))


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
