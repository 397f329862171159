"""What people are told of reviews."""

from django.utils.translation import gettext_lazy as _

from consortium.models import Topic
from consortium.notices import Notice

REVIEWS = Topic.REVIEWS
NOTICES: dict[str, Notice] = {
    "review.invited": Notice(
        REVIEWS, _("You are invited to review %(number)s. The review is due %(due_at)s.")
    ),
    "review.declined": Notice(REVIEWS, _("A reviewer of %(number)s declined. Invite another.")),
    "review.extended": Notice(REVIEWS, _("Your review of %(number)s is now due %(due_at)s.")),
    "review.taken_back": Notice(
        REVIEWS, _("The invitation to review %(number)s was taken back. Nothing is left to do.")
    ),
    "review.reopened": Notice(REVIEWS, _("Your review of %(number)s was reopened: %(reason)s")),
    "review.due_soon": Notice(REVIEWS, _("Your review of %(number)s is due %(due_at)s.")),
    "review.due": Notice(
        REVIEWS, _("Your review of %(number)s was due %(due_at)s. Submit it, or ask for more time.")
    ),
    "review.escalated": Notice(
        REVIEWS,
        _(
            "The review of %(number)s by %(reviewer)s was due %(due_at)s and is not in. Extend it "
            "or invite somebody else."
        ),
    ),
    "proposal.found_infeasible": Notice(
        REVIEWS, _("No centre can run %(number)s. Turn it down, or ask the centres again.")
    ),
    "proposal.in_peer_review": Notice(
        Topic.PROPOSALS, _("The centres can run %(number)s. It is in peer review now.")
    ),
    "proposal.in_internal_review": Notice(
        Topic.PROPOSALS, _("The centres can run %(number)s. The R&D office reviews it now.")
    ),
    "proposal.ranked_unreviewed": Notice(
        Topic.PROPOSALS,
        _("The centres can run %(number)s. It goes to the panel without reviews."),
    ),
    "proposal.rebuttal_opened": Notice(
        Topic.PROPOSALS, _("Read the reviews of %(number)s and answer them before %(until_at)s.")
    ),
    "proposal.rebuttal_answered": Notice(
        REVIEWS,
        _(
            "The applicant answered your review of %(number)s. You may revise it before "
            "%(until_at)s."
        ),
    ),
    "tie.dispute_accepted": Notice(
        REVIEWS, _("The tie that you disputed was taken back. Read the answer.")
    ),
    "tie.dispute_refused": Notice(REVIEWS, _("The tie that you disputed stands. Read the answer.")),
    "waiver.asked": Notice(
        REVIEWS, _("A waiver for a reviewer of %(number)s waits for a second person.")
    ),
    "waiver.approved": Notice(REVIEWS, _("The waiver for a reviewer of %(number)s was approved.")),
    "waiver.refused": Notice(REVIEWS, _("The waiver for a reviewer of %(number)s was refused.")),
}
