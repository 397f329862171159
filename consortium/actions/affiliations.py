"""Who belongs to which institution, and as what."""

from datetime import date

from django.db import transaction
from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from consortium import audit, policies
from consortium.actions.notices import notify
from consortium.actions.sessions import end_sessions
from consortium.errors import DomainError, Invalid
from consortium.models import Affiliation, AffiliationRequest, Institution, User
from consortium.states import require_transition

State = AffiliationRequest.State


class AlreadyAffiliated(DomainError):
    """The person holds this role at this institution already."""


class NotACentre(DomainError):
    """Operators run machines, and only supercomputing centres have them."""


class LastAdmin(DomainError):
    """An institution must keep somebody who manages its people."""


class NotActive(DomainError):
    """Only active members take people in."""


@transaction.atomic
def add(
    person: User,
    institution: Institution,
    *,
    role: str,
    by: User,
    since: date | None = None,
    until: date | None = None,
) -> Affiliation:
    """Give `person` a role at the institution, from today unless `since` says otherwise.

    Raises PermissionDenied, Invalid, NotActive, NotACentre or AlreadyAffiliated.
    """
    person = User.objects.select_for_update().get(pk=person.pk)
    policies.can_affiliate(by, institution, person, role).require()
    return _begin(person, institution, role, by=by, since=since, until=until)


def _begin(
    person: User,
    institution: Institution,
    role: str,
    *,
    by: User,
    since: date | None = None,
    until: date | None = None,
) -> Affiliation:
    since = since or timezone.localdate()
    if until is not None and until < since:
        raise Invalid({"until": [_("The end must not be before the beginning.")]})
    if institution.state != Institution.State.ACTIVE:
        raise NotActive(_("This institution is not an active member, so nobody can join it."))
    if role == Affiliation.Role.OPERATOR and institution.kind != Institution.Kind.CENTRE:
        raise NotACentre(_("Only a supercomputing centre has operators. Choose another role."))
    if person.affiliations.filter(institution=institution, role=role, until=None).exists():
        raise AlreadyAffiliated(_("This person holds this role here already."))

    affiliation = Affiliation.objects.create(
        user=person, institution=institution, role=role, since=since, until=until
    )
    end_sessions([person])
    _record("affiliation.begun", affiliation, by=by)
    return affiliation


@transaction.atomic
def end(affiliation: Affiliation, *, by: User, until: date | None = None) -> Affiliation:
    """End an affiliation from the next request on, or after the day `until`.

    Raises PermissionDenied, Invalid or LastAdmin.
    """
    affiliation = Affiliation.objects.select_for_update().get(pk=affiliation.pk)
    policies.can_end_affiliation(by, affiliation).require()
    if until is not None and until < affiliation.since:
        raise Invalid({"until": [_("The end must not be before the beginning.")]})
    _keep_an_admin(affiliation)

    affiliation.close(until)
    affiliation.save(update_fields=["since", "until"])
    end_sessions([affiliation.user])
    _record("affiliation.ended", affiliation, by=by, last_day=str(affiliation.until))
    return affiliation


def _keep_an_admin(affiliation: Affiliation) -> None:
    if affiliation.role != Affiliation.Role.ADMIN:
        return
    others = affiliation.institution.affiliations.filter(
        role=Affiliation.Role.ADMIN, until__isnull=True
    ).exclude(pk=affiliation.pk)
    if not others.exists():
        raise LastAdmin(_("This is the institution's only admin. Name another one first."))


@transaction.atomic
def ask(
    institution: Institution,
    *,
    by: User,
    role: str = Affiliation.Role.MEMBER,
    note: str = "",
) -> AffiliationRequest:
    """Ask to be taken on as one of the institution's people. Raises PermissionDenied, Invalid."""
    by = User.objects.select_for_update().get(pk=by.pk)
    policies.can_ask_to_join(by, institution).require()
    if role not in {Affiliation.Role.MEMBER, Affiliation.Role.PRINCIPAL, Affiliation.Role.OPERATOR}:
        raise Invalid({"role": [_("This role is given by the institution; ask as a member.")]})
    request = AffiliationRequest.objects.create(
        user=by, institution=institution, role=role, note=note.strip()
    )
    _record_request("affiliation.asked", request, by=by)
    notify(
        "affiliation.asked",
        to=_admins(institution),
        about=request,
        href=reverse("consortium:affiliation_request", args=[request.pk]),
        besides=by,
        person=by.email,
        institution_en=institution.name_en,
        institution_zh=institution.name_zh,
    )
    return request


def _admins(institution: Institution) -> QuerySet[User]:
    """Whoever decides who belongs there."""
    in_charge = institution.affiliations.on(timezone.localdate()).filter(
        role=Affiliation.Role.ADMIN
    )
    return User.objects.filter(pk__in=in_charge.values("user_id"))


@transaction.atomic
def confirm(request: AffiliationRequest, *, by: User) -> Affiliation:
    """Take the asker on. Raises what `add` raises, and WrongState."""
    request = _locked(request)
    policies.can_decide_request(by, request).require()
    _decide(request, State.CONFIRMED)
    _record_request("affiliation.confirmed", request, by=by)
    notify(
        "affiliation.confirmed",
        to=[request.user],
        about=request.institution,
        institution_en=request.institution.name_en,
        institution_zh=request.institution.name_zh,
    )
    return _begin(request.user, request.institution, request.role, by=by)


@transaction.atomic
def decline(request: AffiliationRequest, *, reason: str, by: User) -> AffiliationRequest:
    """Do not take the asker on. Raises PermissionDenied, WrongState or Invalid."""
    request = _locked(request)
    policies.can_decide_request(by, request).require()
    if not reason.strip():
        raise Invalid({"reason": [_("Give the reason. The asker will read it.")]})
    _decide(request, State.DECLINED)
    _record_request("affiliation.declined", request, by=by, reason=reason.strip())
    notify(
        "affiliation.declined",
        to=[request.user],
        about=request.institution,
        reason=reason.strip(),
        institution_en=request.institution.name_en,
        institution_zh=request.institution.name_zh,
    )
    return request


@transaction.atomic
def withdraw(request: AffiliationRequest, *, by: User) -> AffiliationRequest:
    """Take one's own request back. Raises PermissionDenied or WrongState."""
    request = _locked(request)
    policies.can_withdraw_request(by, request).require()
    _decide(request, State.WITHDRAWN)
    _record_request("affiliation.withdrawn", request, by=by)
    return request


def _locked(request: AffiliationRequest) -> AffiliationRequest:
    return (
        AffiliationRequest.objects.select_for_update(of=("self",))
        .select_related("user", "institution")
        .get(pk=request.pk)
    )


def _decide(request: AffiliationRequest, to: str) -> None:
    require_transition(AffiliationRequest.TRANSITIONS, request.state, to)
    request.state = to
    request.decided_at = timezone.now()
    request.save(update_fields=["state", "decided_at"])


def _record(code: str, affiliation: Affiliation, *, by: User, **detail: object) -> None:
    """On the institution, where its people look for what happened."""
    person = affiliation.user
    audit.record(
        code, affiliation.institution, by=by, person=person.email, role=affiliation.role, **detail
    )


def _record_request(code: str, request: AffiliationRequest, *, by: User, **detail: object) -> None:
    audit.record(
        code, request.institution, by=by, person=request.user.email, role=request.role, **detail
    )
