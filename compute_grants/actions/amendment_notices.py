"""Who is told of a request to change a grant, and when."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import Q, QuerySet
from django.utils import timezone

from compute_grants.models import Amendment, AmendmentPart
from compute_grants.policies.interests import same_house
from consortium.actions.notices import notify
from consortium.models import Affiliation, ArmAppointment, User, in_force
from consortium.queries import staff_of


def deciders(amendment: Amendment, parts: Iterable[AmendmentPart]) -> QuerySet[User]:
    """Whose word these parts need: the office, operators of the centres. One query."""
    house = amendment.allocation.proposal.institution
    centres = [part.centre for part in parts if part.centre is not None]
    office = any(part.centre is None for part in parts) or amendment.round > 1
    office = office or any(same_house(centre, house) for centre in centres)
    running = Affiliation.objects.filter(
        in_force(timezone.localdate()), role=Affiliation.Role.OPERATOR, institution__in=centres
    )
    found = Q(pk__in=running.values("user"))
    if office:
        found |= Q(pk__in=staff_of(ArmAppointment.Office.RESEARCH).values("pk"))
    return User.objects.filter(found, is_active=True).exclude(
        pk__in=[amendment.asked_by_id, amendment.allocation.proposal.lead_id]
    )


def to_decide(
    amendment: Amendment, parts: Iterable[AmendmentPart], *, besides: User | None
) -> None:
    """It waits for these people's word. besides: who did it, and so knows."""
    notify(
        "amendment.submitted",
        to=deciders(amendment, list(parts)),
        about=amendment,
        besides=besides,
        number=amendment.number,
        grant=amendment.allocation.number,
        due_on=amendment.due_on.isoformat() if amendment.due_on else "",
    )


def to_asker(code: str, amendment: Amendment, *, besides: User | None, reason: str = "") -> None:
    """Tell who asked, and the lead of the grant."""
    notify(
        code,
        to=[amendment.asked_by, amendment.allocation.proposal.lead],
        about=amendment,
        besides=besides,
        number=amendment.number,
        grant=amendment.allocation.number,
        reason=reason[:300],
        person=besides.name if besides else "",
    )


def to_handler(amendment: Amendment, *, besides: User | None) -> None:
    """Whoever looks after it need not any more."""
    if amendment.handler is not None:
        notify(
            "amendment.withdrawn",
            to=[amendment.handler],
            about=amendment,
            besides=besides,
            number=amendment.number,
            grant=amendment.allocation.number,
        )
