"""People, their offices, and their standing as reviewers."""

from collections.abc import Sequence
from datetime import date, timedelta

from allauth.account.models import EmailAddress
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from consortium import audit, policies
from consortium.actions.sessions import end_sessions
from consortium.errors import DomainError, Invalid
from consortium.identifiers import normal_orcid
from consortium.models import ArmAppointment, Reviewer, User

Office = ArmAppointment.Office
COOLING_OFF = timedelta(days=180)
# The two sides of the wall. Nobody stands on both, nor crosses over without a pause.
_OPPOSITE = {Office.RESEARCH: Office.DEPLOYMENT, Office.DEPLOYMENT: Office.RESEARCH}


class AlreadyKnown(DomainError):
    """Somebody has this mail address already."""


class AlreadyAppointed(DomainError):
    """The person holds this office."""


class BothSidesOfTheWall(DomainError):
    """The R&D office and the deployment office are never held by one person."""


class CoolingOff(DomainError):
    """Too little time has passed since the person left the other arm."""


@transaction.atomic
def add_person(
    *,
    email: str,
    name_en: str,
    name_zh: str,
    by: User | None,
    language: str = User.Language.CHINESE,
    password: str | None = None,
) -> User:
    """A new person whose mail address somebody answers for; without a password they set one.

    Raises PermissionDenied, Invalid or AlreadyKnown.
    """
    policies.can_add_person(by).require()
    if password is not None:
        _check_password(password)
    try:
        with transaction.atomic():
            person = User.objects.create_user(
                email, password, name_en=name_en, name_zh=name_zh, language=language
            )
    except IntegrityError as error:
        raise AlreadyKnown(_("Somebody signs in with this e-mail address already.")) from error
    EmailAddress.objects.create(user=person, email=person.email, verified=True, primary=True)
    audit.record("person.created", person, by=by)
    return person


def _check_password(password: str) -> None:
    try:
        validate_password(password)
    except ValidationError as error:
        raise Invalid({"password": list(error.messages)}) from error


@transaction.atomic
def update_profile(
    person: User, *, name_en: str, name_zh: str, language: str, by: User, orcid: str | None = None
) -> User:
    """Change how a person is called and addressed. orcid: in any usual form; None leaves it.

    Raises PermissionDenied or Invalid.
    """
    person = _locked(person)
    policies.can_edit_profile(by, person).require()
    if not (name_en.strip() or name_zh.strip()):
        raise Invalid({"name_en": [_("Give a name in at least one of the two scripts.")]})
    if language not in User.Language.values:
        raise Invalid({"language": [_("Choose one of the two languages.")]})
    person.name_en, person.name_zh = name_en.strip(), name_zh.strip()
    person.language = language
    if orcid is not None:
        person.orcid = _free_orcid(person, orcid)
    person.save(update_fields=["name_en", "name_zh", "language", "orcid"])
    audit.record("person.profile_changed", person, by=by)
    return person


def _free_orcid(person: User, text: str) -> str:
    """In its written form. Raises Invalid: one iD is one person's."""
    if not text.strip():
        return ""
    try:
        orcid = normal_orcid(text)
    except ValueError as error:
        raise Invalid({"orcid": [str(error)]}) from error
    if User.objects.filter(orcid=orcid).exclude(pk=person.pk).exists():
        message = _("Somebody else states this iD. Write to the secretariat if it is yours.")
        raise Invalid({"orcid": [message]})
    return orcid


@transaction.atomic
def deactivate(person: User, *, reason: str, by: User) -> User:
    """Close an account: no session, no token and no sign-in from the next request on.

    Raises PermissionDenied or Invalid.
    """
    person = _locked(person)
    policies.can_deactivate(by, person).require()
    if not reason.strip():
        raise Invalid({"reason": [_("Give the reason.")]})
    person.is_active = False
    person.save(update_fields=["is_active"])
    person.tokens.filter(revoked_at=None).update(revoked_at=timezone.now())
    end_sessions([person])
    audit.record("person.deactivated", person, by=by, reason=reason.strip())
    return person


# Offices


@transaction.atomic
def appoint(
    person: User,
    *,
    office: str,
    by: User | None,
    since: date | None = None,
    until: date | None = None,
) -> ArmAppointment:
    """Appoint a person to an office, from today unless `since` says otherwise.

    Raises PermissionDenied, Invalid, AlreadyAppointed, BothSidesOfTheWall or CoolingOff.
    """
    person = _locked(person)
    policies.can_appoint(by, person).require()
    since = since or timezone.localdate()
    if until is not None and until < since:
        raise Invalid({"until": [_("The end must not be before the beginning.")]})
    if person.appointments.filter(office=office, until=None).exists():
        raise AlreadyAppointed(_("This person holds this office already."))
    _keep_the_wall(person, Office(office), since)

    appointment = ArmAppointment.objects.create(
        user=person, office=office, since=since, until=until
    )
    end_sessions([person])
    audit.record("appointment.made", appointment, by=by, person=person.email, office=office)
    return appointment


def _keep_the_wall(person: User, office: ArmAppointment.Office, since: date) -> None:
    """Refuse an office in one arm too near in time to one held in the other."""
    if office not in _OPPOSITE:
        return
    for held in person.appointments.filter(office=_OPPOSITE[office]):
        if held.until is None or held.until >= since:
            raise BothSidesOfTheWall(
                _(
                    "This person holds an office in the other arm. "
                    "Nobody works on both sides of the wall: end that appointment first."
                )
            )
        earliest = held.until + COOLING_OFF
        if since < earliest:
            raise CoolingOff(
                _("A move between the arms needs a pause. The earliest day is %(day)s.")
                % {"day": date_format(earliest, "DATE_FORMAT")}
            )


@transaction.atomic
def end_appointment(
    appointment: ArmAppointment, *, by: User, until: date | None = None
) -> ArmAppointment:
    """End an appointment from the next request on, or after the day `until`.

    Raises PermissionDenied or Invalid.
    """
    appointment = ArmAppointment.objects.select_for_update().get(pk=appointment.pk)
    policies.can_end_appointment(by, appointment).require()
    if until is not None and until < appointment.since:
        raise Invalid({"until": [_("The end must not be before the beginning.")]})
    appointment.close(until)
    appointment.save(update_fields=["since", "until"])
    end_sessions([appointment.user])
    audit.record(
        "appointment.ended",
        appointment,
        by=by,
        person=appointment.user.email,
        office=appointment.office,
        last_day=str(appointment.until),
    )
    return appointment


# Reviewers


@transaction.atomic
def name_reviewer(
    person: User,
    *,
    topics: Sequence[str],
    panellist: bool,
    by: User,
    since: date | None = None,
    until: date | None = None,
) -> Reviewer:
    """Give a person the standing of a reviewer, or change it. Raises PermissionDenied, Invalid."""
    person = _locked(person)
    reviewer = Reviewer.objects.filter(user=person).first()
    policies.can_set_reviewer(by, person, reviewer).require()
    since = since or (reviewer.since if reviewer else timezone.localdate())
    if until is not None and until < since:
        raise Invalid({"until": [_("The end must not be before the beginning.")]})
    values = {
        "topics": [topic.strip() for topic in topics if topic.strip()],
        "panellist": panellist,
        "since": since,
        "until": until,
    }
    reviewer, created = Reviewer.objects.update_or_create(user=person, defaults=values)
    end_sessions([person])
    code = "reviewer.named" if created else "reviewer.changed"
    audit.record(code, reviewer, by=by, person=person.email, panellist=panellist)
    return reviewer


def _locked(person: User) -> User:
    return User.objects.select_for_update().get(pk=person.pk)
