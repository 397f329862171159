"""Who says what a reviewer knows, and who keeps the list of topics."""

from django.utils.translation import gettext_lazy as _

from consortium.models import User
from consortium.policies import ALLOW, Decision, deny
from consortium.roles import Permission, Role, has, roles_of


def can_state(user: User, person: User) -> Decision:
    """One's own as a reviewer, and anybody's for the office. The person must review."""
    if user.pk != person.pk and not has(user, Permission.REVIEW_ASSIGN):
        return deny(_("State your own expertise. That of others is kept by the R&D office."))
    if Role.REVIEWER not in roles_of(person):
        return deny(_("Only reviewers of the consortium state an expertise."))
    return ALLOW


def can_keep_topics(user: User) -> Decision:
    if not has(user, Permission.REVIEW_ASSIGN):
        return deny(_("Only the R&D office keeps the list of topics."))
    return ALLOW
