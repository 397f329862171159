"""What people are told of the award optimiser's runs."""

from django.utils.translation import gettext_lazy as _

from consortium.models import Topic
from consortium.notices import Notice

NOTICES: dict[str, Notice] = {
    "award_run.done": Notice(
        Topic.PANEL, _("Awards of call %(call)s are proposed (%(name)s). Read and compare them.")
    ),
    "award_run.failed": Notice(
        Topic.PANEL,
        _("Awards of call %(call)s could not be proposed (%(name)s). Open the run to see why."),
    ),
}
