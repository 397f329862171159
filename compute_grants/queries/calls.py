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

    Three queries with the budgets (`call.offered`) and rounds.
    """
    now = timezone.now()
    rank = Case(
        When(pk__in=Call.objects.accepting(now).values("pk"), then=Value(0)),
        When(state=Call.State.PUBLISHED, then=Value(1)),
        When(state=Call.State.DRAFT, then=Value(2)),
        When(state__in=[Call.State.OPEN, Call.State.IN_REVIEW], then=Value(3)),
        default=Value(4),
        output_field=IntegerField(),
    )
    rows = Call.objects.visible_to(user).annotate(rank=rank)
    return rows.prefetch_related(_offered(), "rounds").order_by("rank", "closes_at", "pk")


def _offered() -> Prefetch[str, QuerySet[CallBudget], str]:
    budgets = CallBudget.objects.select_related("resource__machine", "account").order_by("pk")
    return Prefetch("budgets", queryset=budgets, to_attr="offered")


def open_calls() -> list[Call]:
    """Calls that take proposals now, soonest deadline first, each with `offered`.

    Three queries.
    """
    now = timezone.now()
    calls = Call.objects.accepting(now).prefetch_related(_offered(), "rounds")
    return sorted(calls, key=lambda call: (call.deadline(now), call.pk))


def offers(call: Call) -> list[Offer]:
    """What a call offers, and what is left of it. One query."""
    budgets = call.budgets.select_related("resource__machine__centre", "account").order_by("pk")
    return [Offer(b, b.account.available if b.account else None) for b in budgets]
