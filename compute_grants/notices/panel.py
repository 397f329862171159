"""What people are told of the panel's acts."""

from django.utils.translation import gettext_lazy as _

from consortium.models import Topic
from consortium.notices import Notice

NOTICES: dict[str, Notice] = {
    "decision_set.proposed": Notice(
        Topic.PANEL, _("The decisions %(number)s wait for your signature.")
    ),
    "decision_set.reopened": Notice(
        Topic.PANEL,
        _("The decisions %(number)s were changed after you signed. Your signature was cleared."),
    ),
    "waitlist.offered": Notice(
        Topic.PANEL,
        _("Time came back. %(number)s proposes whoever comes next on the waitlist. Read it."),
    ),
    "acceptance.offered": Notice(
        Topic.PROPOSALS,
        _("The panel awarded time to %(number)s. Read the terms and accept them by %(due_on)s."),
    ),
    "acceptance.accepted": Notice(
        Topic.PANEL, _("The award of %(number)s was accepted. Its grants open.")
    ),
    "acceptance.declined": Notice(
        Topic.PANEL, _("The award of %(number)s was declined: %(reason)s Its time went back.")
    ),
    "acceptance.due_soon": Notice(
        Topic.PROPOSALS, _("Accept the award of %(number)s by %(due_on)s, or the time goes back.")
    ),
    "acceptance.lapsed": Notice(
        Topic.PROPOSALS,
        _("The award of %(number)s was not accepted by %(due_on)s. Its time went back."),
    ),
    "proposal.awarded": Notice(
        Topic.PROPOSALS, _("The panel awarded time to %(number)s. Read the decision.")
    ),
    "proposal.rejected": Notice(
        Topic.PROPOSALS, _("The panel turned %(number)s down. Read the decision and its reason.")
    ),
    "proposal.rejected_infeasible": Notice(
        Topic.PROPOSALS,
        _("No centre can run %(number)s, and it was turned down. Read the decision."),
    ),
    "proposal.waitlisted": Notice(
        Topic.PROPOSALS,
        _("The panel put %(number)s on the waitlist. It may be awarded when time comes back."),
    ),
}
