"""What people are told of teams."""

from django.utils.translation import gettext_lazy as _

from consortium.models import Topic
from consortium.notices import Notice

NOTICES: dict[str, Notice] = {
    "proposal.member_invited": Notice(
        Topic.PROPOSALS, _("You are asked onto the team of %(number)s. Confirm or decline.")
    ),
    "proposal.member_confirmed": Notice(
        Topic.PROPOSALS, _("%(person)s joined the team of %(number)s.")
    ),
    "proposal.member_declined": Notice(
        Topic.PROPOSALS, _("%(person)s is not on the team of %(number)s.")
    ),
    "proposal.member_removed": Notice(
        Topic.PROPOSALS, _("You were taken off the team of %(number)s. Nothing is left to do.")
    ),
}
