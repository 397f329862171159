"""Telling those who wait of what happens to a call: followers, and leads with a begun proposal."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from compute_grants.models import Call, CallRound, Proposal
from consortium import audit
from consortium.actions.notices import notify
from consortium.models import User

SOON = timedelta(days=3)


def audience(call: Call) -> QuerySet[User]:
    """Followers, and leads of proposals that are not handed in. One query."""
    begun = Proposal.objects.filter(
        call=call,
        lead=OuterRef("pk"),
        state__in=[Proposal.State.DRAFT, Proposal.State.RETURNED],
    )
    following = Q(followed_calls=call)
    people = User.objects.filter(following | Q(Exists(begun)), is_active=True)
    return people.distinct().order_by("pk")


def tell(code: str, call: Call, *, by: User | None, **facts: str) -> int:
    """Tell the audience, in the transaction that makes it so. Returns how many were told."""
    return notify(
        code,
        to=audience(call),
        about=call,
        besides=by,
        title_en=call.title_en,
        title_zh=call.title_zh,
        **facts,
    )


def remind_of_closing(now: datetime | None = None) -> int:
    """Tell of rounds that close within three days, once for each closing time.

    Returns how many rounds were told of; safe to repeat.
    """
    now = now or timezone.now()
    due = CallRound.objects.filter(
        call__state__in=[Call.State.PUBLISHED, Call.State.OPEN],
        opens_at__lte=now,
        closes_at__gt=now,
        closes_at__lte=now + SOON,
        reminded_at__isnull=True,
    )
    return sum(
        _remind(pk, now) for pk in due.order_by("closes_at", "pk").values_list("pk", flat=True)
    )


@transaction.atomic
def _remind(pk: int, now: datetime) -> bool:
    rows = CallRound.objects.select_for_update(of=("self",)).select_related("call")
    each = rows.get(pk=pk)
    if each.reminded_at is not None or not now < each.closes_at <= now + SOON:
        return False  # another worker was first, or it was extended meanwhile
    each.reminded_at = now
    each.save(update_fields=["reminded_at"])
    tell("call.closes_soon", each.call, by=None, closes_at=each.closes_at.isoformat())
    audit.record("call.closes_soon", each.call, by=None, round=each.position)
    return True
