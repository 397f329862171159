"""What a policy answers, and the policies of the consortium itself.

One function serves the check in an action, the greyed button on a page and its tooltip.
"""

from dataclasses import dataclass

from allauth.mfa.models import Authenticator
from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from consortium.models import (
    Affiliation,
    AffiliationRequest,
    ApiToken,
    ArmAppointment,
    Institution,
    Notification,
    Reviewer,
    User,
)
from consortium.roles import SECOND_FACTOR, Permission, has, shares_interest, standing


@dataclass(frozen=True, slots=True)
class Decision:
    """Whether somebody may do something, and if not, why, in their language."""

    allowed: bool
    reason: str | Promise = ""

    def __bool__(self) -> bool:
        return self.allowed

    def require(self) -> None:
        """Raise PermissionDenied with the reason unless allowed."""
        if not self.allowed:
            raise PermissionDenied(str(self.reason))


ALLOW = Decision(True)


def deny(reason: str | Promise) -> Decision:
    return Decision(False, reason)


def needs_second_factor(user: User) -> bool:
    """Whether the person's roles award, admit, appoint, sign or sign off."""
    return bool(standing(user).permissions & SECOND_FACTOR)


def second_factor(user: User) -> Decision:
    """Whether the person has the second factor that their roles ask for.

    The site asks for it where REQUIRE_SECOND_FACTOR is set.
    """
    if not settings.REQUIRE_SECOND_FACTOR or not needs_second_factor(user):
        return ALLOW
    kinds = [Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN]
    if Authenticator.objects.filter(user_id=user.pk, type__in=kinds).exists():
        return ALLOW
    return deny(_("Your roles need a second factor. Add an authenticator app or a passkey first."))


def can_retry_effects(user: User) -> Decision:
    """Whether the person may have changes to other systems tried again at once."""
    if not has(user, Permission.ALLOCATION_MANAGE):
        return deny(_("Only those who manage allocations may have a change tried again."))
    return ALLOW


# Tokens


def can_create_token(user: User) -> Decision:
    if not has(user, Permission.TOKEN_OWN):
        return deny(_("Sign in with an active account to create an API token."))
    return ALLOW


def can_revoke_token(user: User, token: ApiToken) -> Decision:
    """The owner, and the secretariat when a token has leaked."""
    if token.user_id == user.pk or _is_secretariat(user):
        return ALLOW
    return deny(_("Only the token's owner or the secretariat may revoke it."))


# Institutions


def can_apply(user: User) -> Decision:
    if not user.is_active:
        return deny(_("This account is closed."))
    return ALLOW


def can_edit_application(user: User, institution: Institution) -> Decision:
    """The applicants, while the application is a draft or more information is asked."""
    if not _is_applicant(user, institution):
        return deny(_("Only those who made this application may change it."))
    if institution.state not in {Institution.State.DRAFT, Institution.State.MORE_INFO}:
        return deny(_("The application has been handed in. The secretariat may ask for changes."))
    return ALLOW


def can_submit_application(user: User, institution: Institution) -> Decision:
    return can_edit_application(user, institution)


def can_move(user: User, institution: Institution) -> Decision:
    """Whether the person may take a membership from one state to the next."""
    if not has(user, Permission.INSTITUTION_ADMIT):
        return deny(_("Only the secretariat decides about memberships."))
    if shares_interest(user, institution):
        return deny(_("You belong to this institution or its group. A colleague must decide."))
    if institution.state == Institution.State.DRAFT:
        return deny(_("This application has not been handed in yet."))
    if not Institution.TRANSITIONS[Institution.State(institution.state)]:
        return deny(_("This membership has ended. Nothing follows."))
    return ALLOW


def can_see_history(user: object, institution: Institution) -> Decision:
    """The record names people, so it is for the institution itself and the offices."""
    if not isinstance(user, User):
        return deny(_("Sign in to see the history."))
    if has(user, Permission.AUDIT_VIEW) or _is_applicant(user, institution):
        return ALLOW
    if institution.pk in standing(user).institution_ids:
        return ALLOW
    return deny(_("The history is for members of this institution."))


# People


def can_add_person(user: User | None) -> Decision:
    """None is the system itself, which founds a new site."""
    if user is None or has(user, Permission.PEOPLE_MANAGE):
        return ALLOW
    return deny(_("Only the secretariat and institution admins may add people."))


def can_edit_profile(user: User, person: User) -> Decision:
    return ALLOW if user.pk == person.pk else deny(_("A profile is changed by its owner."))


