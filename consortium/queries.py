"""What waits for a person in the consortium, and what they hold there."""

from datetime import timedelta

from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from consortium.inbox import Holding, Task
from consortium.models import (
    Affiliation,
    AffiliationRequest,
    ArmAppointment,
    Institution,
    Notification,
    User,
    in_force,
)
from consortium.roles import Permission, has, standing

State = Institution.State
# Days in which the secretariat means to answer.
ANSWER_IN = timedelta(days=14)
# The bar on top of every page counts no further, so that it costs the same for everybody.
MOST_COUNTED = 99


def unread_notices(user: User) -> int:
    """How many notices the person has not read, counted up to one more than MOST_COUNTED."""
    return Notification.objects.visible_to(user).unread()[: MOST_COUNTED + 1].count()


def staff_of(office: ArmAppointment.Office) -> QuerySet[User]:
    """Who holds this office today. One query."""
    held = ArmAppointment.objects.filter(in_force(timezone.localdate()), office=office)
    return User.objects.filter(pk__in=held.values("user"), is_active=True)


def tasks_for(user: User) -> list[Task]:
    """Memberships and affiliations on which this person has to act. At most three queries."""
    tasks = _applications_of(user)
    if has(user, Permission.INSTITUTION_ADMIT):
        tasks += _applications_to_decide()
    if has(user, Permission.PEOPLE_MANAGE):
        tasks += _requests_to_decide(user)
    return tasks


def _applications_of(user: User) -> list[Task]:
    """My own applications that are not handed in, or came back."""
    mine = Institution.objects.filter(
        state__in=[State.DRAFT, State.MORE_INFO],
        affiliations__user=user,
        affiliations__role=Affiliation.Role.ADMIN,
        affiliations__until__isnull=True,
    )
    why = {
        State.DRAFT: _("The application is a draft. Hand it in when it is complete."),
        State.MORE_INFO: _("The secretariat asks for more information."),
    }
    return [
        Task(
            verb=_("Complete"),
            title=institution.name,
            href=institution.get_absolute_url(),
            why=why[State(institution.state)],
            tone="warn" if institution.state == State.MORE_INFO else "plain",
        )
        for institution in mine.order_by("pk")
    ]


def _applications_to_decide() -> list[Task]:
    waiting = [State.SUBMITTED, State.DUE_DILIGENCE, State.VOTE, State.AGREEMENT_SENT]
    found = Institution.objects.filter(state__in=waiting).order_by("pk")
    return [
        Task(
            verb=_("Decide"),
            title=institution.name,
            href=institution.get_absolute_url(),
            why=_("Membership application in the state “%(state)s”.")
            % {"state": institution.get_state_display()},
        )
        for institution in found
    ]


def _requests_to_decide(user: User) -> list[Task]:
    found = (
        AffiliationRequest.objects.visible_to(user)
        .filter(state=AffiliationRequest.State.WAITING)
        .exclude(user=user)
        .select_related("user", "institution")
        .order_by("asked_at")
    )
    return [
        Task(
            verb=_("Confirm"),
            title=_("%(person)s at %(institution)s")
            % {"person": request.user.name, "institution": request.institution.name},
            href=reverse("consortium:affiliation_request", args=[request.pk]),
            why=_("They say that they belong to the institution."),
            due=request.asked_at + ANSWER_IN,
        )
        for request in found
    ]


def holdings_for(user: User) -> list[Holding]:
    """The institutions to which this person belongs, and as what. One query."""
    rows = (
        user.affiliations.filter(institution_id__in=standing(user).institution_ids, until=None)
        .select_related("institution")
        .order_by("institution_id", "role")
    )
    return [
        Holding(
            kind=_("Institution"),
            number=row.institution.slug,
            title=row.institution.name,
            href=row.institution.get_absolute_url(),
            figure=row.get_role_display(),
            state=row.institution.get_state_display(),
            tone="ok",
        )
        for row in rows
    ]
