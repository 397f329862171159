"""Names of the events of the award optimiser's runs."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

EVENTS: dict[str, str | Promise] = {
    "award_run.started": _("Proposal of awards started"),
    "award_run.stop_asked": _("Asked to stop the proposal of awards"),
    "award_run.stopped": _("Proposal of awards stopped"),
    "award_run.done": _("Awards proposed"),
    "award_run.failed": _("Proposal of awards failed"),
    "award_run.adopted": _("Proposed awards adopted as a draft"),
    "award_run.resumed": _("Proposal of awards taken up again"),
}
