"""What waits for a person in the consortium, and what they hold there."""

from collections.abc import Iterator
from datetime import timedelta

from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from consortium.inbox import AnyPart, Facts, Holding, Part, Task, named
from consortium.models import (
    Affiliation,
    AffiliationRequest,
    ArmAppointment,
    Institution,
    Notification,
    User,
    in_force,
    localized,
)
from consortium.roles import Permission, has, standing

State = Institution.State
# Days in which the secretariat means to answer.
ANSWER_IN = timedelta(days=14)
MOST = 100  # of one kind on the dashboard
# The bar on top of every page counts no further, so that it costs the same for everybody.
MOST_COUNTED = 99


def unread_notices(user: User) -> int:
    """How many notices the person has not read, counted up to one more than MOST_COUNTED."""
    return Notification.objects.visible_to(user).unread()[: MOST_COUNTED + 1].count()


def staff_of(office: ArmAppointment.Office) -> QuerySet[User]:
    """Who holds this office today. One query."""
    held = ArmAppointment.objects.filter(in_force(timezone.localdate()), office=office)
    return User.objects.filter(pk__in=held.values("user"), is_active=True)


def parts_for(user: User) -> Iterator[AnyPart]:
    """Memberships and affiliations on which this person has to act, and their institutions."""
    yield _applications_of(user)
    if has(user, Permission.INSTITUTION_ADMIT):
        yield _applications_to_decide()
    if has(user, Permission.PEOPLE_MANAGE):
        yield _requests_to_decide(user)
    yield _institutions_of(user)


FACTS = {**named("", "name", "slug"), "state": "state"}


def _applications_of(user: User) -> Part[Task]:
    """My own applications that are not handed in, or came back."""
    mine = Institution.objects.filter(
        state__in=[State.DRAFT, State.MORE_INFO],
        affiliations__user=user,
        affiliations__role=Affiliation.Role.ADMIN,
        affiliations__until__isnull=True,
    )
    return Part(mine.order_by("pk"), FACTS, _complete, MOST)


def _complete(row: Facts) -> Task:
    asked = row.state == State.MORE_INFO
    return Task(
        verb=_("Complete"),
        title=localized(row, "name"),
        href=_address(row),
        why=_("The secretariat asks for more information.")
        if asked
        else _("The application is a draft. Hand it in when it is complete."),
        tone="warn" if asked else "plain",
    )


def _address(row: Facts) -> str:
    return reverse("consortium:institution", args=[row.slug])


def _applications_to_decide() -> Part[Task]:
    waiting = [State.SUBMITTED, State.DUE_DILIGENCE, State.VOTE, State.AGREEMENT_SENT]
    return Part(Institution.objects.filter(state__in=waiting).order_by("pk"), FACTS, _decide, MOST)


def _decide(row: Facts) -> Task:
    return Task(
        verb=_("Decide"),
        title=localized(row, "name"),
        href=_address(row),
        why=_("Membership application in the state “%(state)s”.")
        % {"state": State(row.state).label},
    )


def _requests_to_decide(user: User) -> Part[Task]:
    rows = (
        AffiliationRequest.objects.visible_to(user)
        .filter(state=AffiliationRequest.State.WAITING)
        .exclude(user=user)
    )
    house = {"title_en": "institution__name_en", "title_zh": "institution__name_zh"}
    person = {**named("user__", "name"), "mail": "user__email"}
    facts = {**house, **person, "pk": "pk", "asked_at": "asked_at"}
    return Part(rows.order_by("asked_at"), facts, _confirm, MOST)


def _confirm(row: Facts) -> Task:
    return Task(
        verb=_("Confirm"),
        title=_("%(person)s at %(institution)s")
        % {
            "person": localized(row, "name") or row.mail,
            "institution": localized(row, "title"),
        },
        href=reverse("consortium:affiliation_request", args=[row.pk]),
        why=_("They say that they belong to the institution."),
        due=row.moment("asked_at") + ANSWER_IN,
    )


def _institutions_of(user: User) -> Part[Holding]:
    """The institutions to which this person belongs, and as what."""
    rows = user.affiliations.filter(
        institution_id__in=standing(user).institution_ids, until=None
    ).order_by("institution_id", "role")
    facts = named("institution__", "name", "slug", "state")
    return Part(rows, {**facts, "role": "role"}, _belongs, MOST)


def _belongs(row: Facts) -> Holding:
    return Holding(
        kind=pgettext("what a person belongs to", "Institution"),
        number=row.slug,
        title=localized(row, "name"),
        href=_address(row),
        figure=str(Affiliation.Role(row.role).label),
        state=str(State(row.state).label),
        tone="ok",
    )
