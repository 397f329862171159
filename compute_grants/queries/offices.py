"""Who holds an office today, to be told of things."""

from __future__ import annotations

from django.db.models import QuerySet
from django.utils import timezone

from consortium.models import ArmAppointment, User, in_force


def research_office() -> QuerySet[User]:
    """The people of the R&D office. One query."""
    held = ArmAppointment.objects.filter(
        in_force(timezone.localdate()), office=ArmAppointment.Office.RESEARCH
    )
    return User.objects.filter(pk__in=held.values("user"), is_active=True)
