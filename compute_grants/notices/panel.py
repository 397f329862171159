"""What people are told of the panel's acts."""

from django.utils.translation import gettext_lazy as _

from consortium.models import Topic
from consortium.notices import Notice

NOTICES: dict[str, Notice] = {
    "decision_set.proposed": Notice(
        Topic.PANEL, _("The decisions %(number)s wait for your signature.")
    ),
    "waitlist.offered": Notice(
        Topic.PANEL,
        _("Time came back. %(number)s proposes whoever comes next on the waitlist. Read it."),
    ),
    "proposal.awarded": Notice(
        Topic.PROPOSALS, _("The panel awarded time to %(number)s. Read the decision.")
    ),
    "proposal.rejected": Notice(
        Topic.PROPOSALS, _("The panel turned %(number)s down. Read the decision and its reason.")
    ),
    "proposal.waitlisted": Notice(
        Topic.PROPOSALS,
        _("The panel put %(number)s on the waitlist. It may be awarded when time comes back."),
    ),
}
