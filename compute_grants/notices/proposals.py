"""What people are told of proposals."""

from django.utils.translation import gettext_lazy as _

from consortium.models import Topic
from consortium.notices import Notice

NOTICES: dict[str, Notice] = {
    "proposal.returned": Notice(
        Topic.PROPOSALS,
        _("%(number)s was returned for correction. Read what is asked, and submit it again."),
    ),
    "proposal.to_judge": Notice(
        Topic.REVIEWS,
        _("%(number)s asks for time on your centre's machine. Judge whether it can run."),
    ),
    "proposal.withdrawn": Notice(
        Topic.REVIEWS, _("%(number)s was withdrawn by its lead. Your review is not needed.")
    ),
}
