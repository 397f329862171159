"""Waivers as pages show them."""

from __future__ import annotations

from typing import Any

from django.db.models import F, OuterRef, QuerySet, TextField, Value
from django.db.models.functions import Concat

from compute_grants.models import Waiver
from consortium.models import User


def waivers_of_review() -> QuerySet[Any, Any]:
    """For a subquery of reviews: "conflict: reason" of each waiver the review stands under."""
    text = Concat(F("conflict"), Value(": "), F("reason"), output_field=TextField())
    return (
        Waiver.objects.filter(
            proposal=OuterRef("assignment__proposal"),
            reviewer=OuterRef("assignment__reviewer"),
            state=Waiver.State.APPROVED,
        )
        .order_by("pk")
        .annotate(text=text)
        .values("text")
    )


def waiver_rows(user: User) -> QuerySet[Waiver]:
    """Waivers this person sees, the undecided first. One query."""
    return (
        Waiver.objects.visible_to(user)
        .select_related("proposal", "reviewer", "asked_by", "decided_by")
        .order_by(F("decided_at").desc(nulls_first=True), "-pk")
    )
