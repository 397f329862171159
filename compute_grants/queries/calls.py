"""Calls as pages show them."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Case, IntegerField, Prefetch, QuerySet, Value, When
from django.utils import timezone

from compute_grants.models import Call, CallBudget


@dataclass(frozen=True, slots=True)
class Offer:
    """Hours of one resource under a call. `left`: None until the budget is funded."""

    budget: CallBudget
    left: int | None


def call_rows(user: object) -> QuerySet[Call]:
    """Calls this person may see: those that take proposals first, the soonest deadline first.

    Two queries with the budgets (`call.offered`).
    """
    now = timezone.now()
    rank = Case(
        When(
            state__in=[Call.State.PUBLISHED, Call.State.OPEN],
            opens_at__lte=now,
            closes_at__gt=now,
            then=Value(0),
        ),
        When(state=Call.State.PUBLISHED, then=Value(1)),
        When(state=Call.State.DRAFT, then=Value(2)),
        When(state__in=[Call.State.OPEN, Call.State.IN_REVIEW], then=Value(3)),
        default=Value(4),
        output_field=IntegerField(),
    )
    rows = Call.objects.visible_to(user).annotate(rank=rank)
    return rows.prefetch_related(_offered()).order_by("rank", "closes_at", "pk")


def _offered() -> Prefetch[str, QuerySet[CallBudget], str]:
    budgets = CallBudget.objects.select_related("resource__machine", "account").order_by("pk")
    return Prefetch("budgets", queryset=budgets, to_attr="offered")


def open_calls() -> list[Call]:
    """Calls that take proposals now, soonest deadline first, each with `offered`. Two queries."""
    calls = Call.objects.accepting(timezone.now()).prefetch_related(_offered())
    return list(calls.order_by("closes_at", "pk"))


def offers(call: Call) -> list[Offer]:
    """What a call offers, and what is left of it. One query."""
    budgets = call.budgets.select_related("resource__machine__centre", "account").order_by("pk")
    return [Offer(b, b.account.available if b.account else None) for b in budgets]