def can_deactivate(user: User, person: User) -> Decision:
    if user.pk == person.pk:
        return deny(_("You cannot close your own account. Ask the secretariat."))
    if not _is_secretariat(user):
        return deny(_("Only the secretariat may close or reopen an account."))
    return ALLOW


def can_manage_people(user: User, institution: Institution) -> Decision:
    """Whether the person decides who belongs to the institution."""
    if _is_secretariat(user):
        return ALLOW
    if institution.pk in standing(user).institutions_as(Affiliation.Role.ADMIN):
        return ALLOW
    return deny(_("Only this institution's admins and the secretariat manage its people."))


def can_affiliate(user: User, institution: Institution, person: User, role: str) -> Decision:
    """Whether `user` may give `person` this role at the institution."""
    managing = can_manage_people(user, institution)
    if not managing:
        return managing
    if user.pk == person.pk:
        return deny(_("You cannot give a role to yourself. Ask another admin or the secretariat."))
    if role == Affiliation.Role.ADMIN and not _is_secretariat(user):
        return deny(_("Institution admins are named by the secretariat."))
    return ALLOW


def can_end_affiliation(user: User, affiliation: Affiliation) -> Decision:
    """One may always leave; others are taken off by those who manage the people."""
    if affiliation.until is not None:
        return deny(_("This affiliation has an end already."))
    if affiliation.user_id == user.pk:
        return ALLOW
    return can_manage_people(user, affiliation.institution)


def can_ask_to_join(user: User, institution: Institution) -> Decision:
    if institution.state != Institution.State.ACTIVE:
        return deny(_("This institution is not an active member."))
    if institution.pk in standing(user).institution_ids:
        return deny(_("You belong to this institution already."))
    waiting = AffiliationRequest.State.WAITING
    if user.affiliation_requests.filter(institution=institution, state=waiting).exists():
        return deny(_("Your request waits for the institution's admin."))
    return ALLOW


def can_decide_request(user: User, request: AffiliationRequest) -> Decision:
    if request.state != AffiliationRequest.State.WAITING:
        return deny(_("This request has been decided."))
    return can_affiliate(user, request.institution, request.user, request.role)


def can_withdraw_request(user: User, request: AffiliationRequest) -> Decision:
    return ALLOW if request.user_id == user.pk else deny(_("Only the asker may withdraw."))


# Offices


def can_appoint(user: User | None, person: User) -> Decision:
    """Whether `user` may appoint `person` to an office.

    The system itself (None) appoints only the first member of the secretariat.
    """
    if user is None:
        office = ArmAppointment.Office.SECRETARIAT
        if ArmAppointment.objects.filter(office=office).exclude(user=person).exists():
            return deny(_("There is a secretariat; it makes all further appointments."))
        return ALLOW
    if not has(user, Permission.APPOINT):
        return deny(_("Only the secretariat appoints to offices."))
    if user.pk == person.pk:
        return deny(_("You cannot appoint yourself. A colleague must do it."))
    return ALLOW


def can_end_appointment(user: User, appointment: ArmAppointment) -> Decision:
    if appointment.until is not None:
        return deny(_("This appointment has an end already."))
    if appointment.user_id == user.pk or has(user, Permission.APPOINT):
        return ALLOW
    return deny(_("Only the secretariat ends appointments."))


def can_set_reviewer(user: User, person: User, reviewer: Reviewer | None = None) -> Decision:
    """Whether `user` may give, change or end the person's standing as a reviewer."""
    if user.pk == person.pk:
        return deny(_("You cannot name yourself a reviewer."))
    if reviewer is not None and reviewer.user_id != person.pk:
        return deny(_("This standing belongs to somebody else."))
    if has(user, Permission.REVIEWER_NAME):
        return ALLOW
    return deny(_("Reviewers are named by the R&D office or the secretariat."))


def _is_secretariat(user: User) -> bool:
    return ArmAppointment.Office.SECRETARIAT in standing(user).offices


def _is_applicant(user: User, institution: Institution) -> bool:
    """Whether the person is an admin of it, be it a member yet or not."""
    return institution.affiliations.filter(
        user=user, role=Affiliation.Role.ADMIN, until__isnull=True
    ).exists()


# Notices


def can_use_notices(user: User) -> Decision:
    if not user.is_active:
        return deny(_("This account is closed."))
    return ALLOW


def can_read_notice(user: User, notice: Notification) -> Decision:
    if notice.person_id != user.pk:
        return deny(_("This notice is for somebody else."))
    return can_use_notices(user)


def can_set_notice_preferences(user: User, person: User) -> Decision:
    """Everybody for themselves, and nobody for another."""
    if user.pk != person.pk:
        return deny(_("People choose for themselves what comes by mail."))
    return can_use_notices(user)
