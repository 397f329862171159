"""What people are told of plans of reviewers."""

from django.utils.translation import gettext_lazy as _

from consortium.models import Topic
from consortium.notices import Notice

NOTICES: dict[str, Notice] = {
    "plan.computed": Notice(
        Topic.REVIEWS, _("The plan of reviewers for %(call)s is computed. Read and apply it.")
    ),
    "plan.failed": Notice(
        Topic.REVIEWS,
        _("The plan of reviewers for %(call)s could not be computed. Ask for it again."),
    ),
}
